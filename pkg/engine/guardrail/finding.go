package guardrail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Code is the stable name of what was found.
type Code string

// What can be found. The comment of each is its meaning.
const (
	// CodePublicAccess: principals of accounts that the policy does not name may
	// use or administer the key; critical, or high under a condition that restricts
	// who they are (see restricts).
	CodePublicAccess Code = "public-access"
	// CodeForeignAccess: another account that the policy names has access that the
	// baseline does not permit; high.
	CodeForeignAccess Code = "foreign-access"
	// CodeServiceAccess: an AWS service has access that the baseline does not permit;
	// high, or medium under a condition that restricts on whose behalf.
	CodeServiceAccess Code = "service-access"
	// CodeAccountAccess: a principal of the key's own account has access that the
	// baseline does not permit; medium.
	CodeAccountAccess Code = "account-access"

	// CodeNotice: somebody made a call that the configuration wants to hear of; medium. The key is not judged.
	CodeNotice Code = "notice"
	// CodeForeignGrant: somebody made a grant for another account, or for a principal that nobody
	// is, beyond the ceiling. It survives every repair of the policy, so the message has the command that
	// revokes it; by the operations, as for a foreign account.
	CodeForeignGrant Code = "foreign-grant"

	// CodeAccountStatementMissing: the account cannot change the key policy through
	// IAM; high. When the principals that still can are gone, so is control of the key.
	// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-default-allow-root-enable-iam
	CodeAccountStatementMissing Code = "account-statement-missing"
	// CodeControlRestricted: a Deny leaves the account control of the key policy only for
	// callers or places that it chooses, and no administrator that the baseline names has
	// control; medium. Somebody may have kept the key for himself.
	CodeControlRestricted Code = "control-restricted"
	// CodeNoAdministrator: nobody can change the key policy any more; high. Only AWS
	// Support can bring the key back.
	CodeNoAdministrator Code = "no-administrator"
	// CodeOnlyDeadPrincipals: nobody can change the key policy any more, and the principals
	// that the policy names are deleted users and roles; high.
	CodeOnlyDeadPrincipals Code = "only-dead-principals"
	// CodeRequiredAccessMissing: an administrator, user or statement that the baseline
	// requires lacks access; medium, or high for the guardrail's own access.
	CodeRequiredAccessMissing Code = "required-access-missing"
	// CodeAccessMissing: the account cannot give all that the default lets it give; low.
	CodeAccessMissing Code = "access-missing"
	// CodeHardeningDeny: a Deny narrows what the account may give, or under conditions
	// what is required; low, or info where the baseline permits that.
	CodeHardeningDeny Code = "hardening-deny"
	// CodeUseDenied: a Deny takes decryption, signing or verification from everybody, now or
	// from a date on, or from all but principals that the baseline does not name; high. As
	// long as the Deny is there, data is lost to its owner.
	CodeUseDenied Code = "use-denied"
	// CodeNotGeneratedDefault: the policy lies within the limits, but the baseline wants
	// exactly a generated default; low.
	CodeNotGeneratedDefault Code = "not-generated-default"

	// CodeLockoutCheckBypassed: who set the policy asked KMS to skip the check that it
	// can still be changed; high.
	// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-bypass-policy-lockout-safety-check
	CodeLockoutCheckBypassed Code = "lockout-check-bypassed"
	// CodeExemptByTag: a tag exempts the key; low. Whoever may tag the key can do that.
	CodeExemptByTag Code = "exempt-by-tag"
	// CodeExemptionExpired: an exemption that would apply has expired; info.
	CodeExemptionExpired Code = "exemption-expired"
	// CodeRuleUndecided: whether a rule matches the key is not known, so that only what is
	// critical beyond the built-in default is judged; high.
	CodeRuleUndecided Code = "rule-undecided"

	// CodePlanRefused: a repair is wanted and cannot be planned and proved; high.
	CodePlanRefused Code = "plan-refused"
	// CodeRepairHeld: the repair is planned and not written; info. The message says what the
	// repair would break. If a stack manages the key, it says which stack to change.
	CodeRepairHeld Code = "repair-held"
	// CodeBudgetExhausted: the key was repaired as often as the budget allows, and
	// somebody undoes it; high. The message names who.
	CodeBudgetExhausted Code = "budget-exhausted"
	// CodeTugOfWar: somebody undoes the repairs of a critical finding again and again; critical.
	// The message names who, and counts the repairs.
	CodeTugOfWar Code = "tug-of-war"
	// CodeBreakerOpen: more repairs were wanted in an hour than the configuration
	// allows; high. Something is wrong with many keys, or with the configuration.
	CodeBreakerOpen Code = "breaker-open"
	// CodeArchiveUnusable: the policy could not be archived, so nothing was written; high.
	CodeArchiveUnusable Code = "archive-unusable"

	// CodeUndecided: whether the policy lies within its limits was neither proved nor
	// disproved.
	CodeUndecided Code = "undecided"
	// CodeMalformedPolicy: the policy cannot be read.
	CodeMalformedPolicy Code = "malformed-policy"
	// CodeUnknownKeyType: there is no generated default for the key's type.
	CodeUnknownKeyType Code = "unknown-key-type"
	// CodeBadBaseline: the baseline gives no limits for this key: a required
	// administrator of another account, say.
	CodeBadBaseline Code = "bad-baseline"
	// CodeMoreFindings: there are more findings than an outcome lists. Its severity
	// is the severity of the worst finding left out.
	CodeMoreFindings Code = "more-findings"
	// CodeLockedOut: the key policy does not let the guardrail read it, or, where it is to
	// repair the key, change it; high.
	CodeLockedOut Code = "locked-out"
	// CodeGuardrailDenied: a Deny of the key policy keeps the guardrail from reading the key, its
	// policy or its tags.
	CodeGuardrailDenied Code = "guardrail-denied"
	// CodeAccessDenied: AWS refused to let the guardrail describe the key.
	CodeAccessDenied Code = "access-denied"
	// CodeKeyGone: the key does not exist.
	CodeKeyGone Code = "key-gone"
	// CodeBadEvent: the event cannot be understood, or contradicts itself.
	CodeBadEvent Code = "bad-event"
	// CodeRepairRefused: KMS did not accept the repair.
	CodeRepairRefused Code = "repair-refused"
	// CodeUnknownUntilDeployment: a template leaves a part of the key policy, or the key's type,
	// to the deployment; high. The message names the expressions.
	CodeUnknownUntilDeployment Code = "unknown-until-deployment"
	// CodeUnexpectedError: AWS answered in a way that the guardrail does not know.
	CodeUnexpectedError Code = "unexpected-error"
)

