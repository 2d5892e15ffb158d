package access_test

import (
	"testing"

	awspolicy "github.com/hashicorp/awspolicyequivalence"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
)

// BenchmarkCompareTexts parses and compares two texts: the API default and the console
// default, and the console default with itself. It does so in three ways: Compare, which
// finds all differences with their witnesses; Equivalent, which answers what the library
// below does; and that library, which Terraform's AWS provider uses and which answers less
// (it calls any two string principals equal). `benchstat -col /by` sets them side by side.
func BenchmarkCompareTexts(b *testing.B) {
	for _, pair := range []struct {
		name, baseline, actual string
		equal                  bool
	}{
		{"pair=defaults", apiText, consoleText, false},
		{"pair=identical", consoleText, consoleText, true},
	} {
		for _, way := range []struct {
			name  string
			equal func(b *testing.B, baseline, actual string) bool
		}{
			{"by=compare", func(b *testing.B, baseline, actual string) bool {
				return access.Compare(key, parseText(b, baseline), parseText(b, actual)).Verdict == access.Equal
			}},
			{"by=equivalent", func(b *testing.B, baseline, actual string) bool {
				return access.Equivalent(key, parseText(b, baseline), parseText(b, actual)) == access.Equal
			}},
			{"by=awspolicyequivalence", func(b *testing.B, baseline, actual string) bool {
				equal, err := awspolicy.PoliciesAreEquivalent(baseline, actual)
				if err != nil {
					b.Fatal(err)
				}
				return equal
			}},
		} {
			b.Run(pair.name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if way.equal(b, pair.baseline, pair.actual) != pair.equal {
						b.Fatal("wrong answer")
					}
				}
			})
		}
	}
}
