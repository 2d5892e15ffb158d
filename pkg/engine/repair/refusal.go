package repair

import "fmt"

// Refusal says why there is no plan.
type Refusal struct {
	Reason Reason
	// Detail is one line for a person. It may quote a policy, escaped and shortened.
	Detail string
}

// Error returns the detail and the reason.
func (r *Refusal) Error() string { return fmt.Sprintf("no repair plan: %s (%s)", r.Detail, r.Reason) }

// Reason names why there is no plan. Reasons are stable.
type Reason string

// The reasons.
const (
	// NothingToDo: the live policy is proved to be as wanted.
	NothingToDo Reason = "nothing-to-do"
	// Undecided: no difference is proved, but not that there is none.
	Undecided Reason = "undecided"
	// NotProved: a document was found, and it is not proved that it is within the bounds.
	NotProved Reason = "not-proved"
	// BoundsContradict: a floor is not proved to lie within the ceiling.
	BoundsContradict Reason = "bounds-contradict"
	// Incomplete: the request lacks the key, the live policy or the ceiling.
	Incomplete Reason = "incomplete-request"
	// TooLarge: the document would be larger than KMS stores.
	// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html
	TooLarge Reason = "too-large"
	// NothingLeft: no statement would remain, and KMS stores no empty policy.
	NothingLeft Reason = "nothing-left"
	// DeadPrincipal: the document names a deleted user or role (AIDA…, AROA…), which KMS
	// rejects. https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
	DeadPrincipal Reason = "dead-principal"
	// DeadStatement: a statement has no Action, Resource or principal.
	DeadStatement Reason = "dead-statement"
	// RefusedCondition: a condition that KMS refuses in a key policy, see package lint's
	// condition-key-not-allowed and overly-permissive-condition.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
	RefusedCondition Reason = "refused-condition"
	// Lockout: KMS's lockout safety check would fail, for neither the writer nor the
	// account could change the policy again.
	// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
	Lockout Reason = "lockout"
	// NotLive: the judged policy is what an event says, and neither the key's nor a file.
	NotLive Reason = "policy-not-live"
	// OverBudget: planning would take more work than the request allows.
	OverBudget Reason = "over-budget"
)

func refuse(reason Reason, format string, args ...any) *Refusal {
	return &Refusal{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}
