package guardrail_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// BenchmarkJudge is the pure part of one event.
func BenchmarkJudge(b *testing.B) {
	for name, text := range map[string]string{"compliant": consoleDefault(symmetric), "public": document(accountStatement, statement("Allow", everyone, "kms:Decrypt"))} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy}, zero, now)
			}
		})
	}
}
