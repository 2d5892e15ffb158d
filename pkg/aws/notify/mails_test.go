package notify_test

import (
	"flag"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/notify"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

var update = flag.Bool("update", false, "write the golden mails")

// TestTheMailOfEveryActionAndReason shows what people get: one file for each action and reason.
func TestTheMailOfEveryActionAndReason(t *testing.T) {
	written := map[string]bool{}
	for action, byReason := range notify.Turns {
		for reason := range byReason {
			name := string(action)
			if reason != "" {
				name += "-" + reason
			}
			p := report(t, example(action, reason))
			got := "Subject: " + p.Subject + "\n\n" + p.Texts["email"]
			checkMail(t, name, got)
			file := filepath.Join("testdata", "mails", name+".txt")
			written[filepath.Base(file)] = true
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("%s (-want +got; go test -update):\n%s", name, diff)
			}
		}
	}
	files, err := filepath.Glob("testdata/mails/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !written[filepath.Base(file)] {
			t.Errorf("%s is the mail of nothing", file)
		}
	}
}

// example is an outcome with an action for a reason.
func example(action guardrail.Action, reason string, more ...func(*guardrail.Outcome)) guardrail.Outcome {
	return repaired(func(o *guardrail.Outcome) {
		finding := func(code guardrail.Code, severity rules.Severity, message string) {
			o.Severity, o.Findings = severity, []guardrail.Finding{guardrail.NewFinding(rules.Key{ARN: keyARN}, code, severity, message)}
		}
		o.Action = action
		if reason != "" {
			o.ActionReason = reason
		}
		o.Findings[0].Message, o.Findings[1].Message = "Role Worker can encrypt (kms:Encrypt).", "PUBLIC: anyone with an AWS account can decrypt (kms:Decrypt)."
		o.Plan.Edits = []string{`Removed statement 2 "partners": guardrail.yaml does not permit anyone to decrypt.`}
		o.Restore = "kmsguard restore --archive kms-guardrail-archive --region us-east-1 records/111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab/20261123T120000.000000Z-0123456789abcdef"
		if action != guardrail.Repaired {
			o.Restore, o.Archive, o.After = "", "", ""
		}
		switch {
		case action == guardrail.NoAction:
			o.Verdict = guardrail.Exempt
		case action == guardrail.Skipped:
			o.Verdict, o.Findings, o.Severity, o.Plan = guardrail.NothingToJudge, nil, rules.NoSeverity, nil
		case reason == "notice":
			o.Verdict, o.Plan = guardrail.NothingToJudge, nil
			finding(guardrail.CodeNotice, rules.Medium, "Somebody called ScheduleKeyDeletion on the key. The guardrail does nothing about it.")
		case reason == "locked-out":
			o.Verdict, o.Plan = guardrail.CannotJudge, nil
			finding(guardrail.CodeLockedOut, rules.High, "KMS does not let the guardrail read the key policy; who can change the policy: role KeyAdmin")
		case slices.Contains([]string{"undecided", "malformed-policy", "rule-undecided", "bad-baseline", "access-denied", "unknown-key-type"}, reason):
			o.Verdict, o.Plan = guardrail.CannotJudge, nil
			finding(guardrail.Code(reason), rules.High, "It could not be judged.")
		case action == guardrail.Held:
			finding(guardrail.CodeServiceAccess, rules.High, "logs.us-east-1.amazonaws.com can decrypt (kms:Decrypt).")
		default:
		}
		for _, change := range more {
			change(o)
		}
	})
}

// TestTheMailOfWhatIsResolved shows the mail that ends a finding.
func TestTheMailOfWhatIsResolved(t *testing.T) {
	since := time.Date(2026, 11, 20, 8, 0, 0, 0, time.UTC)
	p := report(t, example(guardrail.NoAction, "", func(o *guardrail.Outcome) {
		o.Verdict, o.Severity, o.Findings, o.Plan = guardrail.Compliant, rules.NoSeverity, nil, nil
		o.Resolved = []guardrail.Resolved{{ID: "a", Code: guardrail.CodeForeignAccess, Severity: rules.High, FirstSeen: since}}
	}))
	text := p.Texts["email"]
	checkMail(t, "resolved", text)
	const want = "What happened\n- Resolved: foreign-access, high, which was open since\n  2026-11-20 08:00:00 UTC.\n\nYour turn\nNothing.\n"
	if p.Subject != "RESOLVED: KMS key payments (111122223333, us-east-1)" || !strings.HasPrefix(text, want) {
		t.Errorf("%s\n%s", p.Subject, text)
	}
	p = report(t, example(guardrail.Reported, "", func(o *guardrail.Outcome) { o.Findings[0].State, o.Findings[0].FirstSeen = "open", &since }))
	if !strings.Contains(strings.Join(strings.Fields(p.Texts["email"]), " "), "(Open since 2026-11-20 08:00:00 UTC.)") {
		t.Errorf("%s", p.Texts["email"])
	}
}

