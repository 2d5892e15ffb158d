package enforcer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// change is a configuration that repairs, with a change.
func change(with func(*rules.Configuration)) *rules.Configuration {
	return configured(func(c *rules.Configuration) { c.Baselines[0].Style = report.Baselines[0].Style; with(c) })
}

// hold is one that trims, and holds for a reason.
func hold(reasons ...rules.HoldReason) *rules.Configuration {
	return change(func(c *rules.Configuration) { c.Repair.HoldWhen, c.Repair.Strategy = reasons, rules.Trim })
}

func TestWhatIsDoneAboutAKeyAndWhy(t *testing.T) {
	byTag := change(func(c *rules.Configuration) {
		c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Tags: map[string]string{"team": "x"}}}}
	})
	deny := func(action string) string { return strings.Replace(allow(`"*"`, action), `"Allow"`, `"Deny"`, 1) }
	toOther := document(toAccount, allow(`{"AWS":"arn:aws:iam::444455556666:root"}`, "kms:Decrypt"))
	for _, row := range []struct {
		name    string
		c       *rules.Configuration
		policy  string
		prepare func(t *testing.T, w *world, arn string)
		want    guardrail.Action
		why     string
		finding guardrail.Code // one of them
		writes  int
		reason  string
	}{
		{"repaired", repair, public, nil, guardrail.Repaired, "public-access", guardrail.CodePublicAccess, 1, "proved"},
		{"trimmed", hold(), public, nil, guardrail.Repaired, "public-access", guardrail.CodePublicAccess, 1, "proved"},
		{"kill switch", repair.ReportOnly(), public, nil, guardrail.Reported, guardrail.ReasonReportMode, guardrail.CodePublicAccess, 0, "GUARDRAIL_MODE_MAX=report"},
		{"below the severity", change(func(c *rules.Configuration) { c.Repair.From = rules.Critical }), toService, nil, guardrail.Reported, guardrail.ReasonBelow, guardrail.CodeServiceAccess, 0, "repair.from"},
		{"would take access from a service", hold(rules.HoldServiceAccess), toService, nil, guardrail.Held, "would-remove-service-access", guardrail.CodeRepairHeld, 0, "somebody relies on it"},
		{"would take access from an account", hold(rules.HoldCrossAccountAccess), toOther, nil, guardrail.Held, "would-remove-cross-account-access", guardrail.CodeRepairHeld, 0, "somebody relies on it"},
		{"the same, not held", hold(rules.HoldCrossAccountAccess), toService, nil, guardrail.Repaired, "service-access", guardrail.CodeServiceAccess, 1, "it is no account"},
		{"managed by a stack", hold(rules.HoldCloudFormation), toService, tagged("aws:cloudformation:stack-name", "network"), guardrail.Held, "cloudformation-managed", guardrail.CodeRepairHeld, 0, "the stack would bring it back"},
		{"not managed by a stack", hold(rules.HoldCloudFormation), toService, nil, guardrail.Repaired, "service-access", guardrail.CodeServiceAccess, 1, "its tags say so"},
		{"tags cannot be read", hold(rules.HoldCloudFormation), toService, func(_ *testing.T, w *world, _ string) {
			w.guardrail.SetIdentityPolicies(strings.Replace(guardrailPolicy, `,"kms:ListResourceTags"`, "", 1))
		}, guardrail.Held, "cloudformation-managed", guardrail.CodeRepairHeld, 0, "what is not known holds"},
		{"critical, and would be held", hold(rules.HoldReasons()...), document(toAccount, allow(`"*"`, "kms:Decrypt"), allow(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt")), nil, guardrail.Repaired, "public-access", guardrail.CodeRepairHeld, 1, "nothing holds what is critical, and the rest is held"},
		{"critical, reset, and would be held", change(func(c *rules.Configuration) { c.Repair.HoldWhen = rules.HoldReasons() }), document(toAccount, allow(`"*"`, "kms:Decrypt"), allow(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt")), nil, guardrail.Repaired, "public-access", guardrail.CodePublicAccess, 1, "nothing holds it"},
		{"the plan would be too large", trimConsole, document(toAccount, allow(`{"AWS":"444455556666"}`, "kms:Decrypt"), longDeny()), nil, guardrail.PlanRefused, "too-large", guardrail.CodePlanRefused, 0, "KMS stores 32 KiB"},
		{"critical, and too large to trim", trimConsole, document(toAccount, allow(`"*"`, "kms:Decrypt"), longDeny()), nil, guardrail.Repaired, "public-access", guardrail.CodePublicAccess, 1, "it is reset: nobody keeps a key public by making its policy large"},
		{"the account's hour is full", change(func(c *rules.Configuration) { c.Repair.MaxPerHour.Account = 1 }), public, repairedAnother, guardrail.Held, "breaker-account", guardrail.CodeBreakerOpen, 0, "something is wrong with many keys"},
		{"the hour is full", change(func(c *rules.Configuration) { c.Repair.MaxPerHour.Total = 1 }), public, repairedAnother, guardrail.Held, "breaker-total", guardrail.CodeBreakerOpen, 0, "something is wrong with many keys"},
		{"the key denies the labels that a rule asks for", byTag, document(toAccount, allow(`"*"`, "kms:Decrypt"), deny("kms:ListResourceTags")), nil, guardrail.Repaired, "public-access", guardrail.CodeRuleUndecided, 1, "no rule permits what is critical"},
		{"the same, and nothing is critical", byTag, document(toAccount, allow(`{"AWS":"444455556666"}`, "kms:Decrypt"), deny("kms:ListResourceTags")), nil, guardrail.Reported, "rule-undecided", guardrail.CodeRuleUndecided, 0, "a rule may permit it"},
		{"exempt", change(func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{{Name: "e", Expires: newClock().now().Add(time.Hour), Match: rules.Match{Accounts: []string{account}}}}
		}), toOther, nil, guardrail.NoAction, guardrail.ReasonExempt, guardrail.CodeForeignAccess, 0, "it is listed all the same"},
		{"exempt, and public", change(func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{{Name: "e", Expires: newClock().now().Add(time.Hour), Match: rules.Match{Accounts: []string{account}}}}
		}), public, nil, guardrail.Repaired, "public-access", guardrail.CodePublicAccess, 1, "no exemption excuses it in silence"},
		{"exempt, and excused to be public", change(func(c *rules.Configuration) {
			c.Exemptions = []rules.Exemption{{Name: "e", Expires: newClock().now().Add(time.Hour), Match: rules.Match{Accounts: []string{account}}, Critical: true, Codes: []string{"public-access", "service-access", "account-access"}}}
		}), public, nil, guardrail.NoAction, guardrail.ReasonExempt, guardrail.CodePublicAccess, 0, "the exemption names the code, and says critical"},
		{"the repair cannot be archived", repair, public, func(_ *testing.T, w *world, _ string) {
			w.bucket.strike = func(r *http.Request, call serve) (*http.Response, error) {
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/records/") {
					return answered(http.StatusBadRequest, "EntityTooLarge"), nil
				}
				return call(), nil
			}
		}, guardrail.PlanRefused, "archive-unusable", guardrail.CodeArchiveUnusable, 0, "nothing is written that was not archived"},
		{"the ledger is lost", repair, public, func(_ *testing.T, w *world, _ string) {
			w.bucket.strike = func(r *http.Request, call serve) (*http.Response, error) {
				if strings.Contains(r.URL.Path, "/keys/") {
					return answered(http.StatusOK, "NotWhatWasWritten"), nil
				}
				return call(), nil
			}
		}, guardrail.PlanRefused, "archive-unusable", guardrail.CodeArchiveUnusable, 0, "what protects the key from being written again is not known"},
		{"there is no archive", repair, public, func(_ *testing.T, w *world, _ string) {
			w.config.Archive = nil
			w.enforcer = enforcer.New(w.config)
		}, guardrail.PlanRefused, "no-archive", guardrail.CodeArchiveUnusable, 0, "nothing is written that was not archived"},
		{"too old", repair, public, func(_ *testing.T, w *world, _ string) { w.clock.advance(15 * 24 * time.Hour) }, guardrail.PlanRefused, "event-too-old", guardrail.CodePlanRefused, 0, "whether it was handled is not known"},
		{"nothing to do", change(func(c *rules.Configuration) { c.Repair.Strategy = rules.Trim }), good, bypassed, guardrail.Reported, "nothing-to-do", guardrail.CodeLockoutCheckBypassed, 0, "nothing differs"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.c)
			arn, event := w.drift(t, row.policy)
			if row.prepare != nil {
				row.prepare(t, w, arn)
			}
			if row.name == "nothing to do" {
				event = w.lastEvent()
			}
			w.cloud.ResetCalls()
			o := w.handle(t, event)
			if o.Action != row.want || o.ActionReason != row.why || !slices.Contains(codes(o), row.finding) {
				t.Errorf("%s because of %s, with %q: %s", o.Action, o.ActionReason, codes(o), row.reason)
			}
			if n := len(w.cloud.Calls("PutKeyPolicy")); n != row.writes {
				t.Errorf("%d writes, want %d: %s", n, row.writes, row.reason)
			}
			if told := len(w.reporter.of(arn, row.want)); told != 1 && row.want != guardrail.NoAction {
				t.Errorf("%d reports", told)
			}
			if open, _ := w.bucket.open(t); len(open) > 0 {
				t.Errorf("open are %+v", open)
			}
		})
	}
}

