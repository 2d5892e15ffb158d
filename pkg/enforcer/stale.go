package enforcer

import (
	"errors"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// errNotSettled says that KMS may still answer with an old policy.
var errNotSettled = errors.New("the key policy that was read may be an old one; KMS may not have settled yet")

// settled is an error where the policy that was read may be older than the event, or
// than the guardrail's own last write: KMS is eventually consistent.
//
// The policy before the guardrail's write, read within the settling time, is taken for
// an old one, and not written over again. A policy that is as it should be is not
// believed while the event is young and tells of another one that is not, since no
// further event would tell of the drift; unless the guardrail itself replaced that one.
// Where somebody else did, the event comes back until it is old enough, and does no harm.
func (w *work) settled() error {
	last := w.state.LastWrite
	recent := last != nil && w.config.Now().Sub(last.Time) < settlingTime
	if recent && w.live == last.Before && last.Before != last.After {
		return errNotSettled
	}
	if recent && w.live == last.After || w.judgement.Verdict != guardrail.Compliant {
		return nil
	}
	if w.event.PolicyText == "" || w.config.Now().Sub(w.event.Time) >= settlingTime {
		return nil
	}
	if told := hash(w.snapshot.Key, w.event.PolicyText); told != "" && told == w.live {
		return nil
	}
	s := w.snapshot
	s.Policy, s.BypassedLockoutCheck = w.event.PolicyText, false
	if guardrail.Judge(s, w.config.Configuration, w.config.Now()).Verdict != guardrail.Compliant {
		return errNotSettled
	}
	return nil
}
