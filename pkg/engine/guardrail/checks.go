package guardrail

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// checks are all that a judgement looks for, in the order of its findings. Each of them
// runs that has what it needs, also when one before it found something: whoever mends one
// thing must know of the others.
var checks = []struct {
	needs knowledge
	find  func(*examination)
}{
	{nothingKnown, (*examination).findMalformedPolicy}, // the text is no key policy
	{policyKnown, (*examination).findBypassedCheck},    // somebody set the policy without KMS's lockout safety check
	{policyKnown, (*examination).findUndecidedRule},    // which rule applies depends on what is not known of the key
	{policyKnown, (*examination).findBadBaseline},      // the baseline does not fit the key
	{limitsKnown, (*examination).findExcess},           // somebody has access beyond the ceiling
	{limitsKnown, (*examination).findPossible},         // somebody may have such access: what a statement allows is not decided
	{limitsKnown, (*examination).findMissing},          // access of the floor is missing, or a Deny takes it
	{limitsKnown, (*examination).findUndecided},        // the comparison left something open
	{limitsKnown, (*examination).findOtherThanDefault}, // the baseline wants exactly a generated default
	{limitsKnown, (*examination).findLint},             // the author surely did not mean that
	{limitsKnown, (*examination).findForeignGrant},     // somebody made a grant beyond the ceiling
	{limitsKnown, (*examination).findNoReach},          // the guardrail is to repair the key, and may not change its policy
	{nothingKnown, (*examination).findExpired},         // an exemption would apply, and has expired
	{nothingKnown, (*examination).findExemptByTag},     // a tag exempts the key
}

// knowledge says how much of a key is known to the checks.
type knowledge uint8

const (
	nothingKnown knowledge = iota
	policyKnown            // Judgement.Live
	limitsKnown            // Judgement.Limits, and the comparison with them
)

// examination is a judgement on its way: what the checks look at, and what they found.
type examination struct {
	Judgement
	snapshot Snapshot
	known    knowledge
	// malformed says why the policy cannot be read, and unfit why the baseline gives no
	// limits for the key.
	malformed, unfit error
	// above is the policy held against its ceiling, and below against its floor.
	above, below access.Result
	// open are the Allows that are not decided, and settled are those of which findPossible
	// told all that they may allow.
	open, settled []int
}

// prepare reads the policy once, makes the limits once, and compares them.
func (e *examination) prepare() {
	if e.Live, e.malformed = policy.Parse(e.snapshot.Policy); e.malformed != nil {
		return
	}
	e.known = policyKnown
	if e.Limits, e.unfit = e.Selection.Baseline.LimitsFor(e.snapshot.Key, e.Live.Set); e.unfit != nil {
		return
	}
	e.known = limitsKnown
	e.compare()
}

func (e *examination) add(f Finding) { e.Findings = append(e.Findings, f) }

// found adds a finding that is about no statement.
func (e *examination) found(code Code, severity rules.Severity, format string, values ...any) {
	e.add(NewFinding(e.snapshot.Key, code, severity, fmt.Sprintf(format, values...)))
}

func (e *examination) findMalformedPolicy() {
	if e.malformed != nil {
		e.found(CodeMalformedPolicy, rules.High, "%s", malformed(e.malformed))
	}
}

func (e *examination) findBypassedCheck() {
	if e.snapshot.BypassedLockoutCheck {
		e.found(CodeLockoutCheckBypassed, rules.High, "the policy was set with the lockout safety check switched off")
	}
}

func (e *examination) findUndecidedRule() {
	if !e.Selection.IsUncertain() {
		return
	}
	e.found(CodeRuleUndecided, rules.High, "%s", e.Selection.Doubt)
}

func (e *examination) findBadBaseline() {
	if e.unfit != nil {
		e.found(noLimits(e.unfit), rules.High, "baseline %s does not fit this key: %v", e.Selection.Baseline.Name, e.unfit)
	}
}

// noLimits tells a key type without a default from a baseline that does not fit the key.
func noLimits(err error) Code {
	var problem *defaultpolicy.Error
	if errors.As(err, &problem) {
		switch problem.Code {
		case defaultpolicy.UnknownKeySpec, defaultpolicy.UnknownKeyUsage, defaultpolicy.UnknownOrigin,
			defaultpolicy.UnknownMultiRegion, defaultpolicy.InvalidCombination, defaultpolicy.NotInPartition:
			return CodeUnknownKeyType
		default:
		}
	}
	return CodeBadBaseline
}

