// Package mathx holds the arithmetic that the other samples need.
package mathx

// Number is what can be compared and added.
type Number interface {
	~int | ~int64 | ~float64
}

// Max returns the largest of some numbers.
func Max[N Number](first N, rest ...N) N {
	for _, n := range rest {
		if n > first {
			first = n
		}
	}
	return first
}

// Sum adds numbers up.
func Sum[N Number](numbers ...N) N {
	var sum N
	for _, n := range numbers {
		sum += n
	}
	return sum
}
