package repair_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// onlyAccount is the strictest baseline, with what may be changed.
func onlyAccount(change func(*rules.Configuration, *rules.Baseline)) *rules.Configuration {
	return repairing(func(c *rules.Configuration, b *rules.Baseline) {
		b.Style, b.Administrators, b.Users = defaultpolicy.API, rules.Principals{}, rules.Principals{}
		c.Repair.HoldWhen = []rules.HoldReason{rules.HoldServiceAccess}
		if change != nil {
			change(c, b)
		}
	})
}

// decide judges a policy and decides on its repair. Whether a stack manages the key is
// not known.
func decide(t *testing.T, text string, c *rules.Configuration) repair.Decision {
	t.Helper()
	s := snapshot(text)
	s.Labels.Tags = nil
	d, err := repair.Decide(s, guardrail.Judge(s, c, today), c, writer)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return d
}

// A critical finding is never held, and lets nothing else through that would be.
func TestOnlyWhatACriticalFindingNeedsIsWrittenWhereTheRestIsHeld(t *testing.T) {
	sns := allows(`{"Service":"sns.amazonaws.com"}`, "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":"111122223333"}`)
	legacy := allows(`{"AWS":"arn:aws:iam::111122223333:role/legacy"}`, "kms:Decrypt", "")
	through := allows(`{"AWS":"arn:aws:iam::111122223333:role/legacy"}`, "kms:Decrypt", viaS3)
	publicAndSNS := strings.Replace(public, `"*"`, `{"AWS":"*","Service":"sns.amazonaws.com"}`, 1)
	publicControl := allows(`"*"`, "kms:*", "")
	unsure := strings.Replace(legacy, `"Resource":"*"`, `"Resource":"${aws:username}"`, 1)
	long := strings.Replace(sns, `"Effect"`, `"Sid":"`+strings.Repeat("x", 30_000)+`","Effect"`, 1)
	large := allows(`{"Service":"sns.amazonaws.com"}`, "kms:Decrypt", `"StringEquals":{"aws:SourceAccount":["111122223333","`+strings.Repeat("x", 32_200)+`"]}`)
	deny := strings.Replace(allows(`"*"`, "kms:ScheduleKeyDeletion", ""), "Allow", "Deny", 1)
	accountDecrypt := strings.Replace(root, "kms:*", "kms:Decrypt", 1)
	control := allows(`{"AWS":"`+writer+`"}`, "kms:PutKeyPolicy", "")
	for _, row := range []struct {
		name    string
		live    []string
		c       *rules.Configuration
		left    []string // nil for the whole repair
		held    bool
		holds   string
		because string
	}{
		{"nothing critical", []string{root, sns, legacy}, onlyAccount(nil), nil, true, "sns.amazonaws.com lose kms:Decrypt", "all is held"},
		{"critical beside a service", []string{root, public, sns, legacy}, onlyAccount(nil), []string{root, sns, legacy}, false, "the rest is held: the repair would take access from AWS services: sns.amazonaws.com lose kms:Decrypt", "the service keeps its access"},
		{"critical, and nothing to hold", []string{root, public, legacy}, onlyAccount(nil), nil, false, "", "all is repaired at once"},
		{"critical alone", []string{root, public}, onlyAccount(nil), nil, false, "", "there is no rest"},
		{"two that are critical", []string{public, sns, root, public}, onlyAccount(nil), []string{sns, root}, false, "sns.amazonaws.com", "both go"},
		{"the service is in the critical statement", []string{root, publicAndSNS, legacy}, onlyAccount(nil), nil, false, "", "nothing that is critical is held; what is left is not"},
		{"and in another, too", []string{root, publicAndSNS, sns}, onlyAccount(nil), []string{root, sns}, false, "sns.amazonaws.com", "it keeps what the other gives"},
		{"the floor is missing", []string{legacy, public, sns, control}, onlyAccount(nil), []string{legacy, accountDecrypt, sns, control}, false, "sns.amazonaws.com", "that is not critical; what everyone could do, the account may"},
		{"the floor is missing, and nobody else has control", []string{publicControl, sns}, onlyAccount(nil), []string{sns, root}, false, "sns.amazonaws.com", "KMS would not take the policy without it"},
		{"a Deny", []string{root, deny, public, sns}, onlyAccount(func(_ *rules.Configuration, b *rules.Baseline) { b.HardeningDenies = rules.ReportDenies }), []string{root, deny, sns}, false, "sns.amazonaws.com", "it is low"},
		{"what is not decided", []string{root, public, sns, unsure}, onlyAccount(nil), []string{root, sns, unsure}, false, "sns.amazonaws.com", "it is not proved to be critical"},
		{"a service through which it is called", []string{root, public, through}, onlyAccount(nil), []string{root, through}, false, `through "s3.us-east-1.amazonaws.com"`, "the same as a service"},
		{"a Sid without end", []string{root, public, long}, onlyAccount(nil), []string{root, long}, false, "sns.amazonaws.com", "it does not count"},
		{"larger than a policy, with the ceiling", []string{root, public, large}, onlyAccount(nil), []string{root, large}, false, "sns.amazonaws.com", "bounds are statements, and no text that could be too large"},
		{"more that is critical than is told", append(slices.Repeat([]string{public}, 60), root, sns), onlyAccount(nil), nil, false, "", "what is left would be critical"},
		{"a stack", []string{root, public, legacy}, onlyAccount(func(c *rules.Configuration, _ *rules.Baseline) {
			c.Repair.HoldWhen = []rules.HoldReason{rules.HoldCloudFormation}
		}), []string{root, legacy}, false, "the rest is held: whether a CloudFormation stack", "it would bring the rest back"},
		{"reset", []string{root, public, sns}, onlyAccount(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.Strategy = rules.Reset }), nil, false, "", "there is no part of a reset"},
		{"exactly", []string{root, public, sns}, onlyAccount(func(_ *rules.Configuration, b *rules.Baseline) { b.Match = rules.ExactDefault }), nil, false, "", "there is no part of a reset"},
	} {
		t.Run(row.name, func(t *testing.T) {
			live := statements(row.live...)
			d := decide(t, live, row.c)
			if details := fmt.Sprint(d.Holds); d.Held != row.held || (len(d.Holds) > 0) != (row.holds != "") || !strings.Contains(details, row.holds) {
				t.Errorf("held: %v, %s; want %v, %q: %s", d.Held, details, row.held, row.holds, row.because)
			}
			if row.left != nil {
				checkUrgent(t, d, row.left, row.c, row.because)
				return
			}
			whole, err := plan(live, row.c)
			if err != nil || whole.Document.Text() != d.Plan.Document.Text() {
				t.Errorf("%s is not the whole repair, %v: %s", d.Plan.Document.Text(), err, row.because)
			}
		})
	}
}

// checkUrgent checks what an urgent plan leaves, and that this is held.
func checkUrgent(t *testing.T, d repair.Decision, left []string, c *rules.Configuration, because string) {
	t.Helper()
	if want := document(t, statements(left...)); d.Plan.Document.Hash("aws") != want.Hash("aws") {
		t.Errorf("%s is left, want %s: %s", d.Plan.Document.Text(), want.Text(), because)
	}
	checkHeld(t, because, d.Plan, c)
}

func TestNoDecisionWithoutAPlan(t *testing.T) {
	c := onlyAccount(nil)
	s := snapshot(statements(root))
	_, err := repair.Decide(s, guardrail.Judge(s, c, today), c, writer)
	var refusal *repair.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != repair.NothingToDo {
		t.Errorf("%v", err)
	}
}

// Every statement of the corpus beside one that is public and one that is held: what is
// written is clean, or not critical and held at the next look.
func TestADecisionIsCleanOrHeldAtTheNextLook(t *testing.T) {
	urgent, whole := 0, 0
	for name, c := range configurations() {
		c.Repair.HoldWhen = rules.DefaultRepair().HoldWhen
		for i, st := range corpusStatements(t) {
			if (i+len(name))%8 != 0 && os.Getenv("REPAIR_PROOF") != "full" {
				continue
			}
			text := statements(root, public, allows(`{"Service":"sns.amazonaws.com"}`, "kms:Decrypt", ""), st)
			s := snapshot(text)
			j := guardrail.Judge(s, c, today)
			d, err := repair.Decide(s, j, c, writer)
			switch {
			case err != nil: // the other proofs count them
			case d.Held && j.Severity == rules.Critical:
				t.Errorf("%s: %s is critical, and held", name, text)
			case d.Held: // the statement is a Deny
			case len(d.Holds) == 0:
				whole++
				checkClean(t, name+": "+text, d.Plan, c)
			default:
				urgent++
				checkHeld(t, name+": "+text, d.Plan, c)
			}
		}
	}
	t.Logf("%d urgent plans are held at the next look, %d whole ones are clean", urgent, whole)
	if urgent < 20 || whole < 10 {
		t.Errorf("only %d urgent and %d whole plans were made", urgent, whole)
	}
}

// checkHeld judges what a plan would write, which is not to be written again.
func checkHeld(t *testing.T, name string, p repair.Plan, c *rules.Configuration) {
	t.Helper()
	s := snapshot(p.Document.Text())
	s.Labels.Tags = nil
	j := guardrail.Judge(s, c, today)
	d, err := repair.Decide(s, j, c, writer)
	if err != nil || !d.Held || j.Severity == rules.Critical {
		t.Errorf("%s\nleaves %s\nwhich is %s, held: %v, %v", name, s.Policy, j.Severity, d.Held, err)
	}
}
