package repair_test

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"pgregory.net/rapid"
)

// configurations are baselines of every kind.
func configurations() map[string]*rules.Configuration {
	keyAdmin, app := "arn:aws:iam::111122223333:role/KeyAdmin", "arn:aws:iam::111122223333:role/App"
	strict := func(b *rules.Baseline) {
		b.Administrators = rules.Principals{Required: []string{keyAdmin}}
		b.Users = rules.Principals{Required: []string{app}, Permitted: []string{"444455556666"}}
	}
	return map[string]*rules.Configuration{
		"without a file":         repairing(nil),
		"from high":              repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.From = rules.High }),
		"strict API default":     onlyAccount(nil),
		"usual, from medium":     usual(rules.Medium),
		"account, from critical": onlyAccountFrom(rules.Critical),
		"central administrators": repairing(func(_ *rules.Configuration, b *rules.Baseline) {
			strict(b)
			b.AdministratorsMayDelete = false
			b.Integrations = []string{"cloudwatch-logs", "cloudtrail", "services-in-account"}
		}),
		"exactly": repairing(func(_ *rules.Configuration, b *rules.Baseline) {
			strict(b)
			b.Match = rules.ExactDefault
		}),
		"reset": repairing(func(c *rules.Configuration, b *rules.Baseline) {
			strict(b)
			c.Repair.Strategy = rules.Reset
		}),
		"statements": repairing(func(_ *rules.Configuration, b *rules.Baseline) {
			b.GuardrailAccess = "arn:${Partition}:iam::${AccountId}:role/kms-guardrail"
			b.Permit = []rules.Template{`{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-a1b2c3d4e5"}}}`}
			b.Require = []rules.Template{`{"Sid":"no deletion","Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`}
			b.HardeningDenies = rules.ReportDenies
		}),
	}
}

// Every statement of the corpus, in turn alone, beside the account statement and beside the
// console default (REPAIR_PROOF=full: in all three), under a baseline of every kind: what is
// planned judges clean from repair.from on, needs no further repair, loses and opens nothing,
// names nobody new, and needs each of its edits.
func TestARepairedPolicyJudgesCleanAndIsRepairedOnce(t *testing.T) {
	console, err := defaultpolicy.Generate(symmetric.Type, defaultpolicy.Options{
		Style: defaultpolicy.Console, Partition: "aws", Account: account,
		Administrators: []string{"arn:aws:iam::111122223333:role/KeyAdmin"}, Users: []string{"arn:aws:iam::111122223333:role/App"},
	})
	if err != nil {
		t.Fatal(err)
	}
	defaults := []string{}
	for _, st := range console.Statements {
		defaults = append(defaults, console.Text()[st.Offset:st.End])
	}
	refused := map[repair.Reason]int{}
	planned, sizes := 0, []int{}
	full := os.Getenv("REPAIR_PROOF") == "full"
	for name, c := range configurations() {
		for i, st := range corpusStatements(t) {
			for j, list := range [][]string{{st}, {root, st}, slices.Concat(defaults, []string{st})} {
				if !full && (i+len(name)+j)%6 != 0 {
					continue
				}
				live := statements(list...)
				d, err := decide(live, c)
				var refusal *repair.Refusal
				if errors.As(err, &refusal) {
					refused[refusal.Reason]++
					continue
				}
				planned++
				sizes = append(sizes, len(d.Plan.Document.Statements)-len(list)-countAdded(d.Plan))
				checkDecision(t, live, c, d)
			}
		}
	}
	slices.Sort(sizes)
	t.Logf("proof: %d plans judge clean and are planned once; refused: %v; statements more than before, but for what the floor adds: median %d, most %d",
		planned, refused, sizes[len(sizes)/2], sizes[len(sizes)-1])
	if planned < 150 {
		t.Errorf("only %d plans were made", planned)
	}
}

// setFlag sets a flag of the test binary until the test ends.
func setFlag(t *testing.T, name, value string) {
	t.Helper()
	before := flag.Lookup(name).Value.String()
	if err := flag.Set(name, value); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flag.Set(name, before) })
}