// Somebody makes a key public that a service and a role use, too. What is critical is taken
// away at once, and so is the role; the event of that write finds the service, which is held.
func TestACriticalFindingLetsNothingThroughThatIsHeld(t *testing.T) {
	c := hold(rules.HoldServiceAccess)
	c.Repair.From = rules.Medium
	w := newWorld(t, c)
	sns := allow(`{"Service":"sns.amazonaws.com"}`, "kms:Decrypt")
	role := allow(`{"AWS":"`+worker+`"}`, "kms:Encrypt")
	arn, event := w.drift(t, document(toAccount, allow(`"*"`, "kms:Decrypt"), sns, role))
	o := w.handle(t, event)
	if want := (outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.Repaired, "public-access"}); summary(o) != want {
		t.Errorf("%+v, want %+v", summary(o), want)
	}
	if told := o.Findings[len(o.Findings)-1]; told.Code != guardrail.CodeRepairHeld || told.Severity != rules.Info || !strings.Contains(told.Message, `service "sns.amazonaws.com" would lose in statement 3: kms:Decrypt`) {
		t.Errorf("%+v", told)
	}
	left := document(toAccount, sns)
	if got := w.policy(t, arn); hash(t, got) != hash(t, left) || o.After != hash(t, left) {
		t.Errorf("the policy is %s, want %s", got, left)
	}
	for round := range 3 { // its own event, and that again
		o := w.handle(t, w.lastEvent())
		if want := (outcome{guardrail.NonCompliant, rules.Medium, guardrail.LivePolicy, guardrail.Held, "would-remove-service-access"}); summary(o) != want {
			t.Errorf("round %d: %+v, want %+v", round, summary(o), want)
		}
		w.clock.advance(time.Minute)
	}
	if n := len(w.cloud.Calls("PutKeyPolicy")); n != 1 {
		t.Errorf("%d writes", n)
	}

	// What an event adds beside the held service has no users yet.
	w.clock.advance(time.Hour)
	w.put(t, arn, document(toAccount, sns, allow(`{"Service":"delivery.logs.amazonaws.com"}`, "kms:Decrypt")))
	if o := w.handle(t, w.lastEvent()); o.Action != guardrail.Repaired || hash(t, w.policy(t, arn)) != hash(t, left) {
		t.Errorf("%+v, and the policy is %s, want %s", summary(o), w.policy(t, arn), left)
	}
}

