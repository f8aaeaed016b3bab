// Hello greets the world.
package main

import (
	"fmt"

	"sample.proxycluster.dev/greet"
)

func main() {
	fmt.Println(greet.Hello("world"))
}
