package enforcer_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// handle handles an event in a scene, for the first time.
func (s *scene) handle(event []byte) (guardrail.Outcome, error) {
	return enforcer.New(s.config).Handle(s.t.Context(), first(event))
}

// put lets somebody put a policy, and returns its event a few seconds later.
func (s *scene) put(text string) (event []byte) {
	s.previous, s.changed = s.live(), s.clock.now()
	s.keys.keys[s.arn].policy = text
	s.clock.advance(4 * time.Second)
	return putEvent(s.arn, text, s.clock.now().Add(-4*time.Second))
}

// repaired is a scene whose key was public and has been repaired.
func repaired(t *testing.T) *scene {
	t.Helper()
	s := newScene(t, t.Name(), repair, apiDefault(t))
	if o, err := s.handle(s.put(public)); err != nil || o.Action != guardrail.Repaired {
		t.Fatalf("%+v, %v", summary(o), err)
	}
	s.queue = nil
	s.clock.advance(10 * time.Second)
	return s
}

// KMS is eventually consistent, and no second event tells of a policy that was not seen.
func TestWhatMayBeAnOldPolicyIsNeitherBelievedNorWrittenOver(t *testing.T) {
	ownDefault := apiDefault(t)
	for _, row := range []struct {
		name   string
		set    func(t *testing.T) (*scene, []byte)
		want   guardrail.Action // "" is given back
		reason string
	}{
		{"the event is of a drift, the policy is good", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, ownDefault)
			event := s.put(public)
			s.keys.keys[s.arn].policy = ownDefault
			return s, event
		}, "", "no further event tells of the drift"},
		{"the same, when the event is old", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, ownDefault)
			event := s.put(public)
			s.keys.keys[s.arn].policy = ownDefault
			s.clock.advance(settling)
			return s, event
		}, guardrail.NoAction, "the drift would be seen by now"},
		{"the event is good, the policy is a drift", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, public)
			event := s.put(ownDefault)
			s.keys.keys[s.arn].policy = public
			return s, event
		}, "", "a policy that somebody put right is not written over"},
		{"both drifted", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, ownDefault)
			event := s.put(public)
			s.keys.keys[s.arn].policy = publicToo
			return s, event
		}, guardrail.Repaired, "the work is the same, whichever is the older one"},
		{"the policy before the guardrail's own write", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, ownDefault)
			early := s.put(public)
			if o, err := s.handle(s.put(public)); err != nil || o.Action != guardrail.Repaired {
				t.Fatalf("%+v, %v", summary(o), err)
			}
			s.keys.keys[s.arn].policy = public
			return s, early
		}, "", "the event came before the write, so the policy is taken for an old one"},
		{"the same, put after the write", func(t *testing.T) (*scene, []byte) {
			s := repaired(t)
			return s, s.put(public)
		}, guardrail.Repaired, "somebody put it back"},
		{"the same, ten minutes later", func(t *testing.T) (*scene, []byte) {
			s := repaired(t)
			event := s.put(public)
			s.clock.advance(settling)
			return s, event
		}, guardrail.Repaired, "somebody put it back"},
		{"the guardrail replaced the policy of the event", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, ownDefault)
			early := s.put(publicToo)
			if o, err := s.handle(s.put(public)); err != nil || o.Action != guardrail.Repaired {
				t.Fatalf("%+v, %v", summary(o), err)
			}
			return s, early
		}, guardrail.NoAction, "so it is no surprise that the policy is another one"},
		{"a drift after the guardrail's write, which is all that is seen", func(t *testing.T) (*scene, []byte) {
			s := repaired(t)
			written := s.live()
			event := s.put(publicToo)
			s.keys.keys[s.arn].policy = written
			return s, event
		}, "", "the write cannot have replaced what came after it"},
		{"made with a drift, and seen after a repair by another event", func(t *testing.T) (*scene, []byte) {
			s := newScene(t, t.Name(), repair, public)
			made := createEvent(s.arn, s.clock.now())
			if o, err := s.handle(s.put(publicToo)); err != nil || o.Action != guardrail.Repaired {
				t.Fatalf("%+v, %v", summary(o), err)
			}
			s.keys.keys[s.arn].policy = publicToo
			return s, made
		}, "", "the event of a new key looks at the guardrail's writes, too, before it writes"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, event := row.set(t)
			writes := len(s.puts)
			o, err := s.handle(event)
			if (err != nil) != (row.want == "") || row.want != "" && o.Action != row.want {
				t.Errorf("%+v, %v: %s", summary(o), err, row.reason)
			}
			if row.want == "" && len(s.puts) != writes {
				t.Errorf("written: %s", row.reason)
			}
		})
	}
}

