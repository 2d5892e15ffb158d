package policy

import (
	"strings"
	"unicode/utf8"
)

// IsLike tells whether a pattern, in which * stands for any characters and ? for one, matches
// the whole of a text. A character is a Unicode code point, and case matters. It takes at
// most len(pattern)*len(text) steps.
//
// Package access (but for the automata of its conditions), lint and guardrail share it.
// Package evaluation confirms what they find, so it has a reading of its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_String
func IsLike(pattern, text string) bool {
	p, t := 0, 0
	star, resume := -1, 0 // behind the last *, and where its match ends for now
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			p++
			star, resume = p, t
		case p < len(pattern) && pattern[p] == '?':
			_, width := utf8.DecodeRuneInString(text[t:])
			p, t = p+1, t+width
		case p < len(pattern) && pattern[p] == text[t]:
			p, t = p+1, t+1
		case star >= 0:
			resume++
			p, t = star, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
