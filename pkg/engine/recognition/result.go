package recognition

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Verdict is the answer in a word. The values are stable.
type Verdict string

// The verdicts.
const (
	// Default: proved; the policy allows what a generated default allows.
	Default Verdict = "default"
	// NotDefault: there is no generated default, within the options, that allows
	// the same. Result.Comparison has a proved difference from the nearest.
	NotDefault Verdict = "not-default"
	// Undecided: neither. Nobody may treat it as a default.
	Undecided Verdict = "inconclusive"
)

// Reason names why a policy is Undecided. The values are stable.
type Reason string

// The reasons.
const (
	// OverLimit: more than MaxPrincipals users, roles and accounts are named, or
	// so many that asking for them by long conditions would take too long.
	OverLimit Reason = "over-limit"
	// NoDocument: the default for these principals cannot be generated: it would
	// be larger than KMS stores, or Options.RefuseUndocumentedUse is set.
	NoDocument Reason = "no-document"
	// OpenComparison: the comparison with the nearest default is not decided;
	// Result.Comparison has the open questions.
	OpenComparison Reason = "open-comparison"
	// OpenPrincipal: whether somebody is an administrator or user depends on what
	// AWS does not document, and so do all the differences.
	OpenPrincipal Reason = "open-principal"
)

// Result is what Identify found.
type Result struct {
	Verdict Verdict
	// Forms are the generated defaults that the policy is, each proved equal to it;
	// the latest edition first, and the API default before all. There are several
	// where they differ in nothing that these principals may do. Empty unless the
	// verdict is Default.
	Forms []Form
	// Nearest is the default that is nearest to a policy that is none. It is nil
	// for the verdict Default, and for OverLimit and NoDocument.
	Nearest *Form
	// Comparison is that of Nearest (baseline) with the policy (actual).
	Comparison access.Result
	// DeadPrincipals are the unique ids of deleted users and roles that the policy
	// names, in its order. They have no effect on the verdict.
	DeadPrincipals []string
	// Reason and Detail say why the verdict is Undecided. Detail may quote the policy.
	Reason Reason
	Detail string
}

// Editions returns the editions of the console default that the policy is, the
// latest first.
func (r Result) Editions() []defaultpolicy.Edition {
	var list []defaultpolicy.Edition
	for _, f := range r.Forms {
		if f.Edition != "" && !slices.Contains(list, f.Edition) {
			list = append(list, f.Edition)
		}
	}
	return list
}

// Form is one generated default.
type Form struct {
	Style defaultpolicy.Style
	// Edition is that of the console default, "" for the API default.
	Edition defaultpolicy.Edition
	// Administrators and Users are in the order in which the policy names them,
	// another account as root ARN. The API default has none.
	Administrators, Users []string
	// AdministratorsMayDelete tells whether there are administrators who may
	// schedule the key's deletion.
	AdministratorsMayDelete bool
	// Rotation tells whether there are administrators who may rotate on demand.
	Rotation bool
	// Grants tells whether there are users with the grants statement.
	Grants bool
	// Document is the policy as AWS writes it.
	Document *policy.Document
}

// same tells whether two forms differ in no field but the document.
func (f Form) same(other Form) bool {
	return f.Style == other.Style && f.Edition == other.Edition && f.Rotation == other.Rotation && f.Grants == other.Grants &&
		f.AdministratorsMayDelete == other.AdministratorsMayDelete
}
