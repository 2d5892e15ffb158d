package rules_test

import "testing"

// BenchmarkCheck is what a configuration costs the start of the function.
func BenchmarkCheck(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		zero.Check()
	}
}