// checkMail holds a mail against what every mail keeps.
func checkMail(t *testing.T, name, text string) {
	t.Helper()
	for line := range strings.SplitSeq(text, "\n") {
		isOneWord := !strings.Contains(strings.TrimSpace(line), " ") || len(strings.Fields(line)) == 2
		isCommand := strings.HasPrefix(line, "  kmsguard ")
		if len(line) > notify.Columns && !isOneWord && !isCommand && !strings.HasPrefix(line, "Subject: ") {
			t.Errorf("%s has a line of %d characters: %s", name, len(line), line)
		}
	}
	for _, wrong := range []string{"unnamed-session", "https response error", "<", ">"} {
		if strings.Contains(text, wrong) {
			t.Errorf("%s has %q", name, wrong)
		}
	}
	for i := range len(text) {
		if text[i] > '~' {
			t.Errorf("%s is not ASCII at %q", name, text[i:min(i+20, len(text))])
		}
	}
	if strings.Count(text, "\nYour turn\n") != 1 {
		t.Errorf("%s does not say what to do", name)
	}
}

// TestEveryReasonHasWordsOrTheActionsOwn: a reason that somebody adds is thought of here.
func TestEveryReasonHasWordsOrTheActionsOwn(t *testing.T) {
	for _, reason := range []repair.Reason{
		repair.NothingToDo, repair.Undecided, repair.NotProved, repair.BoundsContradict, repair.Incomplete, repair.TooLarge, repair.NothingLeft,
		repair.DeadPrincipal, repair.DeadStatement, repair.RefusedCondition, repair.Lockout, repair.NotLive, repair.OverBudget,
	} {
		p := report(t, example(guardrail.PlanRefused, string(reason)))
		if !strings.Contains(p.Texts["email"], "Change the key policy by hand.") {
			t.Errorf("%s: %s", reason, p.Texts["email"])
		}
	}
	for _, reason := range rules.HoldReasons() {
		if _, ok := notify.Turns[guardrail.Held][string(reason)]; !ok {
			t.Errorf("nobody is told what to do about a hold for %s", reason)
		}
	}
	for action, byReason := range notify.Turns {
		if len(byReason[""]) == 0 {
			t.Errorf("%s has no words for a reason that it does not know", action)
		}
	}
	if got := slices.Sorted(maps.Keys(notify.Turns)); len(got) != 7 {
		t.Errorf("actions %q", got)
	}
}

func TestTheSubjectIsTheMessage(t *testing.T) {
	for _, row := range []struct {
		change func(*guardrail.Outcome)
		want   string
	}{
		{func(*guardrail.Outcome) {}, "FIXED public KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) { o.Aliases = nil }, "FIXED public KMS key 1234abcd-12ab-34cd-56ef-1234567890ab (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) { o.Findings = o.Findings[:1] }, "FIXED KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) { o.Action = guardrail.Reported }, "ACTION NEEDED: public KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) { o.Action = guardrail.BudgetExhausted }, "ACTION NEEDED: public KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) {
			o.Action, o.Findings, o.Severity = guardrail.Reported, o.Findings[:1], rules.Medium
		}, "medium finding about KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) {
			o.Action, o.Verdict, o.Findings = guardrail.Reported, guardrail.CannotJudge, nil
		}, "CAN'T CHECK KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) {
			o.Action, o.Verdict = guardrail.Reported, guardrail.CannotJudge
			o.Findings[0].Code = guardrail.CodeLockedOut
		}, "LOCKED OUT of KMS key payments (111122223333, us-east-1)"},
		{func(o *guardrail.Outcome) { o.KeyARN, o.Account, o.Aliases = "", "", nil }, "CAN'T READ an event of KMS"},
		{func(o *guardrail.Outcome) { o.Aliases = []string{"alias/" + strings.Repeat("long", 60)} }, "FIXED public KMS key " + strings.Repeat("long", 60)[:78]},
		{func(o *guardrail.Outcome) { o.Aliases = []string{"alias/caf\u00e9"} }, "FIXED public KMS key caf? (111122223333, us-east-1)"},
	} {
		if p := report(t, repaired(row.change)); p.Subject != row.want {
			t.Errorf("subject %q, want %q", p.Subject, row.want)
		}
	}
}
