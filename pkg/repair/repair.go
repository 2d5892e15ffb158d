// Package repair plans the policy that puts a key right.
//
// A [Plan] is only made where it is proved that it is needed and that it does
// what it promises: the live policy differs from the generated default, and the
// planned one does not. What cannot be proved is a [*Refusal]. Planning writes
// nothing; the plan is a document with the hashes of before and after.
package repair

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// Plan is a key policy to write.
type Plan struct {
	// Document is the new policy.
	Document *policy.Document
	// Before and After are the hashes of the policy judged and of Document.
	Before, After string
}

// Refusal says why there is no plan.
type Refusal struct {
	// Reason is stable: "difference-not-proved", "policy-not-live" or
	// "account-statement-missing".
	Reason string
	Detail string
}

// Error returns the detail.
func (r *Refusal) Error() string { return r.Detail }

// Reset plans to write the generated default in place of the live policy. It
// refuses, with a [*Refusal], unless the policy was read from the key and is
// proved to differ, and the default leaves control of the key with the account,
// so that KMS's lockout safety check cannot be needed.
func Reset(key guardrail.Key, evidence guardrail.Evidence, j guardrail.Judgement) (Plan, error) {
	if evidence != guardrail.LivePolicy {
		return Plan{}, &Refusal{"policy-not-live", "the judged policy was not read from the key"}
	}
	if j.Verdict != guardrail.NonCompliant || j.Live == nil || j.Baseline == nil {
		return Plan{}, &Refusal{"difference-not-proved", "the key policy is not proved to differ from the generated default"}
	}
	if !access.Delegates(key.PolicyKey(), j.Baseline, "kms:PutKeyPolicy") {
		return Plan{}, &Refusal{"account-statement-missing", "the generated default does not let the account change the key policy"}
	}
	return Plan{Document: j.Baseline, Before: j.Live.Hash(key.Partition), After: j.Baseline.Hash(key.Partition)}, nil
}
