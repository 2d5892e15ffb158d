package lint_test

import (
	"slices"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

// FuzzCheck looks for a policy that Check panics at, or reports out of place.
func FuzzCheck(f *testing.F) {
	for _, s := range corpus.Statements(f) {
		f.Add(policyOf(s.Text), key.ARN)
	}
	f.Add(`{"Statement":[{"Effect":"Deny","NotPrincipal":{"AWS":[]},"NotAction":[],"NotResource":[],"Condition":{"Null":{"":[]}}}]}`, "")
	f.Add(`{"Statement":{"\u0045ffect":"Allow","Principal":{"Service":"a.b","AWS":"*"},"Action":"kms:?*","Resource":"arn:*","Condition":{"ForAllValues:ArnLikeIfExists":{"aws:CalledVia":["${a}",":::::"]}}}}`, "arn")
	f.Fuzz(func(t *testing.T, text, arn string) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		k := policy.Key{ARN: arn, Partition: "aws", Account: "111122223333"}
		findings := lint.Check(k, d)
		for i, f := range findings {
			if f.Statement < 0 || f.Statement >= len(d.Statements) || f.Line < 1 || f.Column < 1 || f.Code == "" || f.Detail == "" {
				t.Fatalf("finding %+v of %s", f, text)
			}
			st := d.Statements[f.Statement]
			line, column := d.Position(st.Offset)
			if f.Line < line || f.Line == line && f.Column < column {
				t.Fatalf("finding %+v stands before its statement, at %d:%d of %s", f, line, column, text)
			}
			if i > 0 && findings[i-1].Statement > f.Statement {
				t.Fatalf("findings out of order: %+v", findings)
			}
		}
		if again := lint.Check(k, d); !slices.Equal(again, findings) {
			t.Fatalf("first %+v\nthen %+v", findings, again)
		}
	})
}
