package recognition_test

import (
	"fmt"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// BenchmarkIdentify measures what callers meet: the text that AWS wrote, the same
// allowed in other words, a policy that is no default, and a hostile one.
func BenchmarkIdentify(b *testing.B) {
	whole := consoleDefault(b, symmetric, nil)
	principals := ""
	for i := range recognition.MaxPrincipals {
		principals += fmt.Sprintf(`"%012d",`, i)
	}
	for _, bench := range []struct {
		name   string
		policy *policy.Document
	}{
		{"AsAWSWroteIt", whole},
		{"Respelled", documentOf(b, splitStatements(statementsOf(b, whole)))},
		{"Drifted", changed(b, whole, `"kms:Decrypt", `, ``)},
		{"Public", changed(b, whole, `"Principal" : {
      "AWS" : "arn:aws:iam::111122223333:root"
    }`, `"Principal" : "*"`)},
		{"ManyPrincipals", parse(b, `{"Statement":{"Effect":"Allow","Principal":{"AWS":[`+principals+`"*"]},"Action":"kms:*","Resource":"*"}}`)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			for b.Loop() {
				if _, err := recognition.Identify(key, symmetric, bench.policy.Set, recognition.Options{}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

var symmetric = defaultpolicy.KeyType{}.WithDefaults()
