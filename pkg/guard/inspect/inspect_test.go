package inspect_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

const (
	keyARN = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	root   = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	public = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`
)

var now = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// keys is a key that answers, or does not, call by call.
type keys struct {
	key     rules.Key
	policy  string
	aliases []string
	tags    map[string]string
	fails   map[string]error
	calls   []string
}

func (k *keys) call(name string) error {
	k.calls = append(k.calls, name)
	return k.fails[name]
}

func (k *keys) Describe(context.Context, string) (rules.Key, error) {
	return k.key, k.call("Describe")
}
func (k *keys) Policy(context.Context, string) (string, error) { return k.policy, k.call("Policy") }
func (k *keys) Aliases(context.Context, string) ([]string, error) {
	return k.aliases, k.call("Aliases")
}
func (k *keys) Tags(context.Context, string) (map[string]string, error) {
	return k.tags, k.call("Tags")
}

func symmetric(t testing.TB) rules.Key {
	t.Helper()
	k, err := rules.KeyOf(keyARN)
	if err != nil {
		t.Fatal(err)
	}
	k.Type = defaultpolicy.KeyType{}.WithDefaults()
	return k
}

// repairing repairs everything of the API default.
func repairing(change func(*rules.Configuration, *rules.Baseline)) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Mode, c.Repair.From, c.Repair.HoldWhen = rules.Repair, rules.Low, nil
	b := rules.DefaultBaseline()
	b.Name, b.Style = "default", defaultpolicy.API
	change(c, &b)
	c.Baselines = []rules.Baseline{b}
	return c
}

func inspector(k inspect.Keys, c *rules.Configuration) *inspect.Inspector {
	return inspect.New(inspect.Config{Keys: k, Configuration: c, Now: func() time.Time { return now }, Version: "test"})
}

// outcome goes the whole path.
func outcome(t *testing.T, i *inspect.Inspector, v inspect.View) guardrail.Outcome {
	t.Helper()
	i.Judge(&v)
	plan, err := i.Plan(t.Context(), &v, nil)
	if err != nil {
		t.Fatal(err)
	}
	return i.Outcome(v, plan, guardrail.Reported)
}

// What the desk says of a file is what the function says of the key, but for where the
// policy is from.
func TestAFileAndALiveKeyAreToldTheSame(t *testing.T) {
	required := repairing(func(_ *rules.Configuration, b *rules.Baseline) {
		b.Style, b.Administrators.Required = defaultpolicy.Console, []string{"arn:aws:iam::111122223333:role/Admin"}
	})
	api := repairing(func(*rules.Configuration, *rules.Baseline) {})
	held := repairing(func(c *rules.Configuration, _ *rules.Baseline) {
		c.Repair.HoldWhen = []rules.HoldReason{rules.HoldServiceAccess}
	})
	reporting := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Mode = rules.Report })
	for _, row := range []struct {
		name          string
		configuration *rules.Configuration
		policy        string
		action        guardrail.Action
		reason        string
		severity      rules.Severity
		code          guardrail.Code // one that is among the findings; "" for any
	}{
		{"compliant", api, document(root), guardrail.NoAction, "", rules.NoSeverity, ""},
		{"public", api, document(root, public), guardrail.Reported, inspect.WouldRepair, rules.Critical, guardrail.CodePublicAccess},
		{"report mode", reporting, document(root, public), guardrail.Reported, guardrail.ReasonReportMode, rules.Critical, guardrail.CodePublicAccess},
		{
			"a plan that is too large", required,
			document(root, `{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:Decrypt","Resource":"*"}`,
				`{"Sid":"`+strings.Repeat("x", 32_330)+`","Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`),
			guardrail.PlanRefused, "too-large", rules.High, guardrail.CodePlanRefused,
		},
		{
			"held", held,
			document(root, `{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"kms:Decrypt","Resource":"*"}`),
			guardrail.Held, string(rules.HoldServiceAccess), rules.Medium, guardrail.CodeRepairHeld,
		},
		{"a policy that is none", api, `{"Statement":[]}`, guardrail.Reported, string(guardrail.CodeMalformedPolicy), rules.High, guardrail.CodeMalformedPolicy},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := &keys{key: symmetric(t), policy: row.policy}
			i := inspector(k, row.configuration)
			view, err := i.Gather(t.Context(), inspect.Subject{Key: k.key, Trigger: guardrail.ByCommand})
			if err != nil {
				t.Fatal(err)
			}
			live, file := outcome(t, i, view), outcome(t, i, i.File(k.key, rules.Labels{}, row.policy))
			has := slices.ContainsFunc(live.Findings, func(f guardrail.Finding) bool { return f.Code == row.code })
			if live.Action != row.action || live.ActionReason != row.reason || live.Severity != row.severity || row.code != "" && !has {
				t.Errorf("%s %s %s, findings %+v; want %s %s %s with %s", live.Action, live.ActionReason, live.Severity, live.Findings, row.action, row.reason, row.severity, row.code)
			}
			if live.Evidence != guardrail.LivePolicy || file.Evidence != guardrail.FilePolicy {
				t.Errorf("evidence %s and %s", live.Evidence, file.Evidence)
			}
			file.Evidence = live.Evidence
			if diff := cmp.Diff(live, file); diff != "" {
				t.Errorf("the function (-) and the desk (+):\n%s", diff)
			}
		})
	}
}

