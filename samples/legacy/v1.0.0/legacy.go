// Package legacy is from the time before go.mod.
package legacy

// Age says how old this is.
func Age() string {
	return "old"
}
