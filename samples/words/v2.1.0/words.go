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

// Wrap joins the words to lines of at most width runes; a longer word has a line of its own.
func (t Text) Wrap(width int) []string {
	var lines []string
	var line []rune
	for _, word := range t.words {
		runes := []rune(word)
		if len(line) > 0 && len(line)+1+len(runes) > width {
			lines = append(lines, string(line))
			line = nil
		}
		if len(line) > 0 {
			line = append(line, ' ')
		}
		line = append(line, runes...)
	}
	if len(line) > 0 {
		lines = append(lines, string(line))
	}
	return lines
}