func TestGatherReadsWhatTheConfigurationAsksFor(t *testing.T) {
	api := repairing(func(*rules.Configuration, *rules.Baseline) {})
	byAlias := repairing(func(c *rules.Configuration, _ *rules.Baseline) {
		c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Aliases: []string{"alias/*"}}}}
	})
	byTag := repairing(func(c *rules.Configuration, _ *rules.Baseline) {
		c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Tags: map[string]string{"a": "b"}}}}
	})
	for _, row := range []struct {
		configuration *rules.Configuration
		managed       bool
		want          string
		reason        string
	}{
		{api, false, "Describe Policy", "two calls are enough"},
		{byAlias, false, "Describe Aliases Policy", "a rule by alias"},
		{byTag, false, "Describe Tags Policy", "a rule by tag"},
		{byTag, true, "Describe", "nobody can change the policy of an AWS managed key"},
	} {
		k := &keys{key: symmetric(t), policy: document(root)}
		k.key.AWSManaged = row.managed
		i := inspector(k, row.configuration)
		v, err := i.Gather(t.Context(), inspect.Subject{Key: symmetric(t), Trigger: guardrail.ByEvent})
		if got := strings.Join(k.calls, " "); err != nil || got != row.want {
			t.Errorf("called %s (%v), want %s: %s", got, err, row.want, row.reason)
		}
		if o := outcome(t, i, v); row.managed != (o.Action == guardrail.Skipped) {
			t.Errorf("%s %s: %s", o.Action, o.ActionReason, row.reason)
		}
	}
}

