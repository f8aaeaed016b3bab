// Package greet says hello.
package greet

var formats = map[string]string{
	"tokyo":     "Konnichiwa, ",
	"frankfurt": "Guten Tag, ",
	"sanjose":   "Hi there, ",
}

// Hello greets somebody by name.
func Hello(name string) string {
	return "Hello, " + name + "."
}

// FromRegion greets on behalf of a region, in its language where that is known.
func FromRegion(region, name string) string {
	if start, ok := formats[region]; ok {
		return start + name + "."
	}
	return Hello(name)
}
