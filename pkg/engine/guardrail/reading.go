package guardrail

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Reading is one Allow as it may be meant, with the Denies that count beside it and the
// ceiling that it is held against. The Allow is one statement, or two with the same principals:
// one for their own calls and one for calls of services.
type Reading struct {
	Allows, Denies []policy.Statement
	Ceiling        policy.Set
}

// Principals returns the principals of a reading.
func (r *Reading) Principals() []policy.Principal { return r.Allows[0].Principals.Entries }

// Set returns the part of a reading that is about some of its principals. Its Allows are the
// first statements.
func (r *Reading) Set(version string, principals []policy.Principal) policy.Set {
	set := policy.Set{Version: version}
	for _, st := range r.Allows {
		if !st.Principals.Negated {
			st.Principals.Entries = principals
		}
		set.Statements = append(set.Statements, st)
	}
	set.Statements = append(set.Statements, r.Denies...)
	return set
}

// Reader reads Allows that are not decided as allowing as much as they may: what is not
// decided in an Allow counts as met, and what is not decided in a Deny as not met.
type Reader struct {
	// Version is the language version of the policy.
	Version string
	// Ceiling is what its Allows are held against; it has no Deny.
	Ceiling policy.Set
	// Denies are the Denies of the policy that are decided, see [Reader.IsClear].
	Denies []policy.Statement
	// Ask compares a policy with a ceiling. It counts the work, and refuses more by an error,
	// which all methods return as it is.
	Ask func(actual, ceiling policy.Set) (access.Result, error)

	decidedCeiling policy.Set // the decided Allows of Ceiling; without Version where nobody asked yet
}

// Readings returns readings of an Allow in which less and less is undecided, and so more and
// more allowed: under the decided Denies; then without the conditions that are not decided by
// themselves; then under no Deny; and at last without any condition. Each is worked out when it
// is called for, in this order.
func (r *Reader) Readings(st *policy.Statement) []func() (Reading, error) {
	var decided []policy.Statement
	ceiling := RelevantTo(r.Ceiling, st, false)
	readings := []func() (Reading, error){
		func() (Reading, error) { return Reading{[]policy.Statement{*st}, r.Denies, ceiling}, nil },
		func() (_ Reading, err error) {
			decided, err = r.decidedByCaller(st)
			return Reading{decided, r.Denies, ceiling}, err
		},
		func() (Reading, error) { return Reading{decided, nil, ceiling}, nil },
		func() (Reading, error) { return r.Bare(st) },
	}
	if len(r.Denies) == 0 {
		readings = slices.Delete(readings, 2, 3)
	}
	return readings
}

// Decided returns an Allow without the conditions that are not decided by themselves, or of
// which it is not sure that they restrict anybody, see [IsHollow]. All else in the Allow that
// is not decided covers everything.
func (r *Reader) Decided(st *policy.Statement) (policy.Statement, error) {
	return r.decided(Bared(st), st.Conditions)
}

// decided returns an Allow with those of some more conditions that are decided.
func (r *Reader) decided(st policy.Statement, conditions []policy.Condition) (policy.Statement, error) {
	all := slices.Clone(st.Conditions)
	for _, c := range conditions {
		one := st
		one.Conditions = append(slices.Clip(st.Conditions), c)
		if isClear, err := r.IsClear(one); err != nil {
			return st, err
		} else if isClear && !IsHollow(c) {
			all = append(all, c)
		}
	}
	st.Conditions = all
	return st, nil
}

