// Package frame draws a box around lines of text.
package frame

import (
	"strings"
	"unicode/utf8"

	"sample.proxycluster.dev/mathx"
)

// Around returns the lines inside a box.
func Around(lines []string) string {
	widths := make([]int, len(lines))
	for i, line := range lines {
		widths[i] = utf8.RuneCountInString(line)
	}
	width := mathx.Max(0, widths...)
	edge := "+" + strings.Repeat("-", width+2) + "+\n"
	var out strings.Builder
	out.WriteString(edge)
	for i, line := range lines {
		out.WriteString("| " + line + strings.Repeat(" ", width-widths[i]) + " |\n")
	}
	out.WriteString(edge)
	return out.String()
}
