// Package mathx holds the arithmetic that the other samples need.
package mathx

// Max returns the larger of two numbers.
func Max(a, b int) int {
	if a > b {
		return a
	}
	return b
}