// What random statements are made of.
var (
	somePrincipals = []string{
		`"*"`, `{"AWS":"111122223333"}`, `{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::111122223333:user/eve"]}`,
		`{"AWS":["arn:aws:iam::111122223333:role/Worker","arn:aws:iam::444455556666:root","AIDAQ3EGRUZL2Z5FEXAMPLE"]}`,
		`{"AWS":["*"],"Service":["logs.us-east-1.amazonaws.com","cloudtrail.amazonaws.com"]}`,
		`{"AWS":"arn:aws:iam::444455556666:role/Worker","Federated":"accounts.google.com"}`,
		`{"AWS":"arn:aws:sts::111122223333:assumed-role/Worker/jane"}`, `{"Service":"cloudtrail.amazonaws.com"}`, `{"AWS":"AROAQ3EGRUZL2Z5FEXAMPLE"}`,
	}
	someActions = []string{
		`"Action":"kms:*"`, `"Action":["kms:Decrypt","kms:PutKeyPolicy"]`, `"Action":["kms:Encrypt","kms:De*","kms:CreateGrant"]`,
		`"NotAction":["kms:Decrypt","kms:Put*"]`, `"Action":["kms:GenerateDataKey*","kms:Describe*","kms:Sign"]`, `"Action":"kms:CallerAccount"`,
	}
	someConditions = []string{
		``, ``, `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/*"}}`, `,"Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/*"}}`,
		`,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-1","o-2"]}}`, `,"Condition":{"StringEquals":{"aws:PrincipalOrgID":["o-2","o-3"]}}`,
		`,"Condition":{"StringNotEquals":{"kms:CallerAccount":"111122223333"}}`, `,"Condition":{"Bool":{"kms:GrantIsForAWSResource":true}}`,
		`,"Condition":{"StringLike":{"kms:ViaService":"s3.*.amazonaws.com"}}`, `,"Condition":{"StringLike":{"kms:ViaService":"*.us-east-1.amazonaws.com"}}`,
		`,"Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":["a","b"]}}`, `,"Condition":{"ForAnyValue:StringEquals":{"kms:EncryptionContextKeys":"b"}}`,
		`,"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"300"}}`, `,"Condition":{"NumericLessThan":{"aws:MultiFactorAuthAge":"600"}}`,
		`,"Condition":{"Null":{"aws:SourceArn":"true"}}`, `,"Condition":{"Null":{"aws:SourceArn":"false"}}`,
		`,"Condition":{"StringEquals":{"aws:userid":"${aws:userid}"}}`,
	}
)

func randomStatement(t *rapid.T, corpus []string, denies int) string {
	if rapid.Bool().Draw(t, "from corpus") {
		return rapid.SampledFrom(corpus).Draw(t, "statement")
	}
	effect := "Allow"
	if rapid.IntRange(0, 9).Draw(t, "effect") < denies {
		effect = "Deny"
	}
	return fmt.Sprintf(`{"Sid":%q,"Effect":%q,"Principal":%s,%s,"Resource":"*"%s}`, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "sid"), effect,
		rapid.SampledFrom(somePrincipals).Draw(t, "principal"), rapid.SampledFrom(someActions).Draw(t, "action"), rapid.SampledFrom(someConditions).Draw(t, "condition"))
}

// Random policies under random ceilings: a decision keeps what it promises, and is the same
// the second time. The policies are the same every time; RANDOM_SEED=1 draws new ones, as
// `make fuzz` does.
func TestADecisionKeepsWhatItPromises(t *testing.T) {
	if os.Getenv("RANDOM_SEED") == "" {
		setFlag(t, "rapid.seed", "20261123")
		setFlag(t, "rapid.checks", "40")
	}
	corpus := corpusStatements(t)
	outcomes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		list := []string{accountStatement}
		if rapid.IntRange(0, 4).Draw(rt, "no account") == 0 {
			list = nil
		}
		for range rapid.IntRange(1, 3).Draw(rt, "statements") {
			list = append(list, randomStatement(rt, corpus, 3))
		}
		c := usual(rapid.SampledFrom([]rules.Severity{rules.Low, rules.Medium, rules.High, rules.Critical}).Draw(rt, "from"))
		if rapid.Bool().Draw(rt, "random ceiling") {
			c.Baselines[0].Permit = nil
			for range rapid.IntRange(1, 3).Draw(rt, "more") {
				c.Baselines[0].Permit = append(c.Baselines[0].Permit, rules.Template(randomStatement(rt, corpus, 0)))
			}
		}
		live := statements(list...)
		d, err := decide(live, c)
		again, errAgain := decide(live, c)
		var refusal *repair.Refusal
		switch {
		case fmt.Sprint(err) != fmt.Sprint(errAgain):
			rt.Fatalf("not deterministic: %v, %v", err, errAgain)
		case errors.As(err, &refusal):
			outcomes[string(refusal.Reason)]++
			return
		case err != nil:
			rt.Fatalf("%v is not a refusal", err)
		case again.Plan.Document.Text() != d.Plan.Document.Text() || fmt.Sprint(again.Plan.Edits) != fmt.Sprint(d.Plan.Edits):
			rt.Fatalf("not deterministic: %s\n%s", d.Plan.Document.Text(), again.Plan.Document.Text())
		}
		outcomes[strings.Join([]string{"plan", "in part"}[:1+min(1, len(d.Holds))], " ")]++
		checkDecision(rt, live, c, d)
	})
	t.Log(outcomes)
}

// countAdded counts the statements that the floor adds.
func countAdded(p repair.Plan) (count int) {
	for _, e := range p.Edits {
		if e.Kind == repair.AddStatement {
			count++
		}
	}
	return count
}
