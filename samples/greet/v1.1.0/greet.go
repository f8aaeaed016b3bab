// Package greet says hello.
package greet

// Hello greets somebody by name.
func Hello(name string) string {
	return "Hello, " + name + "."
}

// FromRegion greets on behalf of a region, in its language where that is known.
func FromRegion(region, name string) string {
	switch region {
	case "tokyo":
		return "Konnichiwa, " + name + "."
	case "frankfurt":
		return "Guten Tag, " + name + "."
	default:
		return Hello(name)
	}
}
