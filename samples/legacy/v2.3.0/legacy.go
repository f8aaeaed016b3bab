// Package legacy is from the time before go.mod, and has grown up since.
package legacy

import "fmt"

// Age says how old this is, counted from its first release in 2018.
func Age(year int) string {
	return fmt.Sprintf("%d years old", year-2018)
}
