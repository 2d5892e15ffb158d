package repair_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

func checkRefused(t *testing.T, err error, reason repair.Reason, because string) {
	t.Helper()
	var refusal *repair.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != reason || refusal.Detail == "" || strings.ContainsAny(refusal.Error(), "\n") {
		t.Errorf("%v, want %s: %s", err, reason, because)
	}
}

const (
	foreignSign = `{"Effect":"Allow","Principal":{"AWS":"777788889999"},"Action":"kms:Encrypt","Resource":"*"}`
	writes      = `{"Effect":"Allow","Principal":{"AWS":"` + writer + `"},"Action":["kms:PutKeyPolicy","kms:GetKeyPolicy"],"Resource":"*"}`
)

func TestNoPlanWithoutAReason(t *testing.T) {
	for _, row := range []struct {
		because string
		live    string
		c       *rules.Configuration
		reason  repair.Reason
	}{
		{"the floor itself is as wanted", statements(root), onlyAccountFrom(rules.Low), repair.NothingToDo},
		{"the account in other words", statements(strings.Replace(root, "arn:aws:iam::111122223333:root", "111122223333", 1)), onlyAccountFrom(rules.Low), repair.NothingToDo},
		{"a deleted principal has no access", statements(root, `{"Effect":"Allow","Principal":{"AWS":"AIDAQ3EGRUZL2Z5FEXAMPLE"},"Action":"kms:*","Resource":"*"}`), onlyAccountFrom(rules.Low), repair.NothingToDo},
		{"what was found is not bad enough", statements(root, allows(`{"AWS":"`+worker+`"}`, "kms:Encrypt", "")), onlyAccountFrom(rules.High), repair.NothingToDo},
		{"it may be as wanted", statements(root, allows(`{"AWS":"`+worker+`"}`, "kms:Encrypt", `"StringEquals":{"aws:userid":"${aws:userid}"}`)), onlyAccountFrom(rules.Low), repair.Undecided},
		{"an account statement, and nothing else is known to have control", statements(strings.Replace(root, "kms:*", "kms:Decrypt", 1), foreignSign), onlyAccountFrom(rules.Critical), repair.NothingToDo},
		{"a reset that changes nothing", statements(root), reset(), repair.NothingToDo},
	} {
		_, err := decide(row.live, row.c)
		checkRefused(t, err, row.reason, row.because)
	}
}

func reset() *rules.Configuration {
	return onlyAccount(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.Strategy = rules.Reset })
}

func TestOnlyWhatWasReadAndJudgedIsRepaired(t *testing.T) {
	c := onlyAccountFrom(rules.Low)
	text := statements(root, public)
	event, file := snapshot(text), snapshot(text)
	event.Evidence, file.Evidence = guardrail.EventPolicy, guardrail.FilePolicy
	nobody := snapshot(text)
	nobody.Key.Account = ""
	for _, row := range []struct {
		s       guardrail.Snapshot
		reason  repair.Reason
		because string
	}{
		{event, repair.NotLive, "an event's policy is not the key's"},
		{file, "", "a file is planned as if it were live"},
		{snapshot("{"), repair.Incomplete, "a policy that cannot be read"},
	} {
		_, err := repair.Decide(row.s, guardrail.Judge(row.s, c, today), c, writer, nil)
		if row.reason == "" && err != nil {
			t.Errorf("%v: %s", err, row.because)
		} else if row.reason != "" {
			checkRefused(t, err, row.reason, row.because)
		}
	}
	if _, err := repair.Decide(snapshot(text), guardrail.Judgement{}, c, writer, nil); err == nil {
		t.Error("what was not judged cannot be repaired")
	}
}

