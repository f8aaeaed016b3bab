// Package greet says hello.
package greet

// Hello greets somebody by name.
func Hello(name string) string {
	return "Hello, " + name + "."
}
