package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/events"
)

type ruleProperties struct {
	EventPattern       any
	ScheduleExpression string
	State              string
	EventBusName       any
	Targets            []struct {
		Arn              any
		Input            string
		DeadLetterConfig struct{ Arn any }
		RetryPolicy      struct{ MaximumEventAgeInSeconds, MaximumRetryAttempts int }
	}
}

func theRule(t *testing.T) (ruleProperties, map[string]queueProperties) {
	t.Helper()
	template := newTemplate(t, nil)
	rules := decodeResources[ruleProperties](t, template, "AWS::Events::Rule")
	maps.DeleteFunc(rules, func(id string, rule ruleProperties) bool {
		return rule.ScheduleExpression != "" || strings.HasPrefix(id, "Tampering") || strings.HasPrefix(id, "KeyEventsGrants")
	})
	if len(rules) != 1 {
		t.Fatalf("%d rules, want one", len(rules))
	}
	queues := decodeResources[queueProperties](t, template, "AWS::SQS::Queue")
	for _, rule := range rules {
		if len(rule.Targets) != 1 {
			t.Fatalf("%d targets, want one", len(rule.Targets))
		}
		return rule, queues
	}
	panic("unreachable")
}

// The samples of the decoder's tests and of the demo are matched against the file, so the
// deployed pattern has to be the file.
func TestRulePatternIsThePatternFile(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "events", "pattern.json"))
	if err != nil {
		t.Fatal(err)
	}
	var want any
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	rule, _ := theRule(t)
	if !reflect.DeepEqual(rule.EventPattern, want) {
		t.Errorf("the rule's pattern is\n%v\nand events/pattern.json is\n%v", rule.EventPattern, want)
	}
}

// ENABLED matches write management events. The state that also matches reads would send
// every Decrypt and DescribeKey of the account past the rule.
func TestRuleListensOnTheDefaultBusForWrites(t *testing.T) {
	rule, _ := theRule(t)
	if rule.State != "ENABLED" || rule.EventBusName != nil {
		t.Errorf("state %s on bus %v, want ENABLED on the default bus", rule.State, rule.EventBusName)
	}
}

func TestRuleRetriesForADayThenKeepsTheEvent(t *testing.T) {
	rule, queues := theRule(t)
	target := rule.Targets[0]
	if target.RetryPolicy.MaximumEventAgeInSeconds != 86400 || target.RetryPolicy.MaximumRetryAttempts != 185 {
		t.Errorf("retry policy %+v, want the longest that EventBridge has", target.RetryPolicy)
	}
	source, undelivered := attributeOwner(t, target.Arn), attributeOwner(t, target.DeadLetterConfig.Arn)
	if queues[source].RedrivePolicy == nil {
		t.Errorf("the target %s is not the queue of the function", source)
	}
	functionsOwn := attributeOwner(t, queues[source].RedrivePolicy.DeadLetterTargetArn)
	if undelivered == source || undelivered == functionsOwn {
		t.Errorf("undelivered events go to %s, want a queue of their own", undelivered)
	}
}

// TestTheConfigurationDecidesWhichEventsAreAskedFor: events of labels and grants cost something, and a
// configuration may not need them.
func TestTheConfigurationDecidesWhichEventsAreAskedFor(t *testing.T) {
	const byTag = "version: 1\nbaselines: {standard: {style: api}}\nrules: [{name: a, match: {tags: {a: b}}}]\n"
	for _, row := range []struct {
		text   string
		want   []string
		reason string
	}{
		{"version: 1\nbaselines: {standard: {style: api}}\n", []string{"Grants", "Rule"}, "grants are looked at unless the file says no"},
		{"version: 1\ngrants: off\nbaselines: {standard: {style: api}}\n", []string{"Rule"}, "nothing more is asked for"},
		{byTag, []string{"Grants", "Labels", "Rule"}, "a rule asks for a tag"},
		{"version: 1\ngrants: off\nnotices: [DisableKey]\nbaselines: {standard: {style: api}}\n", []string{"Notices", "Rule"}, "people want to hear of a call"},
	} {
		file := filepath.Join(t.TempDir(), "guardrail.yaml")
		if err := os.WriteFile(file, []byte(row.text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := readConfiguration(file, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(c.patterns())); !slices.Equal(got, row.want) {
			t.Errorf("rules %q, want %q: %s", got, row.want, row.reason)
		}
	}
	template := newTemplate(t, configured(t, byTag))
	found := 0
	for id, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
		for prefix, pattern := range map[string][]byte{"KeyEventsLabels": events.LabelPattern(), "KeyEventsGrants": events.GrantPattern()} {
			var want any
			if err := json.Unmarshal(pattern, &want); err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(id, prefix) {
				found++
				if !reflect.DeepEqual(rule.EventPattern, want) {
					t.Errorf("%s has the pattern %v", id, rule.EventPattern)
				}
			}
		}
	}
	if found != 2 {
		t.Errorf("%d rules", found)
	}
}
