// Hello greets the world and counts its own words.
package main

import (
	"fmt"

	"sample.proxycluster.dev/greet"
	"sample.proxycluster.dev/words/v2"
)

func main() {
	text := greet.FromRegion("tokyo", "world")
	fmt.Println(text)
	fmt.Println(words.Parse(text).Len(), "words")
}
