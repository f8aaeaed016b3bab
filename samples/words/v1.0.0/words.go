// Package words takes texts apart.
package words

import "strings"

// Split returns the words of a text.
func Split(text string) []string {
	return strings.Fields(text)
}
