package access_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutant is the comparison with one rule broken: a text of a source file replaced by
// another. `make mutants` runs the tests on each of them and fails where they pass.
type mutant struct{ Rule, File, Old, Broken string }

// mutants break one rule each.
var mutants = []mutant{
	// Who is allowed, and what Deny takes away.
	{"a Deny wins", "profile.go", "if g.effect == effect && g.actions&actions != 0 {", "if g.effect == effect && effect == policy.Allow && g.actions&actions != 0 {"},
	{"a Deny of the other policy takes access away", "prove.go", "if d.effect != policy.Deny || d.actions&actions == 0 {", "if true {"},
	{"a Deny covers both halves", "reach.go", "if st.Effect == policy.Deny && covered != coversNothing {", "if false {"},
	{"an Allow of the other policy covers", "prove.go", "outside := slices.Concat(otherAllows, denied)", "outside := slices.Concat(denied)"},
	{"the half without IAM counts", "profile.go", "for _, iam := range [...]bool{true, false} {", "for _, iam := range [...]bool{true} {"},
	{"the half with IAM counts", "profile.go", "if !iam && s.alone() {\n\t\t\t\tcontinue", "if iam {\n\t\t\t\tcontinue"},
	{"the account principal delegates to IAM", "subject.go", "case p.Kind == policy.Account || s.account != key.Account:", "case s.account != key.Account:"},
	{"a foreign principal needs its own account", "subject.go", "case p.Kind == policy.Account || s.account != key.Account:", "case p.Kind == policy.Account:"},
	{"a principal of another partition is nobody", "subject.go", `if p.Partition != "" && p.Partition != partition {`, "if false {"},
	{"a role covers its sessions", "subject.go", "s.kind == evaluation.SessionPrincipal && s.account == p.AccountID && s.name == p.Name", "false"},
	{"a session is not its role", "subject.go", "return s.kind == evaluation.SessionPrincipal && s.arn == p.Text", "return s.account == p.AccountID && s.name == p.Name"},
	{"a user does not cover federated users", "subject.go", "return s.kind == evaluation.UserPrincipal && s.arn == p.Text", "return s.kind == evaluation.UserPrincipal && s.arn == p.Text || s.kind == evaluation.FederatedPrincipal && s.name == p.Name"},
	{"* covers services", "subject.go", "case policy.Anyone:\n\t\treturn true", "case policy.Anyone:\n\t\treturn s.kind != evaluation.ServicePrincipal"},
	{"a service's name minds case", "subject.go", "s.kind == evaluation.ServicePrincipal && s.arn == p.Text", "s.kind == evaluation.ServicePrincipal && len(s.arn) == len(p.Text)"},
	{"NotPrincipal exempts only whom every reading exempts", "reach.go", "if decided && s.layersListed(entries, r.key.Partition) {", "if decided {"},
	{"NotPrincipal with Allow is not decided", "reach.go", "decided := st.Effect == policy.Deny && len(entries) > 0", "decided := len(entries) > 0"},
	{"another list of NotPrincipal is another doubt", "reach.go", `fmt.Sprintf("%d:%q", p.Kind, r.spelledOut(p))`, `r.spelledOut(p)`},
	{"unnamed principals of a named account count", "universe.go", "u.accounts[p.AccountID] = true", "_ = u"},
	{"accounts that only conditions name count", "universe.go", "u.accounts[part] = true", "_ = part"},
	{"principals that only conditions tell apart count", "account.go", "if len(patterns) == 0 && len(literals) == 0 {", "if true {"},
	{"a session's ARN does not tell its role's path", "roles.go", "return arns, certain, nil\n\t}\n\tfound", "return arns[:1], certain, nil\n\t}\n\tfound"},
	// Actions and resources.
	{"NotAction is the complement", "statement.go", "return AllActions &^ set", "return set"},
	{"an empty NotAction is not decided", "statement.go", "if st.Actions.Negated && len(st.Actions.Values) == 0 {", "if false {"},
	{"an action is matched as a whole", "action.go", "policy.IsLike(pattern, strings.ToLower(text))", `policy.IsLike(pattern+"*", strings.ToLower(text))`},
	{"a Resource that is another key is dead", "resource.go", "case matchNo:\n\t\treturn false", "case matchNo:\n\t\treturn true"},
	{"a Resource in doubt is not decided", "resource.go", "st.resource = r.inDoubt(st)", "_ = r.inDoubt(st)"},
	{"NotResource is the opposite of Resource", "resource.go", "if l.Negated {\n\t\treturn r.excludeOpaque(", "if false {\n\t\treturn r.excludeOpaque("},
	// Conditions.
	{"all conditions of a statement must hold", "statement.go", "*boxes, err = r.space.IntersectAll(*boxes, ", "_, err = r.space.IntersectAll(*boxes, "},
	{"a positive operator is false of an absent key", "condition.go", "return truthOf(o.IfExists || o.Negated)", "return isTrue"},
	{"a negated operator is true of an absent key", "condition.go", "return truthOf(o.IfExists || o.Negated)", "return truthOf(o.IfExists)"},
	{"IfExists is true of an absent key", "condition.go", "return truthOf(o.IfExists || o.Negated)", "return truthOf(o.Negated)"},
	{"ForAllValues is true of an absent key", "condition.go", "case o.Set == policy.ForAllValues:\n\t\treturn isTrue", "case o.Set == policy.ForAllValues:\n\t\treturn isFalse"},
	{"ForAnyValue is false of an absent key", "condition.go", "case o.Set == policy.ForAnyValue:\n\t\treturn isFalse", "case o.Set == policy.ForAnyValue:\n\t\treturn isTrue"},
	{"ForAnyValue with IfExists is not decided", "condition.go", "case o.Set == policy.ForAnyValue && o.IfExists:\n\t\treturn isUnknown", "case o.Set == policy.ForAnyValue && o.IfExists:\n\t\treturn isTrue"},
	{"a negated operator is the opposite", "condition.go", "case present && o.Negated:\n\t\treturn truthOf(!holds)", "case present && o.Negated:\n\t\treturn truthOf(holds)"},
	{"Null asks for absence", "condition.go", `wanted := "true"`, `wanted := "false"`},
	{"ForAllValues asks of all values", "condition.go", "if !fits(class) {\n\t\t\t\tall, _", "if fits(class) {\n\t\t\t\tall, _"},
	{"some value may be one thing and some value another", "condition.go", "b, _ := none.Restrict(k.dimension+class, box.Single(with, 2))", "b, _ := k.absence()[:class].Restrict(k.dimension+class, box.Single(with, 2))"},
	{"a multi-valued key without a set operator is not decided", "condition.go", "if o.Set == policy.NoSet || len(c.unknown) > 0 {", "if len(c.unknown) > 0 {"},
	{"an unknown key is multi-valued under a set operator", "conditionkey.go", "!known && (usedAsSet || r.asSets[id])", "!known && false"},
	{"condition keys ignore case", "conditionkey.go", "id := keyID(name)", "id := name"},
	{"the principal determines its keys", "determined.go", `case "aws:principalarn", `, `case `},
	{"the principal's type is known", "context.go", `return "AssumedRole"`, `return "Role"`},
	{"another value in doubt is another doubt", "condition.go", "strconv.Quote(keyID(c.key)) + value", "strconv.Quote(keyID(c.key))"},
	// Who carries which key.
	{"a service carries no key of an identity", "condition.go", "case presence == catalog.Never:", "case false:"},
	{"what a service's account is, is not known", "presence.go", "case lacking == isTrue && carrying == isTrue:\n\t\treturn always", "case lacking == isTrue:\n\t\treturn always"},
	{"a foreign value is nobody's", "presence.go", `const foreignValue = "\x00"`, `const foreignValue = "111122223333"`},
	{"whether a service carries a key is one question", "presence.go", `"carried " + keyID(c.key)`, `"carried " + c.id()`},
	{"a named role may have a source account", "presence.go", "case isRole && (s.group == named || s.group == otherSession):", "case false:"},
	{"an unnamed identity has no source account", "presence.go", "identityCaller: row.OfIdentity()", "identityCaller: row.OfNamedRole()"},
	{"what each request carries is never absent", "conditionkey.go", "k.all = k.present()", "_ = k.present()"},
	{"what a caller may lack can be absent", "presence.go", "if r.presence(name, caller) == catalog.Free {\n\t\t\treturn false", "if r.presence(name, caller) == catalog.Free {\n\t\t\treturn true"},
	{"a witness has what each request carries", "presence.go", "context[k.name] = c.Sample\n", "_ = c.Sample\n"},
	{"a witness has what the key is", "presence.go", "context[name], _ = r.constant(keyID(name))", "_, _ = r.constant(keyID(name))"},
	{"the key's facts are known", "determined.go", `case "kms:keyspec", `, `case `},
	{"the key's Region is known", "determined.go", `case "aws:requestedregion":`, `case "":`},
	{"a condition depends on who calls", "statement.go", "alike = alike && !r.dependsOnCaller(keyID(c.Key))", "alike = true"},
	{"the opposite of a Boolean is tried", "internal/predicate/samples.go", "texts = append(texts, strconv.FormatBool(!value))", "_ = value"},
	{"a documented Boolean has two values", "conditionkey.go", "documented.Type == catalog.Bool", "documented.Type == catalog.IP"},
	{"bytes that nobody names are tried", "internal/predicate/samples.go", `samples := []string{"not base64", otherBinary(atoms)}`, `samples := []string{"not base64", "not base64 " + otherBinary(atoms)}`},
	{"a pattern without six parts matches no ARN", "internal/pattern/pattern.go", "if part < ARNParts-1 {", "if part < ARNParts-2 {"},
	{"a Resource of each key covers this key", "resource.go", "case len(found):\n\t\treturn matchYes", "case len(found):\n\t\treturn matchUnknown"},
	{"a Resource of no key is dead", "resource.go", "case 0:\n\t\treturn matchNo", "case 0:\n\t\treturn matchUnknown"},
	{"one request proves a difference only if it has what each has", "equivalent.go", "if asksOfEach(granting) || asksOfEach(other) {", "if false {"},
	// Values.
	{"StringEquals minds case", "internal/predicate/atom.go", "case c == policy.EqualsIgnoreCase:", "case c == policy.EqualsIgnoreCase || c == policy.Equals:"},
	{"a pattern is anchored in front", "internal/pattern/pattern.go", "func Glob(value Value, wild Charset) Pattern {\n\tp := make(Pattern, 0, len(value))", "func Glob(value Value, wild Charset) Pattern {\n\tp := Pattern{{set: wild, repeat: true}}"},
	{"a pattern's ? is one character", "internal/pattern/pattern.go", "p = append(p, element{set: wild})", "p = append(p, element{set: wild, repeat: true})"},
	{"an ARN's parts are matched apart", "internal/pattern/pattern.go", "p = append(p, Glob(value[start:i], NotColon)...)", "p = append(p, Glob(value[start:i], Anything)...)"},
	{"what is no ARN matches no ARN pattern", "internal/pattern/pattern.go", `if !p[:first].Matches("arn") {`, "if false {"},
	{"patterns that overlap have a value in common", "internal/pattern/walker.go", "func (w *walker) visit(at place, text string) {", "func (w *walker) visit(at place, text string) {\n\tif len(w.samples) > 2 {\n\t\treturn\n\t}"},
	{"values of one spelling are told from patterns", "internal/predicate/samples.go", `if a.literal == "" || a.pattern == nil {`, `if a.pattern == nil {`},
	{"what a quoted wildcard matches is the wildcard", "internal/pattern/value.go", "case c.quoted && (c.char == '*' || c.char == '?'):", "case false:"},
	{"less than is not at most", "internal/predicate/atom.go", "return order < 0", "return order <= 0"},
	{"at least is not more than", "internal/predicate/atom.go", "return order >= 0", "return order > 0"},
	{"there are numbers between numbers", "internal/predicate/samples.go", "samples = append(samples, decimal(between.Mul(between, half)))", "between.Mul(between, half)"},
	{"there are times between times", "internal/predicate/samples.go", "samples = append(samples, instant(between))", "_ = between"},
	{"an address range ends where it ends", "internal/predicate/samples.go", "upper[(bits-1)/8] |= 0x80 >> ((bits - 1) % 8)", "upper[(bits-1)/8] |= 0x40 >> ((bits - 1) % 8)"},
	{"a range of addresses leaves the others", "internal/predicate/samples.go", "if address, ok := outsideOf(r, inside); ok {", "if address, ok := outsideOf(r, nil); ok && len(inside) == 0 {"},
	{"a value that may not exist shows no difference", "witness.go", "return with, !d.key.classes[d.element].Doubtful", "return with, true"},
	{"the empty string shows no difference", "internal/predicate/class.go", `Doubtful: !read.mayShow(asked)`, `Doubtful: false`},
	// Variables.
	{"variables are text under 2008-10-17", "variable.go", "if !d.HasVariables() ||", "if"},
	{"what a variable brings in has no wildcards", "variable.go", "text = append(text, pattern.Quoted(replacement)...)", "text = append(text, pattern.Plain(replacement)...)"},
	{"a variable without a value matches nothing", "conditionkey.go", "case unresolvable:", "case unresolvable:\n\t\t\tresult.unknown = append(result.unknown, v)"},
	{"a default stands in where there is no value", "variable.go", "case hasFallback:\n\t\treturn fallback, resolved", "case hasFallback:\n\t\treturn \"\", unresolvable"},
	{"the principals of a group have values of their own", "variable.go", "return s.group != otherAccount\n", "return true\n"},
	// The answer.
	{"an opaque predicate may hold or fail", "prove.go", "if len(opaque) > 0 {", "if false {"},
	{"what is in doubt is an open question", "prove.go", "if len(open) > 0 {", "if len(open) > 0 && false {"},
	{"what is in doubt is not blamed", "prove.go", "if c.inDoubt(p.when, p.allow) {", "if false {"},
	{"only what is in no doubt is told elsewhere", "prove.go", "if c.inDoubt(p.when, p.allow) {", "if true {"},
	{"a budget that is used up is not equal", "compare.go", "c.open = append(c.open, Inconclusive{Policy: Actual, Reason: OverBudget", "_ = append(c.open, Inconclusive{Policy: Actual, Reason: \"over-budget\""},
	{"the budget is small", "compare.go", "const budget = 1_000_000", "const budget = 40_000_000"},
	{"a witness is confirmed, and shown", "witness.go", "return actual.Allows() && !baseline.Allows() && baseline != evaluation.Inconclusive", "return false"},
	{"a witness that is not confirmed is not shown", "witness.go", "return actual.Allows() && !baseline.Allows() && baseline != evaluation.Inconclusive", "return true"},
	{"a witness has the key's account", "context.go", "\t\t\"aws:ResourceAccount\":       key.Account,\n", ""},
	{"sessions of one name and two roles are told apart", "difference.go", "func(f finding) *subject { return f.half.subject }", "func(f finding) string { return f.half.subject.arn }"},
	{"direct access is told as such", "difference.go", "f.actions &^= direct.actions", "_ = direct"},
	{"the same statements have the same conditions", "same.go", "policy.CanonicalConditions(a) == policy.CanonicalConditions(b)", "true"},
	{"the same statements have the same effect", "same.go", "return a.Effect == b.Effect && a.Principals.Negated", "return a.Principals.Negated"},
	{"the same statements are of versions with the same variables", "same.go", "a.HasVariables() == b.HasVariables() ||", "true ||"},
	{"an empty NotAction is no empty Action", "same.go", "a.Actions.Present == b.Actions.Present && a.Actions.Negated == b.Actions.Negated &&", "a.Actions.Present == b.Actions.Present &&"},
	{"one request proves a difference only if the other policy refuses it", "equivalent.go", "granted.Allows() && !refused.Allows()", "granted.Allows()"},
	{"one request has the keys that a policy asks for", "equivalent.go", "if asked {", "if asked && false {"},
	{"within a ceiling is not above it", "within.go", "Excess: above.Excess, Missing: below.Missing", "Excess: above.Excess[:0], Missing: below.Missing"},
}

func converted() []mutation.Mutant {
	list := make([]mutation.Mutant, len(mutants))
	for i, m := range mutants {
		list[i] = mutation.Mutant(m)
	}
	return list
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, converted()) }
