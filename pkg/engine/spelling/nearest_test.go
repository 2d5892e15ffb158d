package spelling_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

func TestNearest(t *testing.T) {
	names := []string{"permit", "permitted", "required", "api", "console"}
	tests := []struct{ text, want, because string }{
		{"permited", "permitted", "one letter is missing; permit is two away"},
		{"reqiured", "required", "two swapped letters are two changes"},
		{"Console", "console", "case is ignored"},
		{"API", "api", "case is ignored in short names, too"},
		{"apo", "", "a third of a short name is too much to guess"},
		{"principals", "", "nothing is near"},
		{"", "", "nothing was written"},
		{"requirements", "", "more than two letters differ"},
	}
	for _, test := range tests {
		if got := spelling.Nearest(test.text, names); got != test.want {
			t.Errorf("%q: got %q, want %q, because %s", test.text, got, test.want, test.because)
		}
	}
}
