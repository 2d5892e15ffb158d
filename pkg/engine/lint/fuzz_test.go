package lint_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
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
	f.Add(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logs.eu-west-1.amazonaws.com"},"Action":["s3:x","kms:Sign"],"Resource":"arn:aws:kms:eu-west-1:1:alias/a","Condition":{"StringEquals":{"kms:ViaService":"s3","aws:SourceArn":["arn:aws:s3:*","é"],"aws:SourceOrgPaths":"${x, y}"}}}]}`, key.ARN)
	for _, p := range corpus.Documented(f) {
		f.Add(p.Text(), key.ARN)
	}
	f.Fuzz(func(t *testing.T, text, arn string) {
		d, err := policy.Parse(text)
		if err != nil {
			return
		}
		k := policy.Key{ARN: arn, Partition: "aws", Account: "111122223333"}
		keyType := catalog.KeyType{Spec: "HMAC_256", Usage: "GENERATE_VERIFY_MAC", Origin: "AWS_KMS", MultiRegion: "none"}
		findings := lint.CheckType(k, keyType, d)
		for i, f := range findings {
			if f.Statement < 0 || f.Statement >= len(d.Statements) || f.Line < 1 || f.Column < 1 || f.Code.Explain() == "" || f.Detail == "" || f.Severity == "" {
				t.Fatalf("finding %+v of %s", f, text)
			}
			if bad := strings.IndexFunc(f.Detail, func(r rune) bool { return (r < ' ' || r > '~') && r != '…' }); bad >= 0 {
				t.Fatalf("detail %q of %q is not fit for one line of a terminal", f.Detail, text)
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
		if again := lint.CheckType(k, keyType, d); !slices.Equal(again, findings) {
			t.Fatalf("first %+v\nthen %+v", findings, again)
		}
	})
}
