package access_test

import (
	"slices"
	"testing"
	"time"

	awspolicy "github.com/hashicorp/awspolicyequivalence"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
)

// textPairs are the API default beside the console default, and the console default
// beside itself, as texts.
var textPairs = []struct {
	name, baseline, actual string
	equal                  bool
}{
	{"pair=defaults", apiText, consoleText, false},
	{"pair=identical", consoleText, consoleText, true},
}

type textWay struct {
	name  string
	equal func(b *testing.B, baseline, actual string) bool
}

// textWays parse and compare two texts in two ways: Compare finds all differences with
// their witnesses; Equivalent answers what the library does.
var textWays = []textWay{
	{"by=compare", func(b *testing.B, baseline, actual string) bool {
		return access.Compare(key, parseText(b, baseline).Set, parseText(b, actual).Set).Verdict == access.Equal
	}},
	{"by=equivalent", func(b *testing.B, baseline, actual string) bool {
		return access.Equivalent(key, parseText(b, baseline).Set, parseText(b, actual).Set) == access.Equal
	}},
}

// byLibrary asks the library that Terraform's AWS provider uses. It answers less: it
// calls any two string principals equal.
func byLibrary(b *testing.B, baseline, actual string) bool {
	equal, err := awspolicy.PoliciesAreEquivalent(baseline, actual)
	if err != nil {
		b.Fatal(err)
	}
	return equal
}

// median sorts times and returns the one in the middle, in nanoseconds.
func median(times []time.Duration) float64 {
	slices.Sort(times)
	return float64(times[len(times)/2].Nanoseconds())
}

// BenchmarkCompareTexts takes each way, and the library, by itself. `benchstat -col /by`
// sets them side by side.
func BenchmarkCompareTexts(b *testing.B) {
	ways := append(slices.Clip(textWays), textWay{"by=awspolicyequivalence", byLibrary})
	for _, pair := range textPairs {
		for _, way := range ways {
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

// BenchmarkRatio takes each way and the library in turn, so that whatever else the
// machine does is shared, and reports both medians and which part of the library's time
// the way takes.
func BenchmarkRatio(b *testing.B) {
	for _, pair := range textPairs {
		for _, way := range textWays {
			b.Run(pair.name+"/"+way.name, func(b *testing.B) {
				var ours, theirs []time.Duration
				for b.Loop() {
					start := time.Now()
					answer := way.equal(b, pair.baseline, pair.actual)
					between := time.Now()
					other := byLibrary(b, pair.baseline, pair.actual)
					theirs = append(theirs, time.Since(between))
					ours = append(ours, between.Sub(start))
					if answer != pair.equal || other != pair.equal {
						b.Fatal("wrong answer")
					}
				}
				b.ReportMetric(0, "ns/op") // of both together, which says nothing
				b.ReportMetric(median(ours), "ns-ours")
				b.ReportMetric(median(theirs), "ns-awspolicyequivalence")
				b.ReportMetric(median(ours)/median(theirs), "x-of-awspolicyequivalence")
			})
		}
	}
}
