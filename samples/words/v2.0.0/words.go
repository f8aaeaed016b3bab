// Package words takes texts apart.
package words

import "strings"

// A Text is a text and its words.
type Text struct {
	words []string
}

// Parse takes a text apart.
func Parse(text string) Text {
	return Text{strings.Fields(text)}
}

// Len is the number of words.
func (t Text) Len() int {
	return len(t.words)
}

// Words returns the words in their order.
func (t Text) Words() []string {
	return append([]string(nil), t.words...)
}
