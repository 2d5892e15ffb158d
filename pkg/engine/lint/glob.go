package lint

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

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
		if !policy.IsLike(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}
