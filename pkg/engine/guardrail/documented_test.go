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

// TestDocumentedPoliciesThatAreNoServicesOwn judges what AWS and vendors document for services
// without a bound (U), for other accounts (X) and for roles of the account (R), beside the
// account statement.
func TestDocumentedPoliciesThatAreNoServicesOwn(t *testing.T) {
	otherwise := map[string]struct {
		severity rules.Severity
		reason   string
	}{
		"bedrock-studio": {rules.High, "a service without a bound may revoke grants"},
	}
	text, err := os.ReadFile("../integration/testdata/documented-policies.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	judged := map[string]int{}
	for line := range bytes.Lines(text) {
		var page struct {
			Name, Kind string
			Statements []json.RawMessage
		}
		if err := json.Unmarshal(line, &page); err != nil {
			t.Fatal(err)
		}
		want, ok := map[string]rules.Severity{"U": rules.Medium, "X": rules.High, "R": rules.Info}[page.Kind]
		if !ok {
			continue
		}
		judged[page.Kind]++
		list := []string{accountStatement}
		for _, st := range page.Statements {
			list = append(list, strings.TrimSuffix(strings.TrimPrefix(string(st), "{"), "}"))
		}
		j := guardrail.Judge(guardrail.Snapshot{Key: symmetric, Policy: document(list...), Evidence: guardrail.LivePolicy}, rules.DefaultConfiguration(), now)
		if o, ok := otherwise[page.Name]; ok {
			want = o.severity
		}
		if j.Severity != want && (want != rules.Info || j.Verdict != guardrail.Compliant) {
			t.Errorf("%s %s: %s, want %s: %+v", page.Kind, page.Name, j.Severity, want, j.Findings)
		}
		for _, f := range j.Findings {
			if page.Kind == "U" && f.Severity == rules.Medium && !strings.Contains(f.Message, `add "Condition"`) {
				t.Errorf("%s: no condition to paste: %s", page.Name, f.Message)
			}
		}
	}
	if judged["U"] == 0 || judged["X"] == 0 || judged["R"] == 0 {
		t.Errorf("judged: %v", judged)
	}
}
