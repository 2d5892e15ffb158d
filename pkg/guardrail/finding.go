package guardrail

import "github.com/kms-guardrail/kms-guardrail/pkg/evaluation"

// Code is the stable name of what was found.
type Code string

// What can be found. The comment of each is its meaning.
const (
	// CodePublicAccess: principals of accounts that the policy does not name may
	// use or administer the key; critical, or high under conditions.
	CodePublicAccess Code = "public-access"
	// CodeForeignAccess: another account that the policy names has access that
	// the default does not give.
	CodeForeignAccess Code = "foreign-access"
	// CodeServiceAccess: an AWS service has access that the default does not give.
	CodeServiceAccess Code = "service-access"
	// CodeAccountAccess: a principal of the key's own account has access that the
	// default does not give.
	CodeAccountAccess Code = "account-access"
	// CodeAccountStatementMissing: the account cannot change the key policy
	// through IAM. When the principals that still can are gone, so is control of
	// the key. https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
	CodeAccountStatementMissing Code = "account-statement-missing"
	// CodeAccessMissing: the default gives access that the policy does not.
	CodeAccessMissing Code = "access-missing"

	// CodeUndecided: whether the policy allows what the default does was neither
	// proved nor disproved.
	CodeUndecided Code = "undecided"
	// CodeMalformedPolicy: the policy cannot be read.
	CodeMalformedPolicy Code = "malformed-policy"
	// CodeUnknownKeyType: there is no generated default for the key's type.
	CodeUnknownKeyType Code = "unknown-key-type"
	// CodeBadBaseline: the settings give no default for this key: an administrator
	// of another account, say.
	CodeBadBaseline Code = "bad-baseline"
	// CodeMoreFindings: there are more findings than an outcome lists. Its severity
	// is that of the worst one left out.
	CodeMoreFindings Code = "more-findings"
	// CodeLockedOut: the key policy does not let the guardrail read it.
	CodeLockedOut Code = "locked-out"
	// CodeAccessDenied: AWS refused to let the guardrail describe the key.
	CodeAccessDenied Code = "access-denied"
	// CodeKeyGone: the key does not exist.
	CodeKeyGone Code = "key-gone"
	// CodeBadEvent: the event cannot be understood, or contradicts itself.
	CodeBadEvent Code = "bad-event"
	// CodeRepairRefused: KMS did not accept the repair.
	CodeRepairRefused Code = "repair-refused"
	// CodeUnexpectedError: AWS answered in a way that the guardrail does not know.
	CodeUnexpectedError Code = "unexpected-error"
)

// Severity says how bad a finding is.
type Severity string

// The severities, worst first.
const (
	Critical   Severity = "critical"
	High       Severity = "high"
	Medium     Severity = "medium"
	Low        Severity = "low"
	Info       Severity = "info"
	NoSeverity Severity = "none"
)

// rank orders severities; a higher one is worse.
func (s Severity) rank() int {
	switch s {
	case Critical:
		return 5
	case High:
		return 4
	case Medium:
		return 3
	case Low:
		return 2
	case Info:
		return 1
	default:
		return 0
	}
}

// Finding is one thing that is wrong with a key, or could not be judged.
type Finding struct {
	// ID is stable for key and code; several findings of one code share it.
	ID       string   `json:"id"`
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Message says it in words, with principals and actions but without text of
	// the policy's statements, so that it may be logged.
	Message string `json:"message"`
	// Statement is the statement of the key's policy that causes the finding,
	// counted from 0; nil (null in JSON) where there is none.
	Statement *int `json:"statement"`
	// Witness is one request that shows it. Its context may repeat values of the
	// policy's conditions: it belongs into an outcome, not into a log.
	Witness *evaluation.Request `json:"witness,omitempty"`
}
