package guardrail_test

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestDocumentedServicePoliciesWithoutAFile judges what AWS documents for services (S), for
// service-linked roles (L) and for principals through a service (V) by the zero configuration.
func TestDocumentedServicePoliciesWithoutAFile(t *testing.T) {
	notCompliant := map[string]string{
		"backup-slr-xacct":     "the role belongs to another account",
		"route53-dnssec-bound": "AWS prints its grant statement without a bound",
	}
	text, err := os.ReadFile("../integration/testdata/documented-policies.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	judged := 0
	for line := range bytes.Lines(text) {
		var page struct {
			Name, Kind string
			Statements []json.RawMessage
		}
		if err := json.Unmarshal(line, &page); err != nil {
			t.Fatal(err)
		}
		if page.Kind != "S" && page.Kind != "L" && page.Kind != "V" {
			continue
		}
		judged++
		list := []string{accountStatement}
		for _, st := range page.Statements {
			list = append(list, strings.TrimSuffix(strings.TrimPrefix(string(st), "{"), "}"))
		}
		want := guardrail.Compliant
		if notCompliant[page.Name] != "" {
			want = guardrail.NonCompliant
		}
		s := guardrail.Snapshot{Key: symmetric, Policy: document(list...), Evidence: guardrail.LivePolicy}
		if j := guardrail.Judge(s, rules.DefaultConfiguration(), now); j.Verdict != want {
			t.Errorf("%s: %s, want %s %s: %+v", page.Name, j.Verdict, want, notCompliant[page.Name], j.Findings)
		}
	}
	if judged != 17 {
		t.Errorf("%d policies judged, want 17", judged)
	}
}