// decidedByCaller is Decided in two statements, since a condition may be decided for the calls
// of identities and not for those of services.
func (r *Reader) decidedByCaller(st *policy.Statement) (list []policy.Statement, err error) {
	if all, err := r.Decided(st); err != nil || len(all.Conditions) == len(st.Conditions) {
		return []policy.Statement{all}, err
	}
	for _, caller := range callers {
		one := Bared(st)
		one.Conditions = []policy.Condition{caller}
		if one, err = r.decided(one, st.Conditions); err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

// DecidedDenies returns what is decided of a Deny: itself, or what it denies to identities or
// to services, or nothing. isWhole is true for itself.
func (r *Reader) DecidedDenies(st policy.Statement) (list []policy.Statement, isWhole bool, err error) {
	if isWhole, err = r.IsClear(st); err != nil || isWhole {
		return []policy.Statement{st}, isWhole, err
	}
	for _, caller := range callers {
		one := st
		one.Conditions = append(slices.Clip(st.Conditions), caller)
		if isClear, err := r.IsClear(one); err != nil {
			return nil, false, err
		} else if isClear {
			list = append(list, one)
		}
	}
	return list, false, nil
}

// callers are conditions that hold for the calls of identities, and of services.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalisawsservice
var callers = []policy.Condition{isService("false"), isService("true")}

func isService(value string) policy.Condition {
	o, err := policy.ParseOperator("Bool")
	if err != nil {
		panic("guardrail: " + err.Error()) // the operator is above
	}
	return policy.Condition{Operator: o, Key: "aws:PrincipalIsAWSService", Values: []string{value}}
}

// Bare is the reading of an Allow without any condition or Deny, beside what is decided of the
// ceiling.
func (r *Reader) Bare(st *policy.Statement) (Reading, error) {
	err := r.DecideCeiling()
	return Reading{Allows: []policy.Statement{Bared(st)}, Ceiling: RelevantTo(r.decidedCeiling, st, true)}, err
}

// DecideCeiling finds what is decided of the ceiling, which [Reader.Bare] needs. It asks only
// once.
func (r *Reader) DecideCeiling() error {
	if r.decidedCeiling.Version != "" {
		return nil
	}
	decided := policy.Set{Version: r.Ceiling.Version}
	for _, share := range r.Ceiling.Statements {
		isClear, err := r.IsClear(share)
		if err != nil {
			return err
		}
		if isClear {
			decided.Statements = append(decided.Statements, share)
		}
	}
	r.decidedCeiling = decided
	return nil
}

// IsClear tells whether it is decided what a statement by itself covers.
func (r *Reader) IsClear(st policy.Statement) (bool, error) {
	st.Effect = policy.Allow
	result, err := r.Ask(policy.Set{Version: r.Version, Statements: []policy.Statement{st}}, policy.Set{})
	return len(result.Inconclusive) == 0, err
}

// Bared returns an Allow without conditions; NotPrincipal is everyone, and an element that
// names nothing names everything.
func Bared(st *policy.Statement) policy.Statement {
	one := *st
	one.Conditions, one.Resources = nil, policy.Values("*")
	if one.Actions.Negated && len(one.Actions.Values) == 0 {
		one.Actions = policy.Values("kms:*")
	}
	if one.Principals.Negated {
		one.Principals = policy.Principals{Entries: []policy.Principal{{Kind: policy.Anyone, Text: "*"}}}
	}
	return one
}

// IsHollow tells whether a condition compares an ARN with a pattern that is no ARN, such as
// "*". Package evaluation reads it as met by no request, because AWS says that each of an ARN's
// six parts is compared by itself. Whoever writes such a condition means all ARNs, so the
// judgement does not count on it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN
func IsHollow(c policy.Condition) bool {
	const parts = 6
	return c.Operator.Family == policy.ArnFamily && !c.Operator.Negated && slices.ContainsFunc(c.Values, func(pattern string) bool {
		return strings.HasSuffix(pattern, "*") && strings.Count(pattern, ":") < parts-1
	})
}

// isHollow tells whether one of an Allow's conditions is hollow.
func isHollow(st *policy.Statement) bool { return slices.ContainsFunc(st.Conditions, IsHollow) }

// Unconditional returns the Allows of a policy that have no condition, and all its Denies. What
// they allow, the policy allows.
func Unconditional(s policy.Set) policy.Set {
	part := policy.Set{Version: s.Version}
	for _, st := range s.Statements {
		if st.Effect == policy.Deny || len(st.Conditions) == 0 {
			part.Statements = append(part.Statements, st)
		}
	}
	return part
}

// RelevantTo returns the part of a ceiling that may cover principals of an Allow; its Denies
// stay. A ceiling names all principals that the policy does, and an Allow few of them, so this
// spares much work. With bare, an Allow that has no condition and is for whole accounts is
// about their unnamed principals only.
func RelevantTo(ceiling policy.Set, st *policy.Statement, bare bool) policy.Set {
	isWide := func(p policy.Principal) bool { return p.Kind == policy.Anyone || p.Kind == policy.Account }
	entries := st.Principals.Entries
	if st.Principals.Negated || slices.ContainsFunc(entries, isWide) {
		if !bare {
			return ceiling
		}
		entries = slices.DeleteFunc(slices.Clone(entries), isWide)
	}
	isRelevant := func(p policy.Principal) bool {
		return isWide(p) || slices.ContainsFunc(entries, func(q policy.Principal) bool {
			return p.Text == q.Text || p.Name != "" && p.Name == q.Name && p.AccountID == q.AccountID // a role and its sessions
		})
	}
	isAbout := func(arn string) bool {
		p, err := policy.ParseAWSPrincipal(arn)
		return err != nil || strings.ContainsAny(arn, "*?$") || isRelevant(p)
	}
	part := policy.Set{Version: ceiling.Version}
	for _, share := range ceiling.Statements {
		if share.Effect == policy.Deny || canMeet(st.Principals, share.Conditions) && reduce(&share, isRelevant, isAbout) {
			part.Statements = append(part.Statements, share)
		}
	}
	return part
}

// canMeet tells whether some of the principals may meet two conditions, under which most of a
// ceiling's Allows for everyone stand: AWS services alone meet aws:PrincipalIsAWSService true, and
// identities of other accounts do not meet a list of accounts.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account
func canMeet(principals policy.Principals, conditions []policy.Condition) bool {
	isOther := func(p policy.Principal) bool {
		return principals.Negated || p.Kind == policy.Anyone || p.Kind == policy.Service || p.AccountID == ""
	}
	if slices.ContainsFunc(principals.Entries, isOther) {
		return true
	}
	return !slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		switch {
		case c.Operator.String() == "Bool" && strings.EqualFold(c.Key, "aws:PrincipalIsAWSService"):
			return len(c.Values) == 1 && c.Values[0] == "true"
		case c.Operator.String() == "StringEquals" && strings.EqualFold(c.Key, "kms:CallerAccount"):
			return !slices.ContainsFunc(principals.Entries, func(p policy.Principal) bool { return slices.Contains(c.Values, p.AccountID) })
		default:
			return false
		}
	})
}

// reduce leaves of an Allow the principals that are relevant, and of its conditions on
// aws:PrincipalArn the values that are about them. It tells whether any are left.
func reduce(st *policy.Statement, isRelevant func(policy.Principal) bool, isAbout func(arn string) bool) bool {
	if !st.Principals.Negated {
		st.Principals.Entries = filter(st.Principals.Entries, isRelevant)
	}
	st.Conditions = slices.Clone(st.Conditions)
	for i := range st.Conditions {
		c := &st.Conditions[i]
		if strings.EqualFold(c.Key, "aws:PrincipalArn") && !c.Operator.Negated && len(c.Values) > 0 {
			if c.Values = filter(c.Values, isAbout); len(c.Values) == 0 {
				return false
			}
		}
	}
	return st.Principals.Negated || len(st.Principals.Entries) > 0
}

func filter[T any](list []T, keep func(T) bool) (some []T) {
	for _, v := range list {
		if keep(v) {
			some = append(some, v)
		}
	}
	return some
}
