package guardrail_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMessagesOfFindings shows what people are told of each row of the table of judgements.
func TestMessagesOfFindings(t *testing.T) {
	const golden = "testdata/messages.txt"
	var b strings.Builder
	for i, row := range judgements {
		fmt.Fprintf(&b, "%s\n", row.name)
		for _, f := range judged()[i].Findings {
			fmt.Fprintf(&b, "  %-8s %-24s %s\n", f.Severity, f.Code, f.Message)
		}
	}
	if *update {
		if err := os.WriteFile(golden, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), b.String()); diff != "" {
		t.Errorf("-want +got (go test -update):\n%s", diff)
	}
}
