package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// BenchmarkCompareDefaults parses and compares the API default and the console default.
func BenchmarkCompareDefaults(b *testing.B) {
	api := `{"Version":"2012-10-17","Statement":[` + apiDefault + `]}`
	console := `{"Version":"2012-10-17","Statement":[` + consoleDefault + `]}`
	b.ReportAllocs()
	for b.Loop() {
		x, _ := policy.Parse(api)
		y, _ := policy.Parse(console)
		if access.Compare(key, x, y).Verdict != access.Different {
			b.Fatal("not different")
		}
	}
}

func BenchmarkParseConsole(b *testing.B) {
	console := `{"Version":"2012-10-17","Statement":[` + consoleDefault + `]}`
	b.ReportAllocs()
	for b.Loop() {
		if _, err := policy.Parse(console); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompareIdentical(b *testing.B) {
	console := `{"Version":"2012-10-17","Statement":[` + consoleDefault + `]}`
	x, _ := policy.Parse(console)
	y, _ := policy.Parse(console)
	b.ReportAllocs()
	for b.Loop() {
		if access.Compare(key, x, y).Verdict != access.Equal {
			b.Fatal("not equal")
		}
	}
}
