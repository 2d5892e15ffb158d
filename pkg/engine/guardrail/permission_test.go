package guardrail_test

import (
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func TestPermitNamesTheStatementsThatGiveTooMuch(t *testing.T) {
	partner := statement("Allow", `{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt")
	service := statement("Allow", `{"Service":"s3.amazonaws.com"}`, "kms:Decrypt")
	for _, row := range []struct {
		policy string
		until  time.Time
		want   []string // parts of the statements, in their order
		left   int
		err    string
		reason string
	}{
		{document(accountStatement, partner), time.Time{}, []string{"444455556666"}, 0, "", "one account has too much"},
		{document(accountStatement, partner, service), time.Time{}, []string{"444455556666", "s3.amazonaws.com"}, 0, "", "so has a service"},
		{document(accountStatement, partner), now.AddDate(0, 1, 0), []string{"444455556666"}, 0, "", "for a month"},
		{document(accountStatement, partner), now.AddDate(2, 0, 0), nil, 0, "for at most 365 days", "for two years"},
		{document(accountStatement, partner), now.AddDate(0, -1, 0), nil, 0, "would still be a finding", "a month ago"},
		{document(partner), time.Time{}, []string{"444455556666"}, 2, "", "that the account statement is missing stays"},
		{document(accountStatement), time.Time{}, nil, 0, guardrail.ErrNothingToPermit.Error(), "nobody has too much"},
		{"{", time.Time{}, nil, 0, "was not held against a baseline", "the policy cannot be read"},
	} {
		c := configured(func(b *rules.Baseline) { b.Style = defaultpolicy.API })
		s := guardrail.Snapshot{Key: symmetric, Policy: row.policy, Evidence: guardrail.LivePolicy}
		p, err := guardrail.Permit(s, guardrail.Judge(s, c, now), c, row.until, now)
		if row.err != "" {
			if err == nil || !strings.Contains(err.Error(), row.err) {
				t.Errorf("%v, want %q: %s", err, row.err, row.reason)
			}
			continue
		}
		if err != nil || len(p.Statements) != len(row.want) || len(p.Left) != row.left || p.Baseline != c.Baselines[0].Name {
			t.Errorf("%+v, %v: %s", p, err, row.reason)
			continue
		}
		for i, part := range row.want {
			if !strings.Contains(string(p.Statements[i]), part) {
				t.Errorf("%s, want %s: %s", p.Statements[i], part, row.reason)
			}
		}
		if len(c.Baselines[0].Permit) > 0 {
			t.Error("the configuration is changed")
		}
	}
}
