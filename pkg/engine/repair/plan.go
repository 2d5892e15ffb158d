package repair

import (
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Bounds are what a key policy is held against: it allows at least what each floor
// allows, and at most what the ceiling allows.
type Bounds struct {
	// Floors are access that must be there, each of them. There may be none; each that there
	// is has a statement.
	Floors []policy.Set
	// Ceiling is access that may be there. It has at least one statement.
	Ceiling policy.Set
}

// Request is a key policy to put right.
type Request struct {
	Key policy.Key
	// Live is the policy as it was read from the key.
	Live   *policy.Document
	Bounds Bounds
	// Writer is the ARN of the role that will write the policy, or "" where unknown. KMS's
	// lockout safety check asks whether the new policy lets the writer change it again,
	// with IAM policies that allow it. Without a writer, the account must be able to.
	Writer string
	// Context are the condition keys of an ordinary call of the writer, beside those that
	// the writer itself determines; a key that is not in it counts as absent.
	Context map[string]any
	// Budget bounds the work, in steps of up to a millisecond; 0 is DefaultBudget.
	Budget int
}

// Plan is a key policy to write, with the proof that it is as wanted.
type Plan struct {
	// Document is the new policy.
	Document *policy.Document
	// Edits say in words what becomes of the live policy, in the order of its statements.
	Edits []Edit
	// Before and After are the hashes of the live policy and of Document.
	Before, After string
	Proof         Proof
	// Removed is what the live policy allows and the plan does not. Statements are those
	// of the live policy.
	Removed []access.Difference
	// Lost is what the live policy and the ceiling allow and the plan does not. It is
	// empty unless something could not be expressed, and may then name more than is
	// lost, never less: what is not decided is in Open. [Replace] leaves it empty:
	// whatever it removes may be inside the ceiling.
	Lost []access.Difference
	// Open is what could not be decided about Removed and Lost: for access.Actual in a
	// statement of the live policy, for access.Ceiling in one of the plan.
	Open []access.Inconclusive
}

// Planned returns what an outcome tells of the plan.
func (p Plan) Planned() *guardrail.PlannedPolicy {
	told := &guardrail.PlannedPolicy{Policy: p.Document.Text(), Hash: p.After, Edits: []string{}}
	for _, edit := range p.Edits {
		told.Edits = append(told.Edits, edit.String())
	}
	return told
}

// Proof is what package access decided about the plan. In every plan, all verdicts are
// access.Inside.
type Proof struct {
	// Floors are the verdicts on floor \ plan, in the order of the bounds.
	Floors []access.Verdict
	// Ceiling is the verdict on plan \ ceiling.
	Ceiling access.Verdict
}

// NoStatement is the place of an edit that is about no statement of the live policy.
const NoStatement = -1

// Edit is one change of the live policy.
type Edit struct {
	Kind EditKind
	// Statement, from 0, is that of the live policy, or NoStatement. SID is its Sid; for
	// an added statement, the new one.
	Statement int
	SID       string
	// Detail says in words what changes, and why. What it quotes of a policy is escaped
	// and shortened.
	Detail string
}

// String returns the place, the kind and the detail.
func (e Edit) String() string {
	place := "policy"
	if e.Statement != NoStatement {
		place = fmt.Sprintf("statement %d", e.Statement)
	}
	if e.SID != "" {
		place += " " + quote(e.SID)
	}
	return fmt.Sprintf("%s: %s: %s", place, e.Kind, e.Detail)
}

// EditKind names a kind of change. Kinds are stable.
type EditKind string

// The kinds of changes.
const (
	// DropStatement: the statement goes.
	DropStatement EditKind = "drop-statement"
	// DropPrincipal: a principal goes out of an Allow.
	DropPrincipal EditKind = "drop-principal"
	// DropDeadPrincipal: a deleted user or role goes.
	DropDeadPrincipal EditKind = "drop-dead-principal"
	// NarrowPrincipal: a principal becomes one that covers less.
	NarrowPrincipal EditKind = "narrow-principal"
	// DropAction: an action goes out of an Allow.
	DropAction EditKind = "drop-action"
	// NarrowAction: patterns of actions become ones that cover less.
	NarrowAction EditKind = "narrow-action"
	// NarrowCondition: an Allow gets conditions.
	NarrowCondition EditKind = "narrow-condition"
	// SplitStatement: what may stay of an Allow or a Deny only for some of its principals,
	// or only under conditions, stands in a statement of its own behind it.
	SplitStatement EditKind = "split-statement"
	// DropDenyPrincipal: a principal goes out of a Deny.
	DropDenyPrincipal EditKind = "drop-deny-principal"
	// DropDenyAction: actions go out of a Deny.
	DropDenyAction EditKind = "drop-deny-action"
	// AddStatement: a statement of a floor is added, or a Deny of the ceiling.
	AddStatement EditKind = "add-statement"
	// ReplaceDocument: the whole policy is replaced.
	ReplaceDocument EditKind = "replace-document"
)
