package repair

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// ResetPlan is a key policy to write.
type ResetPlan struct {
	// Document is the new policy.
	Document *policy.Document
	// Before and After are the hashes of the policy judged and of Document.
	Before, After string
}

// ResetRefusal says why there is no plan.
type ResetRefusal struct {
	// Reason is stable: "difference-not-proved", "policy-not-live" or
	// "account-statement-missing".
	Reason string
	Detail string
}

// Error returns the detail.
func (r *ResetRefusal) Error() string { return r.Detail }

// Reset plans to write the generated default in place of the live policy. It
// refuses, with a [*ResetRefusal], unless the policy was read from the key and is
// proved to differ, and the default leaves control of the key with the account,
// so that KMS's lockout safety check cannot be needed.
func Reset(key guardrail.Key, evidence guardrail.Evidence, j guardrail.Judgement) (ResetPlan, error) {
	if evidence != guardrail.LivePolicy {
		return ResetPlan{}, &ResetRefusal{"policy-not-live", "the judged policy was not read from the key"}
	}
	if j.Verdict != guardrail.NonCompliant || j.Live == nil || j.Baseline == nil {
		return ResetPlan{}, &ResetRefusal{"difference-not-proved", "the key policy is not proved to differ from the generated default"}
	}
	if !access.Delegates(key.PolicyKey(), j.Baseline, "kms:PutKeyPolicy") {
		return ResetPlan{}, &ResetRefusal{"account-statement-missing", "the generated default does not let the account change the key policy"}
	}
	return ResetPlan{Document: j.Baseline, Before: j.Live.Hash(key.Partition), After: j.Baseline.Hash(key.Partition)}, nil
}