func TestAWriteThatWasNotSeenIsMadeAgain(t *testing.T) {
	s := drifted(repair, good, public)(t, t.Name())
	message := s.queue[0]
	s.unseen(message)
	e := s.bucket.entries(t, s.arn)[0]
	if e.isWritten() || e.Reported || len(s.reporter.outcomes) > 0 {
		t.Fatalf("not seen, but %+v, reports %+v", e, s.reporter.outcomes)
	}
	if !s.deliver(s.queue[1]) {
		t.Fatal("the guardrail's own event is given back")
	}
	s.clock.advance(visibility)
	if !s.deliver(message) || len(s.puts) != 2 || len(s.different()) != 1 {
		t.Errorf("writes %+v", s.puts)
	}
	e = s.bucket.entries(t, s.arn)[0]
	reports := s.reporter.of(s.arn, guardrail.Repaired)
	if !e.isWritten() || !e.Reported || len(reports) != 1 || reports[0].Archive != string(e.Record.Name) {
		t.Errorf("%+v, reports %+v", e, reports)
	}
}

// KMS has no conditional write. What another writer puts in the one call between the last
// read and the write is archived from its event.
func TestAPolicyThatAWriteReplacedUnseenIsArchivedFromItsEvent(t *testing.T) {
	for name, theirs := range map[string]string{"a drift": publicToo, "a good policy": apiDefault(t)} {
		t.Run(name, func(t *testing.T) {
			s := newScene(t, t.Name(), change(func(c *rules.Configuration) { c.Repair.Strategy = rules.Trim }), good, public)
			event := putEvent(s.arn, public, s.clock.now())
			s.clock.advance(4 * time.Second)
			var other []byte
			inner := sceneKeys{s}
			s.config.Keys = beforeWrite{inner, func() {
				s.keys.keys[s.arn].policy = theirs
				other = putEvent(s.arn, theirs, s.clock.now())
			}}
			s.superseding = true
			o, err := s.handle(event)
			if err != nil || o.Action != guardrail.Repaired {
				t.Fatalf("%+v, %v", summary(o), err)
			}
			s.config.Keys = inner
			s.send(other)
			s.settle()
			kept := s.bucket.entries(t, s.arn)[0].Superseded
			if len(kept) != 1 || kept[0].Policy.Text != theirs || !strings.Contains(kept[0].Actor.ARN, "Mallory") {
				t.Errorf("superseded: %+v", kept)
			}
		})
	}
}

// The same where the process that wrote is no more, and the other's event comes first.
func TestAPolicyThatADeadProcessReplacedUnseenIsArchivedFromItsEvent(t *testing.T) {
	s := drifted(repair, publicToo, public)(t, t.Name())
	var other []byte
	inner := sceneKeys{s}
	s.config.Keys = beforeWrite{inner, func() {
		s.keys.keys[s.arn].policy = good
		other = putEvent(s.arn, good, s.clock.now())
	}}
	s.superseding = true
	s.interrupt("KMS PutKeyPolicy")
	s.config.Keys = inner
	s.clock.advance(settling) // as late as an event can be that is acknowledged at once
	if _, err := s.handle(other); err != nil {
		t.Fatal(err)
	}
	if kept := s.bucket.entries(t, s.arn)[0].Superseded; len(kept) != 1 || kept[0].Policy.Text != good {
		t.Errorf("superseded: %+v", kept)
	}
}