var trimConsole = configured(func(c *rules.Configuration) {
	c.Baselines[0].Administrators.Required, c.Repair.Strategy = []string{admin}, rules.Trim
})

// longDeny is a Deny that may stay, and leaves no room for what is missing.
func longDeny() string {
	deny := strings.Replace(allow(`"*"`, "kms:ScheduleKeyDeletion"), "Allow", "Deny", 1)
	return strings.Replace(deny, `"Effect"`, `"Sid":"`+strings.Repeat("x", 32350)+`","Effect"`, 1)
}

// tagged lets KMS answer with a tag that only AWS can set.
func tagged(key, value string) func(*testing.T, *world, string) {
	return func(_ *testing.T, w *world, _ string) {
		w.config.Keys = withTags{w.config.Keys, map[string]string{key: value}}
		w.enforcer = enforcer.New(w.config)
	}
}

type withTags struct {
	enforcer.Keys
	tags map[string]string
}

func (k withTags) Tags(context.Context, string) (map[string]string, error) { return k.tags, nil }

func repairedAnother(t *testing.T, w *world, _ string) {
	t.Helper()
	_, event := w.drift(t, public)
	if o := w.handle(t, event); o.Action != guardrail.Repaired {
		t.Fatalf("the other key: %+v", summary(o))
	}
}