// proved tells whether a finding is a fact about the policy, rather than the reason why
// there is none.
func (c Code) proved() bool {
	switch c {
	case CodeUndecided, CodeMalformedPolicy, CodeUnknownKeyType, CodeBadBaseline, CodeRuleUndecided,
		CodeLockedOut, CodeAccessDenied, CodeKeyGone, CodeBadEvent, CodeUnexpectedError, CodeUnknownUntilDeployment,
		CodePlanRefused, CodeRepairHeld, CodeRepairRefused, CodeBudgetExhausted, CodeTugOfWar, CodeBreakerOpen, CodeArchiveUnusable:
		return false
	default:
		return true
	}
}

// unjudged tells whether a finding says that the policy could not be held against limits.
func (c Code) unjudged() bool {
	switch c {
	case CodeUndecided, CodeMalformedPolicy, CodeUnknownKeyType, CodeBadBaseline, CodeRuleUndecided:
		return true
	default:
		return false
	}
}

// lintPrefix starts the code of a finding of package lint, which documents each; low or info.
const lintPrefix = "lint-"

func (c Code) isLint() bool { return strings.HasPrefix(string(c), lintPrefix) }

// Finding is one thing that is wrong with a key, or could not be judged.
type Finding struct {
	// ID is stable for key and code; several findings of one code share it.
	ID       string         `json:"id"`
	Code     Code           `json:"code"`
	Severity rules.Severity `json:"severity"`
	// Message says it in words, with principals and actions but without text of
	// the policy's statements, so that it may be logged.
	Message string `json:"message"`
	// Statement is the statement of the key's policy that causes the finding,
	// counted from 0; nil (null in JSON) where there is none.
	Statement *int `json:"statement"`
	// SID is that statement's Sid, made neutral; "" where it has none. Whoever writes the policy
	// writes it, so it belongs into an outcome, not into a log.
	SID string `json:"sid,omitempty"`
	// Line is the line on which that statement starts in the file that was checked, from 1; 0
	// where there is no file. Package report knows it.
	Line int `json:"line,omitempty"`
	// Witness is one request that shows it. Its context may repeat values of the
	// policy's conditions: it belongs into an outcome, not into a log.
	Witness *evaluation.Request `json:"witness,omitempty"`
	// State says what became of the finding since the last outcome of the key, new, changed or open, and
	// FirstSeen since when it is open. Both are empty where nothing is remembered.
	State     string     `json:"state,omitempty"`
	FirstSeen *time.Time `json:"firstSeen,omitempty"`
	// Exemption names the exemption that excuses the finding; "" for none.
	Exemption string `json:"exemption,omitempty"`
	// Lint is what package lint says, with text of the policy and, where it is clear, what was
	// meant instead; nil where the finding is about something else. It belongs where Witness does.
	Lint *lint.Finding `json:"lint,omitempty"`
	// Difference is the proved difference from the floor or the ceiling that the finding is
	// about; nil where it is about something else. Package repair mends it.
	Difference *access.Difference `json:"-"`
}

// NewFinding returns a finding about a key, with its stable id. The message is made
// fit for whatever shows it, see [Neutral].
func NewFinding(k rules.Key, code Code, severity rules.Severity, message string) Finding {
	sum := sha256.Sum256([]byte(k.ARN + "\n" + string(code)))
	return Finding{ID: hex.EncodeToString(sum[:8]), Code: code, Severity: severity, Message: Neutral(message)}
}

// Neutral writes what does not print (line breaks, terminal codes, direction overrides)
// and what markup and chat programs act on as \u escapes. Principals, stacks and callers
// are named by whoever made them: an IAM path may be "/<!channel>/".
func Neutral(text string) string {
	acts := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune("<>&`", r) }
	if !strings.ContainsFunc(text, acts) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case !acts(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

// IsExcused tells whether an exemption excuses the finding.
func (f Finding) IsExcused() bool { return f.Exemption != "" }

// SeverityOf returns the severity of a judgement: of an exempt key the worst of all findings, else
// the worst of those that no exemption excuses.
func SeverityOf(v Verdict, findings []Finding) rules.Severity {
	if v == Exempt {
		return Worst(findings)
	}
	return Worst(slices.DeleteFunc(slices.Clone(findings), Finding.IsExcused))
}

// Worst returns the worst severity of findings, rules.NoSeverity for none.
func Worst(findings []Finding) rules.Severity {
	severity := rules.NoSeverity
	for _, f := range findings {
		if f.Severity.Compare(severity) > 0 {
			severity = f.Severity
		}
	}
	return severity
}
