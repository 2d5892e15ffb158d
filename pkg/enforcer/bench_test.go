package enforcer_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// BenchmarkHandleCompliant handles the event of a compliant key: on embedded KMS over its
// wire protocol (the server's own work is part of the figures), and with keys in memory
// (what the guardrail itself costs). The API default is on the key as KMS writes it, so the
// texts are the same; the console default in other spacing, so the policies are compared.
// "calls/op" is KMS calls per event.
func BenchmarkHandleCompliant(b *testing.B) {
	for name, y := range map[string]guardrail.Yardstick{"api": repair, "console": console} {
		d, err := y.Baseline(memoryKeyOf("plain"))
		if err != nil {
			b.Fatal(err)
		}
		text := d.Text()
		if y.Style == defaultpolicy.Console {
			text = strings.Join(strings.Fields(text), " ")
		}
		b.Run("embedded KMS/"+name, func(b *testing.B) {
			w := newWorld(b, y)
			w.create(b, &kms.CreateKeyInput{Policy: &text})
			event := w.lastEvent()
			w.cloud.ResetCalls()
			handleCompliant(b, awskms.New(w.cloud.Config(w.guardrail, virginia)), y, event)
			b.ReportMetric(float64(len(w.calls()))/float64(b.N), "calls/op")
		})
		b.Run("memory/"+name, func(b *testing.B) {
			keys := &memory{}
			k := memoryKeyOf("plain")
			keys.add(k, text)
			handleCompliant(b, keys, y, putEvent(k.ARN, text, newClock().now()))
			b.ReportMetric(float64(len(keys.calls))/float64(b.N), "calls/op")
		})
	}
}

func handleCompliant(b *testing.B, keys enforcer.Keys, y guardrail.Yardstick, event []byte) {
	b.Helper()
	log := slog.New(slog.NewJSONHandler(io.Discard, nil)) //nolint:sloglint // to make the line is part of the work
	e := enforcer.New(enforcer.Config{Keys: keys, Yardstick: y, Log: log, Now: newClock().now, Version: "bench"})
	b.ReportAllocs()
	for b.Loop() {
		if o, err := e.Handle(b.Context(), event); err != nil || o.Verdict != guardrail.Compliant {
			b.Fatalf("%+v, %v", summary(o), err)
		}
	}
}
