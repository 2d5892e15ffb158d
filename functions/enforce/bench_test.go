package main

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
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

// BenchmarkBatchOfTen gives the built binary batches of ten messages, half of which
// need a repair. "MiB-peak" is the most memory that the process ever had.
func BenchmarkBatchOfTen(b *testing.B) {
	w := newWorld(b, lambdahost.Options{Timeout: time.Minute})
	process := w.start(b, w.consoleSettings()...)
	good := consoleDefault(b, defaultpolicy.KeyType{})
	for b.Loop() {
		b.StopTimer()
		var bodies [][]byte
		for i := range 10 {
			text := good
			if i%2 == 0 {
				text = public
			}
			_, event := w.create(&kms.CreateKeyInput{Policy: &text})
			bodies = append(bodies, event)
		}
		b.StartTimer()
		// The breaker lets twenty repairs an hour pass; beyond it the messages end as held.
		if answer, err := w.host.Invoke(b.Context(), sqs(b, bodies...)); err != nil || string(answer) != `{"batchItemFailures":[]}` {
			b.Fatal(string(answer), err)
		}
	}
	peak, err := process.PeakMemory()
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(peak)/(1<<20), "MiB-peak")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/1000/float64(10*b.N), "ms/message")
}
