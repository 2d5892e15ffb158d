package lint

import "strings"

// glob tells whether a pattern, in which * stands for any text and ? for one character,
// matches the whole of a text. It takes at most len(pattern)*len(text) steps.
func glob(pattern, text string) bool {
	anchor, resume := -1, 0 // behind the last *, and where its match ends for now
	p := 0
	for t := 0; t < len(text); {
		if p < len(pattern) && pattern[p] == '*' {
			p++
			anchor, resume = p, t
			continue
		}
		if p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]) {
			p, t = p+1, t+1
			continue
		}
		if anchor < 0 {
			return false
		}
		resume++
		p, t = anchor, resume
	}
	return strings.TrimLeft(pattern[p:], "*") == ""
}

func isPattern(text string) bool { return strings.ContainsAny(text, "*?") }

// globARN matches an ARN as the Arn operators do: part by part, the last with all colons
// that follow. What has not six parts matches nothing.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func globARN(pattern, text string) bool {
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(text, ":", 6)
	if len(patterns) != 6 || len(parts) != 6 {
		return false
	}
	for i := range patterns {
		if !glob(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}
