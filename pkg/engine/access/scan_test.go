package access_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// scanned are the operators of the grammar with a value, a key that AWS documents to have
// values of that type, and one that AWS does not document.
var scanned = []struct{ operator, value, documented string }{
	{"StringEquals", "a", "kms:ViaService"}, {"StringNotEquals", "a", "kms:ViaService"},
	{"StringEqualsIgnoreCase", "a", "kms:ViaService"}, {"StringNotEqualsIgnoreCase", "a", "kms:ViaService"},
	{"StringLike", "a*", "kms:ViaService"}, {"StringNotLike", "a*", "kms:ViaService"},
	{"NumericEquals", "1", "kms:RotationPeriodInDays"}, {"NumericNotEquals", "1", "kms:RotationPeriodInDays"},
	{"NumericLessThan", "1", "kms:RotationPeriodInDays"}, {"NumericLessThanEquals", "1", "kms:RotationPeriodInDays"},
	{"NumericGreaterThan", "1", "kms:RotationPeriodInDays"}, {"NumericGreaterThanEquals", "1", "kms:RotationPeriodInDays"},
	{"DateEquals", "2026-01-01", "kms:ValidTo"}, {"DateNotEquals", "2026-01-01", "kms:ValidTo"},
	{"DateLessThan", "2026-01-01", "kms:ValidTo"}, {"DateLessThanEquals", "2026-01-01", "kms:ValidTo"},
	{"DateGreaterThan", "2026-01-01", "kms:ValidTo"}, {"DateGreaterThanEquals", "2026-01-01", "kms:ValidTo"},
	{"Bool", "true", "aws:MultiFactorAuthPresent"}, {"Bool", "false", "kms:GrantIsForAWSResource"},
	{"BinaryEquals", "QUJD", "aws:SourceVpc"},
	{"IpAddress", "192.0.2.0/24", "aws:SourceIp"}, {"NotIpAddress", "192.0.2.0/24", "aws:SourceIp"},
	{"ArnEquals", "arn:aws:s3:::a", "aws:SourceVpcArn"}, {"ArnNotEquals", "arn:aws:s3:::a", "aws:SourceVpcArn"},
	{"ArnLike", "arn:aws:s3:::a*", "aws:SourceVpcArn"}, {"ArnNotLike", "arn:aws:s3:::a*", "aws:SourceVpcArn"},
	{"ArnLike", "*", "aws:SourceVpcArn"}, {"ArnNotLike", "*", "aws:SourceVpcArn"},
	{"ArnLike", "arn:aws:s3::a", "aws:SourceVpcArn"}, {"ArnNotLike", "arn:aws:s3::a", "aws:SourceVpcArn"},
	{"Null", "true", "kms:ViaService"}, {"Null", "false", "kms:ViaService"},
}

// TestWhatTheComparisonLeavesOpen tries each operator, plain and IfExists, with each set
// operator, on a key of its type, an unknown one and one with several values, in a public
// Allow and in a Deny beside it. What stays undecided is listed with its reason, and there
// no request may be that the evaluator is sure to be treated differently.
func TestWhatTheComparisonLeavesOpen(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	pairs, left := 0, 0
	for _, row := range scanned {
		for _, set := range []string{"", "ForAllValues:", "ForAnyValue:"} {
			for _, suffix := range []string{"", "IfExists"} {
				if suffix != "" && row.operator == "Null" {
					continue
				}
				for _, key := range []string{row.documented, "my:key", "aws:TagKeys"} {
					condition := fmt.Sprintf(`"%s%s%s":{"%s":"%s"}`, set, row.operator, suffix, key, row.value)
					for _, pair := range []struct {
						name             string
						baseline, actual []string
					}{
						{"Allow", []string{root}, []string{root, on(condition)}},
						{"Deny", []string{root, on("")}, []string{root, on(""), deny("*", condition)}},
						{"Allow beside Deny", []string{root}, []string{root, on(""), deny("*", condition)}},
					} {
						pairs++
						baseline, actual := document(t, pair.baseline...), document(t, pair.actual...)
						c := compare(baseline, actual)
						if c.result.Verdict != access.Undecided {
							continue
						}
						left++
						fmt.Fprintf(&text, "%s %s\n  %s\n", pair.name, condition, reasons(c.result))
						checkNothingIsSure(t, baseline, actual)
					}
				}
			}
		}
	}
	checkGolden(t, "left-open.golden", fmt.Sprintf("%d of %d pairs are inconclusive.\n\n%s", left, pairs, text.String()))
}

// checkNothingIsSure fails where the evaluator is sure that a request differs.
func checkNothingIsSure(t *testing.T, baseline, actual *policy.Document) {
	t.Helper()
	requests := newSampler(baseline, actual).requests(300, baseline, actual)
	before, after := decide(baseline, requests), decide(actual, requests)
	for i, r := range requests {
		if before.allows[i] && after.refuses[i] || before.refuses[i] && after.allows[i] {
			t.Errorf("left open, and the evaluator decides %s\n%s\n%s", show(r), baseline.Text(), actual.Text())
			return
		}
	}
}