func TestWhatKMSDeniesIsToldAndNeverJudgedAsLive(t *testing.T) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) {
		c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Aliases: []string{"alias/*"}}}}
	})
	denied := fmt.Errorf("AccessDeniedException: %w", inspect.ErrAccessDenied)
	event := &inspect.Event{Policy: document(root, public), Actor: guardrail.Actor{ARN: "arn:aws:iam::111122223333:role/Owner"}}
	lockedOut := &inspect.Event{Policy: document(strings.Replace(root, ":root", ":role/Owner", 1))}
	for _, row := range []struct {
		name     string
		fails    string
		event    *inspect.Event
		code     guardrail.Code
		evidence guardrail.Evidence
	}{
		{"the metadata", "Describe", event, guardrail.CodeAccessDenied, ""},
		{"the policy, and the event lets the account decide", "Policy", event, guardrail.CodeAccessDenied, guardrail.EventPolicy},
		{"the policy, and the event's does not", "Policy", lockedOut, guardrail.CodeLockedOut, guardrail.EventPolicy},
		{"the policy, without an event", "Policy", nil, guardrail.CodeAccessDenied, ""},
		{"the policy, and KMS set the default", "Policy", &inspect.Event{SetsDefault: true}, guardrail.CodeAccessDenied, ""},
		{"the policy, and the event has none", "Policy", &inspect.Event{}, guardrail.CodeLockedOut, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			k := &keys{key: symmetric(t), policy: document(root), fails: map[string]error{row.fails: denied, "Aliases": denied}}
			i := inspector(k, c)
			v, err := i.Gather(t.Context(), inspect.Subject{Key: symmetric(t), Trigger: guardrail.ByEvent, Event: row.event})
			if err != nil {
				t.Fatal(err)
			}
			o := outcome(t, i, v)
			if o.Verdict != guardrail.CannotJudge || o.Findings[0].Code != row.code || o.Evidence != row.evidence || o.Plan != nil || o.Before != "" {
				t.Errorf("%+v, want %s on evidence %q", o, row.code, row.evidence)
			}
			if (o.Actor == nil) != (row.event == nil) {
				t.Errorf("actor %+v", o.Actor)
			}
		})
	}
}

func TestAnErrorThatMayGoAwayIsReturned(t *testing.T) {
	c := repairing(func(c *rules.Configuration, _ *rules.Baseline) {
		c.Rules = []rules.Rule{{Name: "r", Match: rules.Match{Aliases: []string{"alias/*"}, Tags: map[string]string{"a": "b"}}}}
	})
	for _, call := range []string{"Describe", "Aliases", "Tags", "Policy"} {
		slow := errors.New("no answer")
		k := &keys{key: symmetric(t), policy: document(root), fails: map[string]error{call: slow}}
		if _, err := inspector(k, c).Gather(t.Context(), inspect.Subject{Key: symmetric(t)}); !errors.Is(err, slow) {
			t.Errorf("%s: %v", call, err)
		}
	}
}

// The skipped check says something of the policy that the event carries, and of no other.
func TestABypassedCheckCountsOnlyForTheEventsPolicy(t *testing.T) {
	c := repairing(func(*rules.Configuration, *rules.Baseline) {})
	for _, row := range []struct {
		event  string
		want   bool
		reason string
	}{
		{document(root), true, "the same text"},
		{`{"Version": "2012-10-17","Statement":` + root + `}`, true, "the same policy in other words"},
		{document(root, public), false, "another policy"},
	} {
		k := &keys{key: symmetric(t), policy: document(root)}
		v, err := inspector(k, c).Gather(t.Context(), inspect.Subject{Key: symmetric(t), Event: &inspect.Event{Policy: row.event, BypassedLockoutCheck: true}})
		if err != nil || v.Snapshot.BypassedLockoutCheck != row.want {
			t.Errorf("%v, %v: %s", v.Snapshot.BypassedLockoutCheck, err, row.reason)
		}
	}
}

func TestHashesNameTheLivePolicyAndTheEvents(t *testing.T) {
	c := repairing(func(*rules.Configuration, *rules.Baseline) {})
	k := &keys{key: symmetric(t), policy: document(root)}
	i := inspector(k, c)
	for _, row := range []struct {
		event string
		same  bool
	}{{document(root), true}, {document(root, public), false}, {"{", false}} {
		v, err := i.Gather(t.Context(), inspect.Subject{Key: symmetric(t), Event: &inspect.Event{Policy: row.event}})
		if err != nil {
			t.Fatal(err)
		}
		i.Judge(&v)
		if v.LiveHash == "" || (v.LiveHash == v.EventHash) != row.same || row.event == "{" && v.EventHash != "" {
			t.Errorf("%s: live %s, event %s", row.event, v.LiveHash, v.EventHash)
		}
	}
}