// beforeWrite lets something happen right before a write.
type beforeWrite struct {
	sceneKeys
	happen func()
}

func (k beforeWrite) PutPolicy(ctx context.Context, arn, text string) error {
	k.happen()
	return k.sceneKeys.PutPolicy(ctx, arn, text)
}

// The event tells of the policy that is replaced; what was read, twice, is older.
func TestThePolicyOfAYoungEventIsArchivedBeforeAnotherIsReplaced(t *testing.T) {
	s := drifted(repair, publicToo, public)(t, t.Name())
	s.armed, s.faults = true, map[int]faultKind{1: stale}
	s.deliver(s.queue[0])
	reread := slices.Index(s.calls[2:], "KMS GetKeyPolicy") + 2
	s = drifted(repair, publicToo, public)(t, t.Name())
	s.armed, s.faults = true, map[int]faultKind{1: stale, reread: stale}
	if !s.deliver(s.queue[0]) || len(s.puts) != 1 || s.struck != 2 {
		t.Fatalf("%d writes, calls %q", len(s.puts), s.calls)
	}
	if e := s.bucket.entries(t, s.arn)[0]; e.Record.Before.Text != publicToo || len(e.Superseded) != 1 || e.Superseded[0].Policy.Text != public {
		t.Errorf("archived %s, superseded %+v", e.Record.Before.Text, e.Superseded)
	}
}

// The policy that is judged is the one that is replaced, or judging starts over.
func TestAPolicyThatChangesBeforeTheWriteIsJudgedAnew(t *testing.T) {
	for _, row := range []struct {
		name   string
		theirs []string // put before each read but the first, until there is no more
		want   guardrail.Action
		writes int
		reason string
	}{
		{"another drift", []string{publicToo}, guardrail.Repaired, 1, "by a record of its own"},
		{"put right", []string{good}, guardrail.NoAction, 0, "there is nothing to write, and the claim is closed"},
		{"undecided", []string{unsure}, guardrail.Reported, 0, "nothing is proved any more"},
		{"again and again", everChanging(6), "", 0, "the message is given back"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := newScene(t, t.Name(), repair, good, public)
			event := putEvent(s.arn, public, s.clock.now().Add(-time.Hour))
			changing := &changing{sceneKeys{s}, row.theirs, false}
			s.config.Keys = changing
			o, err := s.handle(event)
			if (err != nil) != (row.want == "") || row.want != "" && o.Action != row.want || len(s.puts) != row.writes {
				t.Errorf("%+v, %v, %d writes: %s", summary(o), err, len(s.puts), row.reason)
			}
			e := s.bucket.entries(t, s.arn)[0]
			if row.want != "" && (!e.Reported || !e.isWritten() && !e.isEnded()) {
				t.Errorf("the claim is left open: %+v", e)
			}
			if row.writes > 0 && e.Record.Before.Text != publicToo {
				t.Errorf("archived: %s", e.Record.Before.Text)
			}
		})
	}
}

// everChanging are so many policies, each of them public.
func everChanging(n int) (policies []string) {
	for i := range n {
		policies = append(policies, document(toAccount, allow(`"*"`, []string{"kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptTo", "kms:ReEncryptFrom", "kms:GenerateDataKeyPair", "kms:DescribeKey"}[i])))
	}
	return policies
}

// changing is a KMS whose key somebody else changes before each read but the first.
type changing struct {
	sceneKeys
	theirs []string
	again  bool
}

func (k *changing) Policy(ctx context.Context, arn string) (string, error) {
	if k.again && len(k.theirs) > 0 {
		k.s.keys.keys[k.s.arn].policy = k.theirs[0]
		k.theirs = k.theirs[1:]
	}
	k.again = true
	return k.sceneKeys.Policy(ctx, arn)
}

// strange is a policy that KMS takes, say, and the guardrail cannot read.
func strange(text string) string {
	return strings.Replace(text, `"Version"`, `"Whatever":1,"Version"`, 1)
}

// oldReads is a KMS whose first reads answer with an old policy.
type oldReads struct {
	sceneKeys
	text string
	left int
}