// bypassed puts the same policy once more, with the lockout check switched off.
func bypassed(t *testing.T, w *world, arn string) {
	t.Helper()
	in := &kms.PutKeyPolicyInput{KeyId: &arn, Policy: &good, BypassPolicyLockoutSafetyCheck: true}
	if _, err := w.kms(virginia).PutKeyPolicy(t.Context(), in); err != nil {
		t.Fatal(err)
	}
}

func TestTheCallsOfAnOutcomeAreCounted(t *testing.T) {
	labels := change(func(c *rules.Configuration) {
		c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Aliases: []string{"alias/x"}, Tags: map[string]string{"team": "x"}}}}
	})
	reads := []string{"DescribeKey", "GetKeyPolicy"}
	for _, row := range []struct {
		name    string
		c       *rules.Configuration
		make    func(t *testing.T, w *world) (event []byte)
		kms     []string
		s3      int
		archive bool
	}{
		{"compliant, made", repair, made, reads, 0, true},
		{"compliant, made, in report mode", report, made, reads, 0, false},
		{"compliant, put", repair, func(t *testing.T, w *world) []byte { _, e := w.drift(t, apiDefault(t)); return e }, reads, 1, true},
		{"not compliant, in report mode", report, func(t *testing.T, w *world) []byte { _, e := w.drift(t, public); return e }, reads, 0, false},
		{"aliases and tags count", labels, made, []string{"DescribeKey", "ListAliases", "ListResourceTags", "GetKeyPolicy"}, 0, true},
		{
			"repaired", repair, func(t *testing.T, w *world) []byte { _, e := w.drift(t, public); return e },
			[]string{"DescribeKey", "GetKeyPolicy", "GetKeyPolicy", "PutKeyPolicy", "GetKeyPolicy"},
			11, // the ledger, the first use twice, the hour twice, record and pointer, the ledger thrice, the pointer
			true,
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, row.c)
			event := row.make(t, w)
			if !row.archive {
				w.config.Archive = nil
				w.enforcer = enforcer.New(w.config)
			}
			w.cloud.ResetCalls()
			w.bucket.counted()
			w.handle(t, event)
			if got := w.calls(); !slices.Equal(got, row.kms) {
				t.Errorf("KMS calls %q, want %q", got, row.kms)
			}
			if got := w.bucket.counted(); len(got) != row.s3 {
				t.Errorf("%d S3 calls, want %d: %q", len(got), row.s3, got)
			}
		})
	}
}

func made(t *testing.T, w *world) []byte {
	t.Helper()
	w.create(t, &kms.CreateKeyInput{})
	return w.lastEvent()
}

func TestAKeyOfAnotherAccountIsNotTouched(t *testing.T) {
	for _, row := range []struct {
		scope string
		want  guardrail.Action
	}{{"", guardrail.Repaired}, {account, guardrail.Repaired}, {"444455556666", guardrail.Reported}} {
		w := newWorld(t, repair)
		w.config.Account = row.scope
		w.enforcer = enforcer.New(w.config)
		_, event := w.drift(t, public)
		o := w.handle(t, event)
		if o.Action != row.want || row.want == guardrail.Reported && (len(w.calls()) > 0 || o.Verdict != guardrail.CannotJudge) {
			t.Errorf("account %q: %+v, calls %q", row.scope, summary(o), w.calls())
		}
	}
}

