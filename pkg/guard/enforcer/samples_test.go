package enforcer_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// sampleKey is a key as the event of a sample names it, of the type that the sample
// created where it did.
func sampleKey(t *testing.T, event trail.Event) rules.Key {
	t.Helper()
	k := memoryKeyOf("")
	k.ARN, k.Account, k.Region, k.Partition = event.KeyARN, event.Account, event.Region, event.Partition
	if event.Partition == "aws-cn" {
		k.Type = defaultpolicy.KeyType{Spec: defaultpolicy.SM2, Usage: defaultpolicy.SignVerify}.WithDefaults()
	}
	return k
}

// clockAfter is a clock an hour after an event.
func clockAfter(event trail.Event) *clock {
	c := newClock()
	if event.KeyARN != "" {
		c.at = event.Time.Add(time.Hour)
	}
	return c
}

// Every sample is handled in a world in which each key exists and is open to everyone: what
// is to be judged is repaired (or reported, of a sweep), the rest is skipped for the
// decoder's reason.
func TestEverySampleIsRepairedOrSkippedForItsReason(t *testing.T) {
	repaired := 0
	for _, sample := range events.Samples() {
		event, err := trail.Decode(sample.JSON)
		if err != nil {
			t.Fatal(err)
		}
		keys, c := &memory{}, clockAfter(event)
		if event.KeyARN != "" {
			keys.add(sampleKey(t, event), `{"Statement":`+allow(`"*"`, "kms:*")+`}`)
		}
		o, err := newEnforcer(keys, repair, c, &bytes.Buffer{}).Handle(t.Context(), first(sample.JSON))
		if err != nil {
			t.Errorf("%s: %v", sample.Name, err)
			continue
		}
		want := outcome{guardrail.NonCompliant, rules.Critical, guardrail.LivePolicy, guardrail.Repaired, "public-access"}
		calls := []string{"DescribeKey", "GetKeyPolicy", "GetKeyPolicy", "PutKeyPolicy", "GetKeyPolicy"}
		switch {
		case event.Ignored != "":
			want, calls = outcome{guardrail.NothingToJudge, rules.NoSeverity, "", guardrail.Skipped, string(event.Ignored)}, nil
		case slices.Contains(rules.NoticeCalls(), event.Name):
			want, calls = outcome{guardrail.NothingToJudge, rules.NoSeverity, "", guardrail.Skipped, "notice"}, nil
		case event.SweepID != "":
			want.Action, want.Reason, calls = guardrail.Reported, guardrail.ReasonSweep, calls[:2]
		default:
			repaired++
		}
		if summary(o) != want || !slices.Equal(keys.calls, calls) {
			t.Errorf("%s: %+v with calls %q, want %+v with calls %q", sample.Name, summary(o), keys.calls, want, calls)
		}
		byCall := o.Actor != nil && o.Actor.EventID == event.ID && o.Trigger == guardrail.ByEvent
		bySweep := o.Actor == nil && event.SweepID != "" && o.Trigger == guardrail.BySweep
		if o.KeyARN != event.KeyARN || !byCall && !bySweep {
			t.Errorf("%s: outcome of key %q and actor %+v", sample.Name, o.KeyARN, o.Actor)
		}
	}
	if repaired < 30 {
		t.Errorf("only %d samples are judged", repaired)
	}
}

// The same in a world in which no key is what it was: gone, or closed to the guardrail.
func TestEverySampleEndsInAnOutcomeWhereNoKeyCanBeRead(t *testing.T) {
	for _, sample := range events.Samples() {
		event, err := trail.Decode(sample.JSON)
		if err != nil {
			t.Fatal(err)
		}
		for name, denied := range map[string]bool{"gone": false, "closed": true} {
			keys, c := &memory{}, clockAfter(event)
			if denied && event.KeyARN != "" {
				keys.add(sampleKey(t, event), good).denied = true
			}
			o, err := newEnforcer(keys, repair, c, &bytes.Buffer{}).Handle(t.Context(), first(sample.JSON))
			want := guardrail.Skipped
			if denied && event.Ignored == "" && !slices.Contains(rules.NoticeCalls(), event.Name) {
				want = guardrail.Reported
			}
			if err != nil || o.Action != want || slices.Contains(keys.calls, "PutKeyPolicy") {
				t.Errorf("%s, %s: %+v, %v, calls %q", sample.Name, name, summary(o), err, keys.calls)
			}
			if _, err := json.Marshal(o); err != nil {
				t.Errorf("%s, %s: %v", sample.Name, name, err)
			}
		}
	}
}

func TestABadEventIsReportedWithItsReasonAndNoKeyIsTouched(t *testing.T) {
	reasons := map[string]int{}
	for _, sample := range events.Bad() {
		_, decodeErr := trail.Decode(sample.JSON)
		var problem *trail.Error
		if !errors.As(decodeErr, &problem) {
			t.Fatalf("%s: %v", sample.Name, decodeErr)
		}
		keys, c := &memory{}, newClock()
		o, err := newEnforcer(keys, repair, c, &bytes.Buffer{}).Handle(t.Context(), first(sample.JSON))
		if err != nil {
			t.Errorf("%s: given back, but it stays as it is: %v", sample.Name, err)
			continue
		}
		want := outcome{guardrail.CannotJudge, rules.High, "", guardrail.Reported, string(problem.Code)}
		if summary(o) != want || !slices.Equal(codes(o), []guardrail.Code{guardrail.CodeBadEvent}) {
			t.Errorf("%s: %+v, findings %q, want %+v", sample.Name, summary(o), codes(o), want)
		}
		if len(keys.calls) > 0 || o.KeyARN != "" || o.Actor != nil && o.Actor.EventID == "" {
			t.Errorf("%s: calls %q, key %q, actor %+v", sample.Name, keys.calls, o.KeyARN, o.Actor)
		}
		reasons[o.ActionReason]++
	}
	for _, code := range []string{
		"malformed-event", "event-too-deep", "not-an-event", "unexpected-source", "unsupported-event-version",
		"no-key", "invalid-key-reference", "event-disagrees", "unsupported-partition",
	} {
		if reasons[code] == 0 {
			t.Errorf("no bad event is reported as %s: %v", code, reasons)
		}
	}
	o, err := newEnforcer(&memory{}, repair, newClock(), &bytes.Buffer{}).Handle(t.Context(), first(make([]byte, trail.MaxEventBytes+1)))
	if err != nil || o.ActionReason != "event-too-large" {
		t.Errorf("too large: %+v, %v", summary(o), err)
	}
}