func (k *oldReads) Policy(ctx context.Context, arn string) (string, error) {
	if k.left--; k.left >= 0 {
		return k.text, nil
	}
	return k.sceneKeys.Policy(ctx, arn)
}

// No further event tells of a drift whose event does not say what was put.
func TestACompliantPolicyIsNotBelievedWhereTheEventDoesNotTellWhatWasPut(t *testing.T) {
	omitted := func(event []byte) []byte {
		var e map[string]any
		if err := json.Unmarshal(event, &e); err != nil {
			t.Fatal(err)
		}
		detail := e["detail"].(map[string]any)
		detail["requestParameters"] = nil
		detail["resources"] = []any{map[string]any{"ARN": sceneKey, "accountId": account, "type": "AWS::KMS::Key"}}
		text, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	for _, row := range []struct {
		name     string
		put      string
		event    func([]byte) []byte
		age      time.Duration
		give     bool
		verdict  guardrail.Verdict
		oldReads bool
		reason   string
	}{
		{"it omits the policy", public, omitted, 0, true, "", true, "the drift may not be seen yet"},
		{"it is old", public, omitted, settling, false, guardrail.Compliant, true, "the drift would be seen by now"},
		{"its policy cannot be read", strange(public), nil, 0, true, "", true, "KMS took it, and it may be anything"},
		{"its policy cannot be read, and is the live one", strange(public), nil, 0, false, guardrail.CannotJudge, false, "there is nothing to wait for"},
		{"it omits the policy, and the live one is a drift", public, omitted, 0, false, guardrail.NonCompliant, false, "what is bad is repaired"},
	} {
		s := newScene(t, row.name, repair, good)
		event := s.put(row.put)
		if row.event != nil {
			event = row.event(event)
		}
		s.clock.advance(row.age)
		if row.oldReads {
			s.config.Keys = &oldReads{sceneKeys{s}, apiDefault(t), 9}
		}
		o, err := s.handle(event)
		if (err != nil) != row.give || !row.give && o.Verdict != row.verdict {
			t.Errorf("%s: %+v, %v: %s", row.name, summary(o), err, row.reason)
		}
	}
}

// Both reads before the write may be as old as KMS needs to settle.
func TestAPolicyThatOldReadsHidIsArchivedFromItsEvent(t *testing.T) {
	for name, theirs := range map[string]string{"a drift": publicToo, "a policy that cannot be read": strange(public)} {
		s := newScene(t, name, repair, good)
		s.superseding = true
		event := s.put(public)
		s.clock.advance(time.Minute)
		other := s.put(theirs)
		s.clock.advance(20 * time.Second)
		s.config.Keys = &oldReads{sceneKeys{s}, public, 2}
		if o, err := s.handle(event); err != nil || o.Action != guardrail.Repaired || s.puts[0].before != theirs {
			t.Fatalf("%s: %+v, %v", name, summary(o), err)
		}
		s.config.Keys = sceneKeys{s}
		for _, m := range [][]byte{event, other} {
			if o, err := s.handle(m); err != nil || len(s.puts) != 1 {
				t.Errorf("%s: %+v, %v", name, summary(o), err)
			}
		}
		if kept := s.bucket.entries(t, s.arn)[0].Superseded; len(kept) != 1 || kept[0].Policy.Text != theirs {
			t.Errorf("%s: superseded %+v", name, kept)
		}
	}
}

// A policy that cannot be read is archived before what may be an older one is replaced.
func TestAnUnreadablePolicyOfAYoungEventIsArchivedBeforeAnotherIsReplaced(t *testing.T) {
	s := newScene(t, t.Name(), repair, good)
	s.put(public)
	event := s.put(strange(public))
	s.config.Keys = &oldReads{sceneKeys{s}, public, 2}
	if o, err := s.handle(event); err != nil || o.Action != guardrail.Repaired || len(s.puts) != 1 { // the scene checks what is archived
		t.Errorf("%+v, %v", summary(o), err)
	}
}
