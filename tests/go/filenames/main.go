// Filenames says of every code point what golang.org/x/mod makes of it in the name of a file in a module zip:
//
//	unicode 17.0.0     the tables it was compiled with
//	allowed 30 39      may stand there (hexadecimal, first and last of a range)
//	same 6b 4b         may stand there, and is the same letter as one before it
package main

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

type file string

func (f file) Path() string                 { return string(f) }
func (f file) Lstat() (os.FileInfo, error)  { return info{string(f)}, nil }
func (f file) Open() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("")), nil }

type info struct{ name string }

func (i info) Name() string       { return i.name }
func (i info) Size() int64        { return 0 }
func (i info) Mode() os.FileMode  { return 0o644 }
func (i info) ModTime() time.Time { return time.Time{} }
func (i info) IsDir() bool        { return false }
func (i info) Sys() interface{}   { return nil }

func main() {
	log.SetFlags(0)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	fmt.Fprintf(out, "unicode %s\n", unicode.Version)

	// 1. What may stand there.
	var files []zip.File
	first := rune(-1)
	for r := rune(0); r <= unicode.MaxRune+1; r++ {
		allowed := utf8.ValidRune(r) && module.CheckFilePath("x"+string(r)+"x") == nil
		if allowed && r != '/' {
			files = append(files, file("x"+string(r)+"x"))
		}
		if allowed && first < 0 {
			first = r
		} else if !allowed && first >= 0 {
			fmt.Fprintf(out, "allowed %x %x\n", first, r-1)
			first = -1
		}
	}

	// 2. Which of these cannot stand beside each other: the later one is refused and the earlier one named.
	checked, err := zip.CheckFiles(files)
	if len(checked.Valid)+len(checked.Invalid) != len(files) {
		log.Fatal(err)
	}
	for _, refused := range checked.Invalid {
		message := refused.Err.Error()
		quoted := message[strings.Index(message, "collision: ")+len("collision: "):]
		earlier, err := strconv.QuotedPrefix(quoted)
		if err != nil {
			log.Fatal(message)
		}
		earlier, _ = strconv.Unquote(earlier)
		fmt.Fprintf(out, "same %x %x\n", []rune(refused.Path)[1], []rune(earlier)[1])
	}
}
