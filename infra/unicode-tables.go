// Writes src/ProxyCluster.GoModules/Names/GoUnicode.Tables.cs: what the go that runs this takes for letters and for the
// same letter in another case. File names in module zips are judged by the tables that are compiled into go, so these are
// taken from go and not from .NET, whose Unicode is of another year. From the root of the repository, with the newest go:
//
//	go run infra/unicode-tables.go
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"runtime"
	"unicode"
	"unicode/utf8"
)

const output = "src/ProxyCluster.GoModules/Names/GoUnicode.Tables.cs"

// A run of code points at equal distances, and what is added to each to get the folded one.
type run struct{ first, last, step, add rune }

func main() {
	log.SetFlags(0)
	var letters, folds []run
	for r := rune(utf8.RuneSelf); r <= unicode.MaxRune; r++ {
		if unicode.IsLetter(r) {
			letters = extend(letters, run{r, r, 1, 0}, 1)
		}
		if add := fold(r) - r; add != 0 {
			folds = extend(folds, run{r, r, 1, add}, 2)
		}
	}

	var text bytes.Buffer
	fmt.Fprintf(&text, "// Written by infra/unicode-tables.go with %s, Unicode %s. Change that, not this.\n", runtime.Version(), unicode.Version)
	text.WriteString("namespace ProxyCluster.GoModules.Names;\n\ninternal static partial class GoUnicode\n{\n")
	text.WriteString("    // Letters above ASCII: first and last code point of each range. Ordered, without overlaps.\n")
	text.WriteString("    private static ReadOnlySpan<int> Letters =>\n    [")
	var items []string
	for _, l := range letters {
		items = append(items, fmt.Sprintf("%#x, %#x,", l.first, l.last))
	}
	lines(&text, items)
	text.WriteString("    ];\n\n")
	text.WriteString("    // Code points above ASCII that do not fold to themselves, as quadruples: first, last, step, and what is added to get\n")
	text.WriteString("    // the folded one. Ordered, without overlaps.\n")
	text.WriteString("    private static ReadOnlySpan<int> Folds =>\n    [")
	items = nil
	for _, f := range folds {
		items = append(items, fmt.Sprintf("%#x, %#x, %d, %d,", f.first, f.last, f.step, f.add))
	}
	lines(&text, items)
	text.WriteString("    ];\n}\n")
	if err := os.WriteFile(output, text.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// As golang.org/x/mod/zip folds: to the smallest code point of those that are one letter, A to Z to a to z.
func fold(r rune) rune {
	for {
		from := r
		if r = unicode.SimpleFold(from); r <= from {
			break
		}
	}
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// Lengthens the last run by the next one if it goes on in equal steps, which are no longer than maxStep.
func extend(runs []run, next run, maxStep rune) []run {
	if len(runs) > 0 {
		last := &runs[len(runs)-1]
		step := next.first - last.last
		if last.add == next.add && step <= maxStep && (last.first == last.last || step == last.step) {
			last.last, last.step = next.last, step
			return runs
		}
	}
	return append(runs, next)
}

func lines(text *bytes.Buffer, items []string) {
	width := 1000
	for _, item := range items {
		if width+1+len(item) > 118 {
			text.WriteString("\n       ")
			width = 7
		}
		text.WriteString(" " + item)
		width += 1 + len(item)
	}
	text.WriteString("\n")
}
