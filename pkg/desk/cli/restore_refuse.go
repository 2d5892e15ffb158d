package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// putKeyPolicy is the action that KMS's lockout check is about.
const putKeyPolicy = "kms:PutKeyPolicy"

// refusedByKMS are the remarks about what KMS does not store, even where it once did.
// https://repost.aws/knowledge-center/kms-policy-error-invalid-principals
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
var refusedByKMS = []lint.Code{lint.DeadPrincipal, lint.ConditionKeyNotAllowed, lint.OverlyPermissiveCondition}

// mostReasons is how many reasons an error names.
const mostReasons = 5

// refuse returns an error about a policy that KMS would not take. Where it is not decided
// whether somebody could change the policy again, it says so and ends with that exit code:
// KMS's check asks about the caller alone.
func (r *restoring) refuse() error {
	key := r.subject.key.PolicyKey()
	if reasons := unacceptable(key, r.archived); len(reasons) > 0 {
		if more := len(reasons) - mostReasons; more > 0 {
			reasons = append(reasons[:mostReasons], fmt.Sprintf("and %d more", more))
		}
		return fmt.Errorf("KMS would refuse the archived policy: %s; mend its text, policyBefore of kmsguard history --key-id %s --output json, and put that with the AWS CLI",
			strings.Join(reasons, "; "), r.subject.key.ARN)
	}
	switch who, unsure := access.WhoMay(key, r.archived.Set, putKeyPolicy); {
	case len(who) > 0:
		return nil
	case unsure:
		r.options.streams.note("kmsguard: whether anybody could change the archived policy again is not decided, and nothing was written; " +
			"whoever knows better can put policyBefore of kmsguard history --output json with the AWS CLI")
		return status(exitInconclusive)
	default:
		return errors.New("nobody could change the archived policy again: KMS's lockout check refuses it, and only AWS Support could bring the key back")
	}
}

// unacceptable returns what of a policy KMS would refuse, with the places.
func unacceptable(key policy.Key, d *policy.Document) []string {
	var reasons []string
	for i := range d.Statements {
		st := &d.Statements[i]
		if st.Incomplete() {
			line, column := d.Position(st.Offset)
			reasons = append(reasons, fmt.Sprintf("%s:%d:%d, %s: it has no Action, no Resource or no principal", archivedName, line, column, report.Statement(d.Statements, i)))
		}
	}
	for _, f := range lint.Check(key, d) {
		if slices.Contains(refusedByKMS, f.Code) {
			reasons = append(reasons, fmt.Sprintf("%s:%d:%d, %s: %s", archivedName, f.Line, f.Column, report.Statement(d.Statements, f.Statement), f.Detail))
		}
	}
	return reasons
}
