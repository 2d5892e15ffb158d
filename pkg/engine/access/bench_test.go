package access_test

import (
	"slices"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// The texts of the two defaults, as policies.
const (
	apiText     = `{"Version":"2012-10-17","Statement":[` + apiDefault + `]}`
	consoleText = `{"Version":"2012-10-17","Statement":[` + consoleDefault + `]}`
)

// BenchmarkParse reads the console default.
func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	b.SetBytes(int64(len(consoleText)))
	for b.Loop() {
		parseText(b, consoleText)
	}
}

// BenchmarkCompareParsed compares documents that are parsed already: the two defaults, the
// console default with itself as the same text and as another, and with its statements in
// another order.
func BenchmarkCompareParsed(b *testing.B) {
	api, console := parseText(b, apiText), parseText(b, consoleText)
	statement := `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:Decrypt","kms:Encrypt"],"Resource":"*"}`
	for _, bench := range []struct {
		name             string
		baseline, actual *policy.Document
		want             access.Verdict
	}{
		{"defaults", api, console, access.Different},
		{"same-text", console, parseText(b, consoleText), access.Equal},
		{"same-statements", console, parseText(b, consoleText+"\n"), access.Equal},
		{"other-order", document(b, consoleDefault, statement), document(b, statement, consoleDefault), access.Equal},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if access.Compare(key, bench.baseline.Set, bench.actual.Set).Verdict != bench.want {
					b.Fatal("the verdict is not " + bench.want)
				}
			}
		})
	}
}

// BenchmarkCompareCorpus compares every policy of the corpus with every other, parsed
// before. The figures are of one comparison; ns/op, B/op and allocs/op are of all of them.
func BenchmarkCompareCorpus(b *testing.B) {
	list := corpusPolicies(b)
	b.Run("by=compare", func(b *testing.B) {
		eachPair(b, list, func(baseline, actual *policy.Document) { access.Compare(key, baseline.Set, actual.Set) })
	})
	b.Run("by=equivalent", func(b *testing.B) {
		eachPair(b, list, func(baseline, actual *policy.Document) { access.Equivalent(key, baseline.Set, actual.Set) })
	})
}

func eachPair(b *testing.B, list []named, compare func(baseline, actual *policy.Document)) {
	times := make([]time.Duration, 0, len(list)*len(list))
	b.ReportAllocs()
	for b.Loop() {
		times = times[:0]
		for i := range list {
			for j := range list {
				started := time.Now()
				compare(list[i].doc, list[j].doc)
				times = append(times, time.Since(started))
			}
		}
	}
	slices.Sort(times)
	b.ReportMetric(float64(len(times)), "pairs")
	microseconds := func(at int) float64 { return float64(times[at].Nanoseconds()) / 1000 }
	b.ReportMetric(microseconds(len(times)/2), "µs-p50")
	b.ReportMetric(microseconds(len(times)*95/100), "µs-p95")
	b.ReportMetric(microseconds(len(times)-1), "µs-max")
}
