package repair_test

import (
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// KMS refuses the whole policy for one principal that it does not know. What is open must
// not stay open for that.
func TestExcessTakesAwayAndNamesNobodyNew(t *testing.T) {
	const nobody = "arn:aws:iam::111122223333:role/Nobody"
	c := repairing(func(_ *rules.Configuration, b *rules.Baseline) {
		b.Administrators, b.Users = rules.Principals{Required: []string{nobody}}, rules.Principals{}
	})
	everything := allows(`"*"`, "kms:*", "")
	named := allows(`{"AWS":"`+nobody+`"}`, "kms:*", "")
	for _, row := range []struct {
		name    string
		live    []string
		wants   string // is in the plan
		because string
	}{
		{"public beside the account", []string{root, allows(`"*"`, "kms:Decrypt", "")}, ":root", "the rest stays"},
		{"only public", []string{everything}, ":root", "KMS stores no policy that nobody can change"},
		{"who is named already", []string{root, named, allows(`"*"`, "kms:Decrypt", "")}, nobody, "KMS has taken that name before"},
	} {
		s := snapshot(statements(row.live...))
		j := guardrail.Judge(s, c, today)
		p, err := repair.Excess(s, j, writer)
		if err != nil {
			t.Errorf("%s: %v: %s", row.name, err, row.because)
			continue
		}
		text := p.Document.Text()
		if strings.Contains(text, `"Principal":"*"`) || !strings.Contains(text, row.wants) || len(repair.Unnamed(j.Live, p.Document)) > 0 {
			t.Errorf("%s: %s: %s", row.name, text, row.because)
		}
		s.Policy = text
		if j := guardrail.Judge(s, c, today); j.Severity == rules.Critical {
			t.Errorf("%s: it is still critical: %s", row.name, text)
		}
	}
	whole := guardrail.Judge(snapshot(statements(root, everything)), c, today)
	if names := repair.Unnamed(whole.Live, decide(t, statements(root, everything), c).Plan.Document); len(names) != 1 || names[0] != nobody {
		t.Errorf("the default adds %q", names)
	}
	s := snapshot(statements(root))
	s.Evidence = guardrail.EventPolicy
	if _, err := repair.Excess(s, whole, writer); err == nil {
		t.Error("the policy of an event is no live one")
	}
	if _, err := repair.Excess(snapshot(statements(root)), guardrail.Judgement{}, writer); err == nil {
		t.Error("what was not judged cannot be repaired")
	}
}
