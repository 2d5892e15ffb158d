package access_test

import (
	"testing"
	"time"

	awspolicy "github.com/hashicorp/awspolicyequivalence"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
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

// textWays parse and compare two texts in two ways: Compare finds all differences with
// their witnesses; EquivalentTexts answers what the library does.
var textWays = []struct {
	name  string
	equal func(b *testing.B, baseline, actual string) bool
}{
	{"by=compare", func(b *testing.B, baseline, actual string) bool {
		return access.Compare(key, parseText(b, baseline), parseText(b, actual)).Verdict == access.Equal
	}},
	{"by=equivalent", func(b *testing.B, baseline, actual string) bool {
		verdict, err := access.EquivalentTexts(key, baseline, actual)
		if err != nil {
			b.Fatal(err)
		}
		return verdict == access.Equal
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

// BenchmarkCompareTexts takes each way, and the library, by itself. `benchstat -col /by`
// sets them side by side.
func BenchmarkCompareTexts(b *testing.B) {
	ways := append(textWays[:len(textWays):len(textWays)], textWays[0])
	ways[len(textWays)].name, ways[len(textWays)].equal = "by=awspolicyequivalence", byLibrary
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
// machine does is shared, and reports which part of the library's time the way takes.
// ns/op is that of the way.
func BenchmarkRatio(b *testing.B) {
	for _, pair := range textPairs {
		for _, way := range textWays {
			b.Run(pair.name+"/"+way.name, func(b *testing.B) {
				var ours, theirs time.Duration
				for b.Loop() {
					start := time.Now()
					answer := way.equal(b, pair.baseline, pair.actual)
					between := time.Now()
					other := byLibrary(b, pair.baseline, pair.actual)
					theirs += time.Since(between)
					ours += between.Sub(start)
					if answer != pair.equal || other != pair.equal {
						b.Fatal("wrong answer")
					}
				}
				b.ReportMetric(float64(ours.Nanoseconds())/float64(b.N), "ns/op")
				b.ReportMetric(ours.Seconds()/theirs.Seconds(), "x-of-awspolicyequivalence")
			})
		}
	}
}
