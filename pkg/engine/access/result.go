package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// Verdict is the outcome of a comparison.
type Verdict string

// The verdicts.
const (
	// Equal: proved; no request is treated differently.
	Equal Verdict = "equal"
	// Different: proved; there is at least one Difference.
	Different Verdict = "different"
	// Inside: proved; a policy of Within lies between floor and ceiling.
	Inside Verdict = "within"
	// Undecided: neither could be proved. Nobody may treat it as equal.
	Undecided Verdict = "inconclusive"
)

// Which names one of the policies of a comparison.
type Which string

// The policies: of Compare the first two, of Within the last three.
const (
	Baseline Which = "baseline"
	Actual   Which = "actual"
	Floor    Which = "floor"
	Ceiling  Which = "ceiling"
)

// Scope says how near the principals of a difference are to the key.
type Scope string

// The scopes.
const (
	// OwnAccount: principals of the account that owns the key.
	OwnAccount Scope = "own-account"
	// NamedAccount: principals of another account that a policy names.
	NamedAccount Scope = "named-account"
	// AnyAccount: principals of accounts that no policy names: the whole world.
	AnyAccount Scope = "any-account"
	// AWSService: service principals.
	AWSService Scope = "aws-service"
)

// Result is what Compare or Within found. Its JSON form is public.
type Result struct {
	Verdict Verdict `json:"verdict"`
	// Excess is what actual allows and baseline (ceiling) does not.
	Excess []Difference `json:"excess"`
	// Missing is what baseline (floor) allows and actual does not.
	Missing []Difference `json:"missing"`
	// Inconclusive tells what could not be decided. It may stand beside
	// differences that are proved.
	Inconclusive []Inconclusive `json:"inconclusive"`
}

// Difference is a set of requests that the policies treat differently.
type Difference struct {
	// Policy and Statement, from 0, name the statement that causes the
	// difference: the one that grants what the other policy does not, or, for
	// access lost to a Deny, that Deny. SID is that statement's Sid.
	Policy    Which  `json:"policy"`
	Statement int    `json:"statement"`
	SID       string `json:"sid,omitempty"`
	// Principals are ARNs, services, or groups in words such as
	// "every other principal of account 444455556666".
	Principals []string `json:"principals"`
	// Scope is where all the Principals are.
	Scope Scope `json:"scope"`
	// Unnamed is true where principals that no policy names are among them, so that
	// the difference is one of a whole account, not of a few principals.
	Unnamed bool `json:"-"`
	// Actions are kms:Name in alphabetical order, or kms:* for all of them.
	Actions []string `json:"actions"`
	// Conditions says in words when the difference shows; "" for always.
	Conditions string `json:"conditions,omitempty"`
	// Delegated is true where it shows only for requests that the principal's
	// own account allows through IAM.
	Delegated bool `json:"delegated"`
	// Witness is one request that shows the difference, confirmed by package
	// evaluation. A key that is not in its context is absent.
	Witness evaluation.Request `json:"witness"`
}

// IsOverBudget tells whether something was not decided because it would take too much work.
func (r Result) IsOverBudget() bool {
	return slices.ContainsFunc(r.Inconclusive, func(open Inconclusive) bool { return open.Reason == OverBudget })
}

// OverBudget is the reason of what would take too much work to decide.
const OverBudget = "over-budget"

// Inconclusive is something in a policy that could not be decided.
type Inconclusive struct {
	Policy    Which `json:"policy"`
	Statement int   `json:"statement"`
	// Reason is a stable code: "conditions", "resource", "not-principal", "empty-list",
	// "values", "unconfirmed-witness" or [OverBudget].
	Reason string `json:"reason"`
	// Detail says in words what was not decided. It may quote the policy.
	Detail string `json:"detail"`
}
