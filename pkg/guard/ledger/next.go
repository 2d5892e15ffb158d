package ledger

import (
	"fmt"
	"time"
)

// Situation is what a delivery of a message knows when it asks for its next step.
type Situation struct {
	Ledger Ledger
	// Recalled says that Ledger was read, or that there is no archive to read it from.
	Recalled  bool
	Message   Message
	Reading   Reading
	Judgement Judgement
	Limits    Limits
	Now       time.Time
}

// Message is one delivery of an event, and what that delivery has done.
type Message struct {
	EventID   string
	EventTime time.Time
	// Holder names this delivery: no two deliveries share a name.
	Holder string
	// NewKey says that this is the first delivery of the event of a new key, which has no past.
	NewKey bool
	// Wrote says that this delivery wrote the policy of its claim, and saw it on the key.
	Wrote bool
	// Superseded says that this delivery archived the event's policy beside the repairs that
	// may have replaced it.
	Superseded bool
}

// Reading is what KMS answered in this round, beside what the event says.
type Reading struct {
	// Made says that the key was read since the last change of the delivery's claim.
	Made bool
	// Readable says that KMS returned the policy.
	Readable bool
	// Live is the hash of the policy that KMS returned, Event is the hash of the policy text in
	// the CloudTrail event. Each is empty if there is no such policy or it does not parse.
	Live, Event string
	// EventHasText says that the event carries a policy text.
	EventHasText bool
	// EventIsHidden says that the event's policy cannot be compared with the live one: the
	// event leaves it out, or it does not parse. As far as the texts tell, the two differ.
	EventIsHidden bool
}

// Judgement is what package guardrail says of the reading, as far as it decides a step.
type Judgement struct {
	Compliant bool
	Critical  bool
	// Repair says that a repair is wanted, and was not refused in this delivery. Planned says
	// that there is a plan for it.
	Repair, Planned bool
	// Unsettled says that the key is so new that the rule which applies may still change, and that nothing
	// about it is critical.
	Unsettled bool
	// MayWrite says that the configuration lets the guardrail write this key at all.
	MayWrite bool
	// EventAlike says that the event's policy and the live one are judged alike. Then the work
	// is the same, whichever of the two is the older one.
	EventAlike bool
}

// Dismiss says that no repair is wanted in this delivery any more, and that the delivery may
// not write.
func (j *Judgement) Dismiss() { j.Repair, j.MayWrite = false, false }

// Do is a kind of step.
type Do string

// The steps. Each but Wait and Conclude is followed by the question for the next one.
const (
	Read      Do = "read"      // the key, and judge what was read
	Recall    Do = "recall"    // read the ledger
	Supersede Do = "supersede" // archive the event's policy beside each of Step.Repairs
	Plan      Do = "plan"      // plan the repair
	Pause     Do = "pause"     // wait until Step.Until, and read the key again
	Claim     Do = "claim"     // count, archive the record, and claim
	TakeOver  Do = "take-over" // the claim of a delivery that must have ended
	Write     Do = "write"     // the policy of the claim, once, and look for it
	Mark      Do = "mark"      // the claim written
	End       Do = "end"       // give the claim up, for Step.Reason
	Report    Do = "report"    // the closed repair, and mark it reported
	Wait      Do = "wait"      // give the message back, for Step.Err
	Conclude  Do = "conclude"  // keep what was found, report it, acknowledge
)

// Step is what a delivery does next.
type Step struct {
	Do Do
	// Repair is the one to take over, to write, to mark, to end or to report.
	Repair Repair
	// Repairs are the repairs whose records get the event's policy archived beside them.
	Repairs []Repair
	// Reason is why a claim is ended, or why a wanted repair is not made.
	Reason string
	// Attempt is the number of a claim in a series of repairs that somebody undoes; 0 for the
	// first two, which may be anything.
	Attempt int
	// IsQuiet says that people are not told of the outcome, because they were told of others of
	// the series a while ago. The log has it.
	IsQuiet bool
	// Until is when the event is due again, or when a pause ends; zero where there is neither.
	Until time.Time
	Err   error
}

