package guardrail

import (
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// essentialUse returns the actions without which what was made with a key is lost: decryption,
// signing, verification. Of a key whose usage is not known, it is decryption.
func essentialUse(usage defaultpolicy.KeyUsage) []string {
	switch usage {
	case defaultpolicy.SignVerify:
		return []string{"kms:Sign", "kms:Verify"}
	case defaultpolicy.GenerateVerifyMAC:
		return []string{"kms:GenerateMac", "kms:VerifyMac"}
	case defaultpolicy.KeyAgreement:
		return []string{"kms:DeriveSharedSecret"}
	case defaultpolicy.EncapsulateDecapsulate:
		return []string{"kms:Decapsulate"}
	default:
		return []string{"kms:Decrypt"}
	}
}

// farFuture is after every date that a policy is meant to reach.
var farFuture = time.Date(2999, 12, 31, 12, 0, 0, 0, time.UTC)

// deniedUse returns the essential actions that Deny statements take from everybody, now or
// from a date on: no ordinary call passes, of no principal but those that the policy excepts
// and the baseline does not name. A Deny under a condition that ordinary calls can meet (a
// network, an organization, a service, TLS) takes nothing from everybody. An exception for a tag
// or a name is somebody's choice, and no ordinary call.
func (e *examination) deniedUse() []string {
	k, b := e.snapshot.Key, e.Selection.Baseline
	named := slices.Concat(b.Users.All(k), b.Administrators.All(k))
	var denied []string
	for _, action := range essentialUse(k.Type.Usage) {
		if !e.isDenied(action) {
			continue
		}
		for _, at := range []time.Time{e.At, farFuture} {
			if !e.accountMaySomehow(k, action, at, placeKeys) && !e.oneMay(k, named, action, at) {
				denied = append(denied, action)
				break
			}
		}
	}
	return denied
}

// isDenied tells whether some Deny statement is about an action at all.
func (e *examination) isDenied(action string) bool {
	return slices.ContainsFunc(e.below.Missing, func(d access.Difference) bool {
		return d.Policy == access.Actual && actionsOf(d)&access.ActionsMatching(action) != 0
	})
}

// withUse returns the account statement with control of the policy and the actions that deniedUse returns.
func withUse(st policy.Statement, denied []string) policy.Statement {
	st.Actions = policy.Values(append([]string{rules.PutKeyPolicy}, denied...)...)
	return st
}
