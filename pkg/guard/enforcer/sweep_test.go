package enforcer_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// A sweep may repair where the configuration says so, and only under the configuration that
// its message names.
func TestASweepRepairsUnderTheConfigurationOfItsMessageOnly(t *testing.T) {
	sweeping := configured(func(c *rules.Configuration) {
		c.Baselines[0].Style, c.Repair.Sweep = repair.Baselines[0].Style, true
	})
	const arn = "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
	for _, row := range []struct {
		reason        string
		configuration *rules.Configuration
		message       string // the configuration that it names
		policy        string // "" is a key that is gone
		action        guardrail.Action
		actionReason  string
	}{
		{"a sweep was completed under the configuration", sweeping, sweeping.Hash(), public, guardrail.Repaired, "public-access"},
		{"none was: the sweep is a first one", sweeping, "", public, guardrail.Reported, guardrail.ReasonFirstSweep},
		{"none was: the message is of before a change of the configuration", sweeping, repair.Hash(), public, guardrail.Reported, guardrail.ReasonFirstSweep},
		{"the configuration lets events repair only", repair, repair.Hash(), public, guardrail.Reported, guardrail.ReasonSweep},
		{"nothing is to be done", sweeping, sweeping.Hash(), good, guardrail.NoAction, ""},
		{"the key went after it was listed; waiting would not bring it back", sweeping, sweeping.Hash(), "", guardrail.Skipped, string(guardrail.CodeKeyGone)},
	} {
		keys, c := &memory{}, newClock()
		if row.policy != "" {
			k := memoryKeyOf("")
			k.ARN = arn
			keys.add(k, row.policy)
		}
		text, err := trail.SweptKey{KeyARN: arn, SweepID: "sweep", Time: c.now(), ConfigurationHash: row.message}.Encode()
		if err != nil {
			t.Fatal(err)
		}
		o, err := newEnforcer(keys, row.configuration, c, &bytes.Buffer{}).Handle(t.Context(), first(text))
		if err != nil || o.Action != row.action || o.ActionReason != row.actionReason {
			t.Errorf("%s, because of %q, %v; want %s: %s", o.Action, o.ActionReason, err, row.action, row.reason)
		}
		if o.Trigger != guardrail.BySweep || o.Actor != nil || o.KeyARN != arn {
			t.Errorf("trigger %q, actor %+v, key %q: %s", o.Trigger, o.Actor, o.KeyARN, row.reason)
		}
		if wrote := slices.Contains(keys.calls, "PutKeyPolicy"); wrote != (row.action == guardrail.Repaired) {
			t.Errorf("written: %t: %s", wrote, row.reason)
		}
	}
}