// Nothing sets the bypass, whatever else is written.
func TestNoWriteSwitchesTheLockoutCheckOff(t *testing.T) {
	w := newWorld(t, console)
	for _, text := range []string{public, lockedOut, toService} {
		_, event := w.drift(t, text)
		w.handle(t, event)
		for _, call := range w.cloud.Calls() {
			if call.Identity == w.guardrail.ARN && strings.Contains(string(call.Request), "Bypass") {
				t.Errorf("the guardrail called %s with %s", call.Operation, call.Request)
			}
		}
	}
}

// What stands between a delivery and the write gives the message back, and leaves the key.
func TestAMessageIsGivenBackWhereItCannotEnd(t *testing.T) {
	for _, row := range []struct {
		name    string
		prepare func(t *testing.T, w *world, arn string) context.Context
		want    error
		says    string
	}{
		{"another invocation has the key", func(t *testing.T, w *world, arn string) context.Context {
			key, err := ledger.KeyOf(arn)
			if err != nil {
				t.Fatal(err)
			}
			l := ledger.Ledger{KeyARN: arn}.Claim(ledger.Repair{
				Record: ledger.NewName(key, w.clock.now(), "other", 1), Kind: ledger.ForFinding, EventID: "other", Holder: "other",
				Before: hash(t, public), After: hash(t, good), Claimed: w.clock.now(), Deadline: w.clock.now().Add(time.Minute),
			})
			if _, err := w.bucket.archive().Swap(t.Context(), key, l, ""); err != nil {
				t.Fatal(err)
			}
			return t.Context()
		}, ledger.ErrBusy, ""},
		{"others change the ledger at every moment", func(t *testing.T, w *world, _ string) context.Context {
			w.bucket.strike = func(r *http.Request, call serve) (*http.Response, error) {
				if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/keys/") {
					return answered(http.StatusConflict, "ConditionalRequestConflict"), nil
				}
				return call(), nil
			}
			return t.Context()
		}, nil, "changes faster"},
		{"too little time", func(t *testing.T, _ *world, _ string) context.Context {
			ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
			t.Cleanup(cancel)
			return ctx
		}, nil, "too little time"},
		{"the reporter does not answer", func(t *testing.T, w *world, _ string) context.Context {
			w.config.Configuration = report
			w.enforcer = enforcer.New(w.config)
			w.reporter.fail = func() error { return errAway }
			return t.Context()
		}, errAway, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, repair)
			arn, event := w.drift(t, public)
			o, err := w.enforcer.Handle(row.prepare(t, w, arn), first(event))
			if err == nil || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) {
				t.Errorf("%+v, %v", summary(o), err)
			}
			if n := len(w.cloud.Calls("PutKeyPolicy")); n > 0 {
				t.Errorf("%d writes", n)
			}
			if row.says == "too little time" && len(w.bucket.names(t, "records/")) > 0 {
				t.Error("a claim was made that there is no time for")
			}
		})
	}
}

// An outcome that the reporter never takes keeps no message from its end; the log has it.
func TestAnOutcomeThatTheReporterNeverTakesBlocksNothing(t *testing.T) {
	w := newWorld(t, repair)
	w.reporter.fail = func() error { return fmt.Errorf("%w: too long", enforcer.ErrReporter) }
	arn, event := w.drift(t, public)
	if o := w.handle(t, event); o.Action != guardrail.Repaired {
		t.Errorf("%+v", summary(o))
	}
	if !strings.Contains(w.log.String(), "reporter failed") || !w.bucket.entries(t, arn)[0].Reported {
		t.Errorf("log:\n%s", w.log)
	}
}

func TestTheReporterIsToldFromTheConfiguredSeverityAndOfEveryRepair(t *testing.T) {
	loud := change(func(c *rules.Configuration) { c.Notify.From = rules.Critical })
	for _, row := range []struct {
		c      *rules.Configuration
		policy string
		told   int
		reason string
	}{
		{loud.ReportOnly(), public, 1, "critical"},
		{loud.ReportOnly(), toService, 0, "high is below"},
		{loud, toService, 1, "a repair is told always"},
		{loud, apiDefault(t), 0, "there is nothing to tell"},
	} {
		w := newWorld(t, row.c)
		_, event := w.drift(t, row.policy)
		w.handle(t, event)
		if got := len(w.reporter.outcomes); got != row.told {
			t.Errorf("%d reports, want %d: %s", got, row.told, row.reason)
		}
	}
}
