package repair

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Plan is a key policy to write, with the proof that it is as wanted.
type Plan struct {
	// Document is the new policy.
	Document *policy.Document
	// Edits say in words who loses or gets what, and why, in the order of the statements.
	Edits []Edit
	// Before and After are the hashes of the live policy and of Document.
	Before, After string
	Proof         Proof
}

// Planned returns what an outcome tells of the plan.
func (p Plan) Planned() *guardrail.PlannedPolicy {
	planned := &guardrail.PlannedPolicy{Policy: p.Document.Text(), Hash: p.After, Edits: []string{}}
	for _, edit := range p.Edits {
		planned.Edits = append(planned.Edits, edit.String())
	}
	return planned
}

// Proof is what is decided about the plan: package access decided it, or it is plain from how
// the plan was made. A claim that was not asked for is "". What is left on purpose is access
// that no finding from repair.from on is about, or that a hold keeps.
type Proof struct {
	// Ceiling: the changed statements allow only access that is within the ceiling or left on
	// purpose.
	Ceiling access.Verdict
	// Floor: the plan allows all access that was to be added.
	Floor access.Verdict
	// Kept: the plan keeps all decided access that was within the ceiling, and all access left
	// on purpose. Only the part of the ceiling that a plan may name counts, see [Decide]. It is "" for a plan of
	// what is critical alone where no whole plan could be made, and for a reset.
	Kept access.Verdict
	// Opened: the plan may allow access that a Deny of the live policy refused. All such
	// access is within the ceiling.
	Opened access.Verdict
}
