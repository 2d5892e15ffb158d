package repair_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// TestNoClutterKeepsARepairAway puts each access that must go beside each kind of statement that
// may distract: the plan is written, and that access is gone.
func TestNoClutterKeepsARepairAway(t *testing.T) {
	own := `{"AWS":"` + worker + `"}`
	bases := map[string]string{
		"public":                 public,
		"public, all":            `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`,
		"public, caller chooses": allows(`"*"`, "kms:Decrypt", `"StringEquals":{"kms:EncryptionContext:a":"b"}`),
		"public, never decided":  allows(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:userid":"${aws:userid}"}`),
		"foreign":                foreign,
		"all but two, never decided": `{"Effect":"Allow","NotPrincipal":{"AWS":["arn:aws:iam::111122223333:role/a","arn:aws:iam::111122223333:role/b"]},` +
			`"Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:userid":"${aws:userid}"}}}`,
	}
	many := make([]string, 60)
	for i := range many {
		many[i] = allows(fmt.Sprintf(`{"AWS":"arn:aws:iam::111122223333:role/r%d"}`, i), "kms:Decrypt", fmt.Sprintf(`"StringLike":{"kms:EncryptionContext:k":"*%d?a*b*%d"}`, i, i))
	}
	clutter := map[string]string{
		"a bomb":                   allows(own, "kms:Encrypt", `"StringLike":{"kms:EncryptionContext:k":"*a????????????????"}`),
		"a decoy service":          `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":["kms:Decrypt","kms:GenerateDataKey*"],"Resource":"*"}`,
		"undecided":                allows(own, "kms:Decrypt", `"StringEquals":{"aws:userid":"${aws:userid}"}`),
		"Deny with NotPrincipal":   `{"Effect":"Deny","NotPrincipal":` + own + `,"Action":"kms:Encrypt","Resource":"*"}`,
		"many patterns":            strings.Join(many, ","),
		"a Deny by tag":            `{"Effect":"Deny","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringNotEquals":{"aws:PrincipalTag/team":"a"}}}`,
		"a Deny of labels":         `{"Effect":"Deny","Principal":"*","Action":"kms:ListResourceTags","Resource":"*"}`,
		"a documented integration": allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt", `"ArnLike":{"kms:EncryptionContext:aws:logs:arn":"arn:aws:logs:us-east-1:111122223333:*"}`),
	}
	strategies := map[string]*rules.Configuration{
		"trim": repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High }),
		"reset": repairing(func(c *rules.Configuration, _ *rules.Baseline) {
			c.Repair.From, c.Repair.Strategy = rules.High, rules.Reset
		}),
		"exact": repairing(func(c *rules.Configuration, b *rules.Baseline) {
			c.Repair.From, b.Match = rules.High, rules.ExactDefault
		}),
	}
	for base, bad := range bases {
		for kind, beside := range clutter {
			for strategy, c := range strategies {
				t.Run(base+"/"+kind+"/"+strategy, func(t *testing.T) {
					t.Parallel()
					d, err := decide(statements(root, beside, bad), c)
					if err != nil || d.Held {
						t.Fatalf("%v, held: %v %s", err, d.Held, describeHolds(d))
					}
					for _, f := range guardrail.Judge(snapshot(d.Plan.Document.Text()), c, today).Findings {
						if f.Code == guardrail.CodePublicAccess && f.Severity == rules.Critical || f.Code == guardrail.CodeForeignAccess {
							t.Errorf("still %s: %s\n%s", f.Severity, f.Message, d.Plan.Document.Text())
						}
					}
				})
			}
		}
	}
}
