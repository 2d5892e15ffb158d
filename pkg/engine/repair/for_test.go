package repair_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

const (
	account = "111122223333"
	worker  = "arn:aws:iam::111122223333:role/Worker"
	root    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	public  = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`
)

var today = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

// symmetric is a key of the account.
var symmetric = rules.Key{
	ARN: ownKey.ARN, Account: account, Region: "us-east-1", Partition: "aws", Type: defaultpolicy.KeyType{}.WithDefaults(),
}

// repairing is the zero configuration in repair mode, from the lowest severity on.
func repairing(change func(*rules.Configuration, *rules.Baseline)) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Mode, c.Repair.From = rules.Repair, rules.Low
	change(c, &c.Baselines[0])
	return c
}

// configurations are baselines of every kind.
func configurations() map[string]*rules.Configuration {
	keyAdmin, app := "arn:aws:iam::111122223333:role/KeyAdmin", "arn:aws:iam::111122223333:role/App"
	strict := func(b *rules.Baseline) {
		b.Administrators = rules.Principals{Required: []string{keyAdmin}}
		b.Users = rules.Principals{Required: []string{app}, Permitted: []string{"444455556666"}}
	}
	return map[string]*rules.Configuration{
		"without a file": repairing(func(*rules.Configuration, *rules.Baseline) {}),
		"strict API default": repairing(func(_ *rules.Configuration, b *rules.Baseline) {
			b.Style, b.Administrators, b.Users = defaultpolicy.API, rules.Principals{}, rules.Principals{}
		}),
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

func snapshot(text string) guardrail.Snapshot {
	return guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.LivePolicy, Trigger: guardrail.ByEvent, Labels: rules.Labels{Tags: map[string]string{}}}
}

// plan judges a policy and plans its repair.
func plan(text string, c *rules.Configuration) (repair.Plan, error) {
	s := snapshot(text)
	return repair.For(s, guardrail.Judge(s, c, today), c, writer)
}

// Every statement of the corpus, in turn alone, beside the account statement and beside the
// console default (REPAIR_PROOF=full: in all three), under a baseline of every kind: what is
// planned judges clean, and needs no further repair.
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
	planned := 0
	full := os.Getenv("REPAIR_PROOF") == "full"
	for name, c := range configurations() {
		for i, st := range corpusStatements(t) {
			for j, statements := range [][]string{{st}, {root, st}, slices.Concat(defaults, []string{st})} {
				if !full && (i+len(name)+j)%3 != 0 {
					continue
				}
				text := `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",\n") + `]}`
				p, err := plan(text, c)
				var refusal *repair.Refusal
				if errors.As(err, &refusal) {
					refused[refusal.Reason]++
					continue
				}
				planned++
				checkRepaired(t, name, text, p, c)
			}
		}
	}
	t.Logf("proof: %d plans judge clean and are planned once; refused: %v", planned, refused)
	if planned < 200 {
		t.Errorf("only %d plans were made", planned)
	}
}

func checkRepaired(t *testing.T, name, text string, p repair.Plan, c *rules.Configuration) {
	t.Helper()
	checkClean(t, name+": "+text, p, c)
	again, err := plan(text, c)
	if err != nil || again.Document.Text() != p.Document.Text() || fmt.Sprint(again.Edits) != fmt.Sprint(p.Edits) {
		t.Errorf("%s: %s\nis planned differently the second time: %v", name, text, err)
	}
}

// checkClean judges and plans what a plan would write.
func checkClean(t *testing.T, name string, p repair.Plan, c *rules.Configuration) {
	t.Helper()
	after := guardrail.Judge(snapshot(p.Document.Text()), c, today)
	if after.Verdict != guardrail.Compliant {
		t.Errorf("%s\nplanned: %s\njudges %s: %+v", name, p.Document.Text(), after.Verdict, after.Findings)
		return
	}
	var refusal *repair.Refusal
	if _, err := plan(p.Document.Text(), c); !errors.As(err, &refusal) || refusal.Reason != repair.NothingToDo {
		t.Errorf("%s\nplanned: %s\nis planned again: %v", name, p.Document.Text(), err)
	}
}

func TestForRefusesWhatWasNotReadOrNotJudged(t *testing.T) {
	c := repairing(func(*rules.Configuration, *rules.Baseline) {})
	text := `{"Version":"2012-10-17","Statement":[` + root + `,` + public + `]}`
	for _, row := range []struct {
		snapshot guardrail.Snapshot
		want     repair.Reason
		because  string
	}{
		{guardrail.Snapshot{Key: symmetric, Policy: text, Evidence: guardrail.EventPolicy}, repair.NotLive, "an event's policy is not the key's"},
		{snapshot("{"), repair.Incomplete, "a policy that cannot be read"},
		{guardrail.Snapshot{Policy: text, Evidence: guardrail.LivePolicy}, repair.Incomplete, "a key without a type has no limits"},
	} {
		_, err := repair.For(row.snapshot, guardrail.Judge(row.snapshot, c, today), c, writer)
		var refusal *repair.Refusal
		if !errors.As(err, &refusal) || refusal.Reason != row.want {
			t.Errorf("%v, want %s: %s", err, row.want, row.because)
		}
	}
}

// The strategy decides between the two documents, and an exact baseline is always reset.
func TestTheStrategyDecidesWhatIsWritten(t *testing.T) {
	text := `{"Version":"2012-10-17","Statement":[` + root + `,` + public + `]}`
	for name, c := range configurations() {
		p, err := plan(text, c)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		resets := c.Repair.Strategy == rules.Reset || c.Baselines[0].Match == rules.ExactDefault
		replaced := len(p.Edits) == 1 && p.Edits[0].Kind == repair.ReplaceDocument
		if resets != replaced {
			t.Errorf("%s: edits %v", name, p.Edits)
		}
	}
}

func TestADenyThatTakesTooMuchKeepsTheRest(t *testing.T) {
	text := `{"Version":"2012-10-17","Statement":[` + root + `,{"Effect":"Deny","Principal":"*","Action":["kms:PutKeyPolicy","kms:ScheduleKeyDeletion"],"Resource":"*"}]}`
	p, err := plan(text, repairing(func(*rules.Configuration, *rules.Baseline) {}))
	if err != nil {
		t.Fatal(err)
	}
	d, err := policy.Parse(p.Document.Text())
	if err != nil || len(d.Statements) != 2 || !slices.Equal(d.Statements[1].Actions.Values, []string{"kms:ScheduleKeyDeletion"}) {
		t.Errorf("%s, %v", p.Document.Text(), err)
	}
}
