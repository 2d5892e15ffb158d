package policy_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func TestIsLikeMatchesTheWholeText(t *testing.T) {
	for _, row := range []struct {
		reason, pattern, text string
		want                  bool
	}{
		{"a text is like itself", "kms:Decrypt", "kms:Decrypt", true},
		{"case matters", "kms:decrypt", "kms:Decrypt", false},
		{"a beginning is not the whole", "kms:De", "kms:Decrypt", false},
		{"an end is not the whole", "Decrypt", "kms:Decrypt", false},
		{"the empty pattern", "", "", true},
		{"the empty pattern and a text", "", "a", false},
		{"a star is any text", "*", "kms:Decrypt", true},
		{"a star is no text, too", "a*b*", "ab", true},
		{"a star gives back what it took", "a*ab", "aaab", true},
		{"two stars", "*a*b", "xxaxxb", true},
		{"the last star gives back, not the first", "*ab*c", "abxabc", true},
		{"stars without a match", "*a*b", "xxaxx", false},
		{"a question mark is one character", "a?c", "abc", true},
		{"and not none", "a?c", "ac", false},
		{"and not two", "a?c", "abbc", false},
		{"a character of two bytes is one", "t?m", "tém", true},
		{"also behind a star", "*?m", "tém", true},
		{"and not two", "t??m", "tém", false},
		{"a question mark at the end needs a character", "te?", "te", false},
		{"no escape", `\*`, "*", false},
	} {
		if got := policy.IsLike(row.pattern, row.text); got != row.want {
			t.Errorf("%s: IsLike(%q, %q) is %v", row.reason, row.pattern, row.text, got)
		}
	}
}

// A pattern of stars, which a tag's owner chooses, must not make the answer take for ever.
func TestIsLikeOfAHostilePatternIsAnswered(t *testing.T) {
	pattern, text := strings.Repeat("*a", 5000)+"b", strings.Repeat("a", 10000)
	if policy.IsLike(pattern, text) {
		t.Error("a text without b is like a pattern that ends with b")
	}
}
