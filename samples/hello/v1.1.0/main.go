// Hello greets from every region. Each line of its box came out of another module.
package main

import (
	"fmt"

	frame "sample.proxycluster.dev/Frame"
	"sample.proxycluster.dev/greet"
	"sample.proxycluster.dev/legacy"
	"sample.proxycluster.dev/mathx"
	"sample.proxycluster.dev/words/v2"
)

func main() {
	var lines []string
	counts := []int{}
	for _, region := range []string{"tokyo", "frankfurt", "sanjose"} {
		text := words.Parse(greet.FromRegion(region, "gopher"))
		counts = append(counts, text.Len())
		lines = append(lines, text.Wrap(40)...)
	}
	lines = append(lines,
		fmt.Sprintf("%d words by way of %d regions", mathx.Sum(counts...), len(counts)),
		"and a package that is "+legacy.Age(2024))
	fmt.Print(frame.Around(lines))
}
