package archive

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

const (
	minWindow = time.Minute
	maxWindow = 7 * 24 * time.Hour
	// maxEventAge is the longest that SQS keeps a message. A claim for the event of a
	// younger one is in the part of the ledger that is looked at.
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
	maxEventAge = 14 * 24 * time.Hour
	// skew is how far the clock that timed the event may be ahead of ours. What is
	// further ahead is refused: claims are looked for from the event's time on.
	skew = time.Hour
)

// Claim implements [enforcer.Archive].
func (a *Archive) Claim(ctx context.Context, record enforcer.Record, limits enforcer.Limits) (enforcer.Claim, error) {
	record.Time, record.EventTime = record.Time.UTC(), record.EventTime.UTC()
	k, err := checked(record, limits)
	if err != nil {
		return enforcer.Claim{}, err
	}
	l, err := a.look(ctx, k, record)
	if err != nil {
		return enforcer.Claim{}, err
	}
	if l.own != nil {
		return a.resume(ctx, *l.own, record, limits)
	}
	return a.begin(ctx, k, l, record, limits)
}

// ledger is what matters of a key's claims to one event.
type ledger struct {
	own    *claim  // the event's
	open   []claim // of other events
	claims []claim // all that were read
}

// look reads the key's claims: those that may be the event's, and those that are open.
// It lists as far back as both can be.
func (a *Archive) look(ctx context.Context, k key, record enforcer.Record) (ledger, error) {
	folder := repairs + k.String() + "/"
	after := folder + record.Time.Add(-maxEventAge-maxWindow-skew).Format(timeLayout)
	found, err := a.slots(ctx, folder, after)
	if err != nil {
		return ledger{}, err
	}
	var l ledger
	for _, s := range found {
		if s.written && s.window.end.Before(record.EventTime.Add(-skew)) {
			continue
		}
		c, err := a.read(ctx, s)
		if err != nil {
			return ledger{}, err
		}
		l.claims = append(l.claims, c)
		switch {
		case c.record.EventID == record.EventID && c.held():
			// It was not written, and ends nothing: the event may claim anew.
		case c.record.EventID == record.EventID:
			l.own = &c
		case c.open():
			l.open = append(l.open, c)
		}
	}
	return l, nil
}

// begin makes a new claim.
func (a *Archive) begin(ctx context.Context, k key, l ledger, record enforcer.Record, limits enforcer.Limits) (enforcer.Claim, error) {
	for _, c := range l.open {
		if until := c.record.Time.Add(a.options.Lock); record.Time.Before(until) {
			return enforcer.Claim{}, fmt.Errorf("%w: %s is held until %s", enforcer.ErrBusy, c.slotName, until.Format(time.RFC3339))
		}
	}
	w := windowAt(record.Time, limits.Window)
	n, err := l.next(w, limits.Budget)
	if err != nil {
		return enforcer.Claim{}, err
	}
	t, err := a.ticket(ctx, k.account, record.Time, limits)
	if err != nil {
		return enforcer.Claim{}, err
	}
	for _, c := range l.open {
		if err := a.Abandon(ctx, c.hold(), end(record, enforcer.LockExpired)); err != nil {
			return enforcer.Claim{}, err
		}
	}
	name := slotName{key: k, window: w, n: n}
	if err := createBody(ctx, a.objects, name.String(), claimBody{Record: record, Breaker: t}); err != nil {
		return enforcer.Claim{}, busy(err)
	}
	c := enforcer.Claim{Hold: enforcer.Hold{Slot: name.slot()}, Status: enforcer.Fresh, Record: record}
	return a.secure(ctx, name, c, t, limits)
}

// next returns the number of the next claim in a window, or a *BudgetError.
func (l ledger) next(w window, budget int) (int, error) {
	var used []enforcer.BudgetUse
	for _, c := range l.claims {
		if c.window != w {
			continue
		}
		if c.n != len(used)+1 {
			return 0, corrupt(c.String(), "claim %d is expected to come before", len(used)+1)
		}
		u := enforcer.BudgetUse{Slot: c.slot.slot(), Time: c.record.Time, EventID: c.record.EventID, Written: c.written}
		if c.record.Actor != nil {
			u.ActorARN = c.record.Actor.ARN
		}
		used = append(used, u)
	}
	if len(used) >= budget {
		return 0, &enforcer.BudgetError{Budget: budget, Until: w.end, Used: used}
	}
	return len(used) + 1, nil
}

// resume goes on with the claim of an earlier attempt at the same message.
func (a *Archive) resume(ctx context.Context, c claim, record enforcer.Record, limits enforcer.Limits) (enforcer.Claim, error) {
	answer := enforcer.Claim{Hold: c.hold(), Record: c.record, Abandoned: c.abandoned, Reported: c.reported}
	own := c.record.Holder == record.Holder
	ends := c.record.Time.Add(max(a.options.Invocation, limits.Settle))
	switch {
	case c.written:
		answer.Status = enforcer.AlreadyWritten
		return answer, nil
	case c.abandoned != nil:
		answer.Status = enforcer.AlreadyAbandoned
		return answer, nil
	case own && c.record.Before == record.Before && c.record.After == record.After:
		answer.Status = enforcer.Fresh
		if c.turns > 0 {
			answer.Status = enforcer.Adopted
		}
		return a.secure(ctx, c.slotName, answer, c.breaker, limits)
	case !own && record.Time.Before(ends):
		return enforcer.Claim{}, fmt.Errorf("%w: an earlier attempt at the same message may hold %s, or have written, until %s", enforcer.ErrBusy, c.slotName, ends.Format(time.RFC3339))
	case !own && c.record.Before.Hash != record.Before.Hash:
		answer.Status = enforcer.Interrupted
		return answer, nil
	default:
		return a.handOver(ctx, c, record, limits)
	}
}

// handOver gives a claim to the holder of another record.
func (a *Archive) handOver(ctx context.Context, c claim, record enforcer.Record, limits enforcer.Limits) (enforcer.Claim, error) {
	answer := enforcer.Claim{Hold: c.hold(), Record: record, Status: enforcer.Adopted, Reported: c.reported}
	answer.Turn++
	if answer.Turn > maxNumber {
		return enforcer.Claim{}, refuse("%s has changed hands %d times", c.slotName, c.turns)
	}
	if err := createBody(ctx, a.objects, c.turn(answer.Turn), handoverBody{Record: &record}); err != nil {
		return enforcer.Claim{}, busy(err)
	}
	return a.secure(ctx, c.slotName, answer, c.breaker, limits)
}

// secure completes a claim that is held: with the breaker's consent, and a pointer in
// the outbox. Only then it may be written.
func (a *Archive) secure(ctx context.Context, name slotName, c enforcer.Claim, t ticket, limits enforcer.Limits) (enforcer.Claim, error) {
	err := a.pass(ctx, name, t, limits)
	var reached *enforcer.BreakerError
	if errors.As(err, &reached) {
		if err := a.Abandon(ctx, c.Hold, end(c.Record, enforcer.BreakerOpened)); err != nil {
			return enforcer.Claim{}, err
		}
	}
	if err != nil {
		return enforcer.Claim{}, err
	}
	if err := createBody(ctx, a.objects, name.pointer(), slotBody{name.slot()}); err != nil {
		return enforcer.Claim{}, busy(err)
	}
	return c, nil
}

// end is the end of a claim by the attempt that a record is of.
func end(record enforcer.Record, reason string) enforcer.Abandonment {
	return enforcer.Abandonment{Time: record.Time, Holder: record.Holder, EventID: record.EventID, Reason: reason}
}
