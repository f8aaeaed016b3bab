package greet

import "testing"

func TestFromRegion(t *testing.T) {
	for region, want := range map[string]string{
		"tokyo": "Konnichiwa, Bartholomew.",
		"mars":  "Hello, Bartholomew.",
	} {
		if got := FromRegion(region, "Bartholomew"); got != want {
			t.Errorf("FromRegion(%q) = %q, want %q", region, got, want)
		}
	}
}