// The reasons for concluding without a repair that is wanted.
const (
	GivenUp         = "given-up" // Step.Repair says why
	EventTooOld     = "event-too-old"
	BudgetExhausted = "budget-exhausted"
)

// maxEventAge is the longest that SQS keeps a message. Nothing is written for an older event,
// because its repair may not be in the ledger any more.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const maxEventAge = 14 * 24 * time.Hour

// Next returns the step that follows from a situation. Before a delivery
// concludes, it gives up a claim of its own under which it has not written.
func Next(s Situation) Step {
	s.Limits.Budget = min(s.Limits.Budget, mostBudget)
	f := s.facts()
	step := f.row()
	if step.Do == Conclude && f.mine {
		return Step{Do: End, Repair: *f.open, Reason: NotNeeded}
	}
	return step
}

// row returns the step of the first row that applies.
func (f facts) row() Step {
	s := f.Situation
	switch wanted := s.Judgement.Repair; {
	// What is left to tell of needs no reading.
	case f.unreported != nil && f.unreported.Holder != s.Message.Holder && f.isAlive(f.unreported):
		return busy(f.unreported)
	case f.unreported != nil:
		return Step{Do: Report, Repair: *f.unreported, IsQuiet: f.isQuiet(f.unreported)}
	case f.mine && s.Message.Wrote:
		return Step{Do: Mark, Repair: *f.open}

	case !s.Reading.Made:
		return Step{Do: Read}
	case !s.Recalled && !f.isNothingToRecall():
		return Step{Do: Recall}
	case len(f.replaced) > 0:
		return Step{Do: Supersede, Repairs: f.replaced}

	// A claim, of this delivery or of another one.
	case f.mine && f.open.TakeOvers == 0 && s.Reading.Live == f.open.Before && wanted, f.mine && f.open.TakeOvers > 0 && f.mayRewrite():
		return Step{Do: Write, Repair: *f.open}
	case f.mine && f.open.TakeOvers > 0:
		return Step{Do: End, Repair: *f.open, Reason: Unconfirmed}
	case f.inTheWay && f.isAlive(f.open):
		return busy(f.open)
	case f.inTheWay && f.mayRewrite():
		return Step{Do: TakeOver, Repair: *f.open}
	case f.inTheWay:
		return Step{Do: End, Repair: *f.open, Reason: Unconfirmed}

	case f.isStale():
		return Step{Do: Wait, Err: ErrUnsettled}
	case !wanted && s.Judgement.Unsettled:
		return Step{Do: Wait, Err: ErrNewKey}
	case !wanted:
		return Step{Do: Conclude}

	// A repair is wanted.
	case f.own != nil && f.own.Phase == Ended:
		return Step{Do: Conclude, Reason: GivenUp, Repair: *f.own}
	case s.Now.Sub(s.Message.EventTime) > maxEventAge:
		return Step{Do: Conclude, Reason: EventTooOld}
	case !s.Judgement.Planned:
		return Step{Do: Plan}
	default:
		return f.spend()
	}
}

// spend claims within the budget, which counts what is not critical.
func (f facts) spend() Step {
	if f.Judgement.Critical {
		return f.answer()
	}
	used := f.Ledger.Used(f.Limits, f.Now)
	if f.mine && f.open.Kind == ForFinding && !f.open.isCritical() {
		used = used[:len(used)-1] // a new record for the same claim
	}
	if len(used) < f.Limits.Budget {
		return Step{Do: Claim}
	}
	return Step{Do: Conclude, Reason: BudgetExhausted}
}

func busy(r *Repair) Step {
	return Step{Do: Wait, Err: fmt.Errorf("%w: %s is claimed until %s", ErrBusy, r.Record, r.Deadline.Format(time.RFC3339))}
}