// KMS refuses a policy that its writer could not change again.
func TestTheWriterMayWriteAgain(t *testing.T) {
	like := func(pattern string) string {
		return strings.Replace(root, `"Resource":"*"`, `"Resource":"*","Condition":{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::111122223333:role/`+pattern+`"}}`, 1)
	}
	c := onlyAccount(func(c *rules.Configuration, b *rules.Baseline) {
		c.Repair.From = rules.High
		b.Permit = []rules.Template{rules.Template(writes)}
	})
	for _, row := range []struct {
		live    string
		writer  string
		reason  repair.Reason // of no plan
		because string
	}{
		{statements(root, foreignSign), writer, "", "the account delegates"},
		{statements(root, foreignSign), "", "", "and without a known writer"},
		{statements(root, foreignSign, denies(`"kms:*"`, `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`)), writer, "", "the Deny is for requests that the writer avoids"},
		{statements(root, foreignSign, denies(`"kms:PutKeyPolicy"`, network)), writer, "", "whoever writes under the live Deny can do so again"},
		{statements(like("kms-*"), writes, foreignSign), writer, "", "the policy names the writer"},
	} {
		s := snapshot(row.live)
		d, err := repair.Decide(s, guardrail.Judge(s, c, today), c, row.writer, nil)
		if row.reason != "" {
			checkRefused(t, err, row.reason, row.because)
		} else if err != nil || strings.Contains(d.Plan.Document.Text(), "777788889999") {
			t.Errorf("%v: %s", err, row.because)
		}
	}
}

// KMS refuses the whole policy for one principal that it does not know. What is open must
// not stay open for that.
func TestExcessTakesAwayAndNamesNobodyNew(t *testing.T) {
	const nobody = "arn:aws:iam::111122223333:role/Nobody"
	c := repairing(func(_ *rules.Configuration, b *rules.Baseline) {
		b.Administrators, b.Users = rules.Principals{Required: []string{nobody}}, rules.Principals{}
	})
	everything := allows(`"*"`, "kms:*", "")
	namedNobody := allows(`{"AWS":"`+nobody+`"}`, "kms:*", "")
	for _, row := range []struct {
		name    string
		live    []string
		wants   string // is in the plan
		because string
	}{
		{"public beside the account", []string{root, public}, ":root", "the rest stays"},
		{"only public", []string{everything}, ":root", "KMS stores no policy that nobody can change"},
		{"who is named already", []string{root, namedNobody, public}, nobody, "KMS has taken that name before"},
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
		if s.Policy = text; guardrail.Judge(s, c, today).Severity == rules.Critical {
			t.Errorf("%s: it is still critical: %s", row.name, text)
		}
	}
	d, err := decide(statements(root, everything), c)
	if err != nil {
		t.Fatal(err)
	}
	if names := repair.Unnamed(document(t, statements(root, everything)), d.Plan.Document); len(names) != 1 || names[0] != nobody {
		t.Errorf("the whole plan adds %q", names)
	}
	s := snapshot(statements(root, public))
	s.Evidence = guardrail.EventPolicy
	if _, err := repair.Excess(s, guardrail.Judge(s, c, today), writer); err == nil {
		t.Error("the policy of an event is no live one")
	}
}

func TestAResetWritesTheDefault(t *testing.T) {
	c := reset()
	for live, because := range map[string]string{
		statements(root, foreign): "the foreign account goes",
		statements(root, allows(`"*"`, "kms:Decrypt", `"StringEquals":{"aws:userid":"${aws:userid}"}`), public): "what is not decided goes with what is critical",
	} {
		d, err := decide(live, c)
		if err != nil || len(d.Plan.Edits) != 1 || d.Plan.Edits[0].Kind != repair.ReplaceDocument || d.Plan.Document.Statements[0].SID != "Enable IAM User Permissions" || len(d.Plan.Document.Statements) != 1 {
			t.Errorf("%v, %v: %s", d.Plan.Edits, err, because)
			continue
		}
		if d.Plan.Edits[0].String() != "Replaced the whole policy by the default of guardrail.yaml: each access that is not in it is gone." {
			t.Errorf("%s", d.Plan.Edits[0])
		}
		checkDecision(t, live, c, d)
	}
}

// KMS would refuse a policy that nobody can change, so what is critical goes with the floor in
// its place, although nobody asked for the floor.
func TestWhereOnlyWhatIsCriticalGivesControlTheFloorIsAdded(t *testing.T) {
	users := allows(`{"AWS":"`+worker+`"}`, "kms:Decrypt", "")
	d, err := decide(statements(users, public), onlyAccountFrom(rules.Critical))
	if want := document(t, statements(users, accountStatement)); err != nil || d.Plan.After != want.Hash("aws") {
		t.Errorf("%v, %v", d.Plan.Document, err)
	}
}