func (e *examination) findExcess() {
	for _, d := range asOneService(e.above.Excess) {
		code, severity := e.judgeExcess(d)
		e.add(newDifference(e.snapshot.Key, code, severity, e.excessMessage(d), d))
	}
}

// findOtherThanDefault asks whether the policy is a generated default. The limits
// say whether the policy names only principals that the baseline permits.
func (e *examination) findOtherThanDefault() {
	b := e.Selection.Baseline
	if b.Match != rules.ExactDefault {
		return
	}
	r, err := recognition.Identify(e.snapshot.Key.PolicyKey(), e.snapshot.Key.Type, e.Live.Set, recognition.Options{Style: b.Style, Edition: b.WantedEdition()})
	switch {
	case err == nil && r.Verdict == recognition.Default:
	case err == nil && r.Verdict == recognition.NotDefault:
		e.found(CodeNotGeneratedDefault, rules.Low, "the policy is not a default that AWS generates for a key of this type")
	default:
		e.found(CodeUndecided, rules.High, "whether the policy is a default that AWS generates is not decided")
	}
}

// findLint adds what the policy's author surely did not mean. A message quotes no text of
// the policy, so it has the explanation and the place; the detail is in Lint.
func (e *examination) findLint() {
	k := e.snapshot.Key
	for _, l := range lint.CheckType(k.PolicyKey(), keyTypeOf(k), e.Live) {
		f := NewFinding(k, Code(lintPrefix+string(l.Code)), rules.Severity(l.Severity), fmt.Sprintf("%s (line %d, column %d)%s", l.Code.Explain(), l.Line, l.Column, meant(l)))
		f.Statement, f.Lint = &l.Statement, &l
		e.add(f)
	}
}

// meant says which action or condition key the author of a policy meant, without the part of a
// name that the author chooses. Other suggestions repeat text of the policy.
func meant(l lint.Finding) string {
	name := l.Suggestion
	if key, ok := catalog.LookupConditionKey(name); ok {
		name = key.Name
	}
	if name == "" || l.Code != lint.UnknownAction && l.Code != lint.UnknownConditionKey {
		return ""
	}
	return ". Did you mean " + name + "?"
}

// findNoReach finds what the key policy keeps from the guardrail's own role: to change the
// policy, where it repairs, and to see the key, in every mode.
func (e *examination) findNoReach() {
	s := e.snapshot
	if !strings.HasPrefix(s.Writer, "arn:"+s.Key.Partition+":iam::"+s.Key.Account+":role/") {
		return
	}
	may := func(d *policy.Document, action string) bool {
		return mayCall(s.Key, d, action, evaluation.RolePrincipal, s.Writer, e.At, nil)
	}
	who := ""
	if list, _ := access.WhoMay(s.Key.PolicyKey(), e.Live.Set, rules.PutKeyPolicy); len(list) > 0 {
		who = "; who can change the policy: " + rules.FirstOf(list, 8)
	}
	if e.Selection.Mode == rules.Repair && !may(e.Live, rules.PutKeyPolicy) {
		e.found(CodeLockedOut, rules.High, "the key policy does not let the guardrail change it%s", who)
	}
	allows := *e.Live
	allows.Statements = ofEffect(e.Live.Set, policy.Allow)
	isDenied := func(action string) bool { return !may(e.Live, action) && may(&allows, action) }
	seeing := slices.DeleteFunc([]string{"kms:DescribeKey", "kms:GetKeyPolicy"}, func(action string) bool { return !isDenied(action) })
	switch {
	case len(seeing) > 0:
		e.found(CodeGuardrailDenied, rules.High, "the key policy denies the guardrail %s, so it cannot see the next change of the key policy%s", strings.Join(seeing, " and "), who)
	case isDenied("kms:ListResourceTags"):
		e.found(CodeGuardrailDenied, rules.Medium, "the key policy denies the guardrail kms:ListResourceTags, so it cannot see which rule applies to the key%s", who)
	}
}

func (e *examination) findExpired() {
	for _, x := range e.Selection.Expired {
		e.found(CodeExemptionExpired, rules.Info, "exemption %s of %s expired at the end of %s (UTC)", x.Name, x.Owner, x.LastDay())
	}
}

func (e *examination) findExemptByTag() {
	for _, x := range e.Selection.Exemptions {
		if len(x.Match.Tags) > 0 {
			e.found(CodeExemptByTag, rules.Low, "exemption %s applies because of a tag, which whoever may tag the key can set", x.Name)
		}
	}
}
