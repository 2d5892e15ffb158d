package guardrail_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutants are the judgement with one rule broken each: a text of a source file replaced by
// another. `make mutants` runs the tests on each of them and fails where they pass.
var mutants = []mutation.Mutant{
	{Rule: "a negated operator lets in whoever was not chosen", File: "restrict.go", Old: "return !c.Operator.Negated && !c.Operator.IfExists", Broken: "return !c.Operator.IfExists"},
	{Rule: "with IfExists whoever lacks the key is let in", File: "restrict.go", Old: "!c.Operator.IfExists && c.Operator.Set != policy.ForAllValues && chooses(c)", Broken: "c.Operator.Set != policy.ForAllValues && chooses(c)"},
	{Rule: "ForAllValues lets in whoever lacks the key", File: "restrict.go", Old: "&& c.Operator.Set != policy.ForAllValues && chooses(c)", Broken: "&& chooses(c)"},
	{Rule: "a guard is for everyone", File: "restrict.go", Old: "st.Effect != policy.Deny || !everyone ||", Broken: "st.Effect != policy.Deny || everyone && false ||"},
	{Rule: "a guard has no set operator", File: "restrict.go", Old: "c.Operator.Negated && c.Operator.Set == policy.NoSet && chooses(c)", Broken: "c.Operator.Negated && chooses(c)"},
	{Rule: "a guard is about each Resource", File: "restrict.go", Old: `st.Resources.Negated || !slices.Equal(st.Resources.Values, []string{"*"})`, Broken: "st.Resources.Negated"},
	{Rule: "a guard has one condition", File: "restrict.go", Old: "len(st.Conditions) != 1", Broken: "len(st.Conditions) == 0"},
	{Rule: "a range of IPv4 addresses is small", File: "restrict.go", Old: "return v4 <= math.Exp2(-8)", Broken: "return v4 <= math.Exp2(-4)"},
	{Rule: "a range of IPv6 addresses is small", File: "restrict.go", Old: "v6 <= math.Exp2(-32)", Broken: "v6 <= 1"},
	{Rule: "a pattern has a fixed start", File: "restrict.go", Old: "return isFixedPattern(value)", Broken: `return value != ""`},
	{Rule: "the own organization is none with IfExists", File: "excess.go", Old: "c.Operator.IfExists && !negated ||", Broken: ""},
	{Rule: "the own organization is none with ForAllValues", File: "excess.go", Old: "c.Operator.Set == policy.ForAllValues || len(c.Values) == 0 {\n\t\t\treturn false\n\t\t}\n\t\tkey :=", Broken: "len(c.Values) == 0 {\n\t\t\treturn false\n\t\t}\n\t\tkey :="},
	{Rule: "each value is the own organization", File: "excess.go", Old: "return value != own", Broken: "return false"},
	{Rule: "a member account is known by its id", File: "excess.go", Old: "return rules.MemberAccount\n\t}\n\treturn rules.ForeignAccount", Broken: "return rules.MemberAccount\n\t}\n\treturn rules.MemberAccount"},
	{Rule: "what a service does for another account is that account's", File: "excess.go", Old: "if class.Bound == integration.ForeignAccount {", Broken: "if false {"},
	{Rule: "the worst service decides", File: "excess.go", Old: "worst = min(worst, who)", Broken: "worst = who"},
	{Rule: "grants for AWS resources are use", File: "excess.go", Old: `!strings.EqualFold(v, "true")`, Broken: "false"},
	{Rule: "a hollow condition restricts nobody", File: "reading.go", Old: "isClear && !IsHollow(c)", Broken: "isClear"},
	{Rule: "decided conditions of an undecided Allow stay", File: "reading.go", Old: "all = append(all, c)", Broken: "_ = c"},
	{Rule: "NotPrincipal with Allow is everyone", File: "reading.go", Old: "if one.Principals.Negated {", Broken: "if false {"},
	{Rule: "a Resource in doubt is this key", File: "reading.go", Old: `one.Conditions, one.Resources = nil, policy.Values("*")`, Broken: "one.Conditions = nil"},
	{Rule: "a condition may be decided for identities alone", File: "reading.go", Old: "for _, caller := range callers {\n\t\tone := Bared(st)", Broken: "for _, caller := range callers[:0] {\n\t\tone := Bared(st)"},
	{Rule: "a Deny may be decided for identities alone", File: "reading.go", Old: "} else if isClear {\n\t\t\tlist = append(list, one)", Broken: "} else if isClear && false {\n\t\t\tlist = append(list, one)"},
	{Rule: "a bomb hides only itself", File: "compare.go", Old: "e.above = e.compareApart()", Broken: "_ = e.compareApart"},
	{Rule: "a Deny that is not decided shields nothing", File: "undecided.go", Old: "(anyDeny || isOpen(i)", Broken: "(isOpen(i)"},
	{Rule: "what is told already is not told again", File: "undecided.go", Old: "rest &^= actionsOf(found)", Broken: "_ = found"},
	{Rule: "an example proves", File: "undecided.go", Old: "f.Witness = &witness", Broken: "_ = witness"},
	{Rule: "an example is allowed by the policy", File: "example.go", Old: "return live.Allows() && (", Broken: `return live != "" && (`},
	{Rule: "the floor is proved by what is sure", File: "reading.go", Old: "if st.Effect == policy.Deny || len(st.Conditions) == 0 {", Broken: "if true {"},
	{Rule: "control is judged by Denies, too", File: "difference.go", Old: "case rules.IsAboutControl(d) && !controlled && byDeny:", Broken: "case false:"},
	{Rule: "permitted Denies take what they may", File: "difference.go", Old: "if byDeny && slices.Contains(permitted, d.Statement) {", Broken: "if false {"},
	{Rule: "hardening that the baseline permits is info", File: "difference.go", Old: "if code == CodeHardeningDeny && hardening {", Broken: "if false {"},
	{Rule: "the guardrail's access is high", File: "difference.go", Old: "return CodeRequiredAccessMissing, rules.High", Broken: "return CodeRequiredAccessMissing, rules.Medium"},
	{Rule: "use that is denied from a date on is denied", File: "use.go", Old: "range []time.Time{e.At, farFuture}", Broken: "range []time.Time{e.At}"},
	{Rule: "use is that of named principals, too", File: "use.go", Old: "!e.accountMaySomehow(k, action, at, placeKeys) && !e.oneMay(k, named, action, at)", Broken: "!e.accountMaySomehow(k, action, at, placeKeys)"},
	{Rule: "use from a network is use", File: "use.go", Old: "e.accountMaySomehow(k, action, at, placeKeys)", Broken: "accountMay(k, e.Live, action, at, nil)"},
	{Rule: "control that ends on a day is lost", File: "control.go", Old: " && accountMay(k, d, rules.PutKeyPolicy, farFuture, nil)", Broken: ""},
	{Rule: "a call has a user id", File: "control.go", Old: `"aws:userid": "AROAEXAMPLEEXAMPLEEX:session", `, Broken: ""},
	{Rule: "another organization is no place of the account", File: "place.go", Old: "isOrganization && k.OrganizationID", Broken: `isOrganization && value == "" && k.OrganizationID`},
	{Rule: "control from a network is not control through a service", File: "control.go", Old: "case may(serviceKeys):", Broken: "case may(placeKeys):"},
	{Rule: "signing is the use of a signing key", File: "use.go", Old: `return []string{"kms:Sign", "kms:Verify"}`, Broken: `return []string{"kms:Decrypt"}`},
	{Rule: "an exemption excuses", File: "judge.go", Old: "case len(j.Selection.Exemptions) > 0 && ", Broken: "case false && "},
	{Rule: "an exempt key is exempt only if everything is excused", File: "judge.go", Old: "f.Severity.AtLeast(rules.Low) && f.Code != CodeExemptByTag })", Broken: "false && f.Code != CodeExemptByTag })"},
	{Rule: "what is excused is no reason to repair", File: "judge.go", Old: "return !f.IsExcused() && is(f)", Broken: "return is(f)"},
	{Rule: "the severity is that of what is not excused", File: "finding.go", Old: "\tif v == Exempt {", Broken: "\tif true {"},
	{Rule: "what is excused is no fault", File: "weigh.go", Old: "severity, d.Principals, j.At) != \"\"", Broken: "severity, d.Principals, j.At) == \"never\""},
	{Rule: "an exemption excuses by the principals of the finding", File: "judge.go", Old: "principals = f.Difference.Principals", Broken: "_ = principals"},
	{Rule: "what is not judged is not compliant", File: "judge.go", Old: "j.Verdict = CannotJudge\n\tcase", Broken: "j.Verdict = Compliant\n\tcase"},
	{Rule: "lint of low severity is not compliant", File: "judge.go", Old: "f.Severity.AtLeast(rules.Low) && f.Code.isLint()", Broken: "f.Severity.AtLeast(rules.Medium) && f.Code.isLint()"},
	{Rule: "an event's policy is not repaired", File: "decide.go", Old: "case !s.Evidence.mayPlan():", Broken: "case false:"},
	{Rule: "a mode of report repairs nothing", File: "decide.go", Old: "case j.Selection.Mode != rules.Repair:", Broken: "case false:"},
	{Rule: "a first sweep only reports", File: "decide.go", Old: "case s.FirstSweep:", Broken: "case false:"},
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, mutants) }
