package ledger

import "time"

// SettlingTime is how long a key that was just made may be unknown to other KMS calls, and an
// old policy be read: "in some cases several minutes".
// https://docs.aws.amazon.com/kms/latest/developerguide/accessing-kms.html#programming-eventual-consistency
const SettlingTime = 10 * time.Minute

// ClockSkew is how far the clocks of CloudTrail and of the function may differ. Event times
// are cut to seconds.
const ClockSkew = 2 * time.Second

// facts are what the rows of [Next] ask of a situation.
type facts struct {
	Situation
	// open is the repair that is claimed, own the closed one of the event; nil for none.
	open, own *Repair
	// mine says that this delivery holds the claim, inTheWay that another one does, and that
	// the message cannot go on before that claim is closed.
	mine, inTheWay bool
	// unreported is a closed repair that this delivery is to report; nil for none.
	unreported *Repair
	// replaced are the repairs that may have replaced the event's policy unseen.
	replaced []Repair
}

func (s Situation) facts() facts {
	f := facts{Situation: s, open: s.Ledger.Open(), own: s.Ledger.of(s.Message.EventID)}
	f.mine = f.open != nil && f.open.Holder == s.Message.Holder
	ownIsOpen := f.own != nil && f.own.Phase == Claimed
	f.inTheWay = f.open != nil && !f.mine && (ownIsOpen || s.Judgement.Repair)
	if ownIsOpen {
		f.own = nil
	}
	f.unreported = s.Ledger.last(f.isToReport)
	if !s.Message.Superseded {
		f.replaced = f.replacedUnseen()
	}
	return f
}

// isToReport tells whether this delivery reports a repair: its message's, or one that it has
// closed. What it gave up itself is part of its own outcome, which is reported at the end.
func (f *facts) isToReport(r *Repair) bool {
	mine := r.Holder == f.Message.Holder
	isConcluded := mine && r.Phase == Ended && r.Reason != Unconfirmed
	return r.Phase != Claimed && !r.Reported && !isConcluded && (mine || r.EventID == f.Message.EventID)
}

// isQuiet tells whether people are not told of a written repair, because it is one of many.
func (f facts) isQuiet(r *Repair) bool {
	return r.isCritical() && r.Phase == Written && f.Ledger.Critical.isQuiet(f.Now)
}

// isAlive tells whether the holder of a repair can still be at work.
func (f facts) isAlive(r *Repair) bool { return f.Now.Before(r.Deadline) }

// isYoung tells whether KMS may not have settled since the event.
func (f facts) isYoung() bool { return f.Now.Sub(f.Message.EventTime) < SettlingTime }

// isDoubtful tells whether a young event tells of another policy than the live one.
func (f facts) isDoubtful() bool {
	return f.Reading.Event != "" && f.Reading.Event != f.Reading.Live && f.isYoung()
}

// isNothingToRecall: a compliant key that was just made has no past.
func (f facts) isNothingToRecall() bool {
	return f.Message.NewKey && f.Judgement.Compliant && !f.isDoubtful()
}

// mayRewrite tells whether the policy of a dead delivery's claim may be written again: the key
// has the policy that the claim replaces, or seems to have the planned one already. A third
// policy is never written over. A person's restore is left to the person.
func (f facts) mayRewrite() bool {
	isBefore := f.Reading.Live == f.open.Before && f.Judgement.Repair
	isAfter := f.Reading.Live == f.open.After && f.Judgement.MayWrite
	return f.open.Kind == ForFinding && (isBefore || isAfter)
}

// isStale tells whether the policy that was read may be older than the event, or than the
// guardrail's own last write.
//
// The policy before a write, read within the settling time, is taken for an old one, unless
// the event says that somebody put it back. A policy
// that is not the one which a young event tells of may be older or newer than that, and no
// further event would tell of the policy that was not seen. So the event comes back until it
// is old enough, unless the guardrail itself replaced the event's policy (put before its claim,
// or the policy that it claimed for), or both policies are judged alike. Where it is not known of which policy the event is, a compliant one is not
// believed.
func (f facts) isStale() bool {
	if !f.Reading.Readable {
		return false
	}
	if last := f.Ledger.LastWrite(); last != nil && f.Now.Sub(last.Closed) < SettlingTime {
		switch {
		case f.Reading.Live == last.Before && last.Before != last.After:
			return !f.isPutBack(last)
		case f.Reading.Live == last.After && (last.EventID == f.Message.EventID || !f.Message.EventTime.Add(ClockSkew).After(last.Claimed)):
			return false
		}
	}
	if f.Reading.EventIsHidden && f.isYoung() && f.Judgement.Compliant {
		return true
	}
	return f.isDoubtful() && !f.Judgement.EventAlike
}

// isPutBack tells whether the event says that somebody put back what the guardrail's last write
// replaced: the event is a new one, it was not made before KMS answered that write, and it has
// the text that was replaced. Event times are cut to seconds. An event can be forged, and the
// policy that was read can be old all the same; then the key gets the policy that it has, once more.
func (f facts) isPutBack(last *Repair) bool {
	isNew := f.Ledger.of(f.Message.EventID) == nil
	isLater := !f.Message.EventTime.Before(last.Closed.Truncate(time.Second))
	return last.Kind == ForFinding && isNew && isLater && f.Reading.Event == last.Before
}

// replacedUnseen returns the repairs whose write may have replaced the event's policy: put
// after the policy that was judged, and before the write. What was judged may have been old by
// as much as KMS needs to settle. Nobody knows when a claim was written by that is open or was
// given up, if at all. To archive one policy more does no harm.
func (f facts) replacedUnseen() []Repair {
	isLive := f.Reading.Event != "" && f.Reading.Event == f.Reading.Live
	if !f.Reading.EventHasText || !f.Reading.Readable || isLive {
		return nil
	}
	var found []Repair
	at := f.Message.EventTime
	for _, r := range f.Ledger.Repairs {
		until := f.Now
		if r.Phase == Written {
			until = r.Closed
		}
		isBefore := at.Before(until.Add(ClockSkew))
		switch {
		case r.Phase == Ended && r.Reason != Unconfirmed:
		case r.After == f.Reading.Event, r.Before == f.Reading.Event && isBefore:
			return nil // its text is archived
		case at.After(r.Claimed.Add(-SettlingTime)) && isBefore:
			found = append(found, r)
		}
	}
	return found
}
