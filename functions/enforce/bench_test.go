package main

import (
	"slices"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/localaws/lambdahost"
)

// BenchmarkColdStart starts the built binary again and again. "ms-p50" is the median from
// the process's start to its first call of the Lambda Runtime API, which is when Lambda
// counts the function as initialised; ns/op also has the end of the process in it.
func BenchmarkColdStart(b *testing.B) {
	w := newWorld(b, lambdahost.Options{})
	bootstrap(b)
	var times []time.Duration
	for b.Loop() {
		process := w.start(b, w.consoleSettings()...)
		took, err := process.FirstCall(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		times = append(times, took)
		process.Kill()
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)/2].Microseconds())/1000, "ms-p50")
}
