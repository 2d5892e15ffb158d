package integration

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Use is what an Allow statement gives to one service principal.
type Use struct {
	// Service is the principal as written, or "*" for every service.
	Service string
	// Actions are KMS actions as written, wildcards included.
	Actions []string
	// Conditions are all conditions of the statement.
	Conditions []policy.Condition
}

// Class is what the table says of a use.
type Class struct {
	// Bound is the strongest bound among the conditions, all of which must hold.
	Bound Bound
	// Foreign names the accounts and organizations of a ForeignAccount, as written.
	Foreign []string
	// ByRow is a row that documents the actions with this bound; nil where none does.
	ByRow *Row
	// DocumentedUnbound is a row that prints the actions without a bound; nil where none
	// does, or the use has a bound. A row that documents a bound elsewhere comes first.
	DocumentedUnbound *Row
	// Breaks is a row that prints the actions without a bound and says that the service
	// sends no Source keys there: MissingCondition would stop that use. Nil where none does.
	Breaks *Row
	// Auxiliary is a row to which the actions are auxiliary; nil where none has all of them,
	// or the use has a bound.
	Auxiliary *Row
	// MissingCondition is the Condition element that would bound the use, as JSON to paste;
	// "" where the use has a bound, or AWS documents none for DocumentedUnbound.
	MissingCondition string
	// Unknown is true where no AWS service has the principal. Nearest is the name that was
	// probably meant, "" where none is near.
	Unknown bool
	Nearest string
}

// Classify says for whom a service uses a key, and what AWS documents of that. It decides by
// the form of the conditions alone and is pure:
//
//   - aws:SourceAccount and aws:SourceOrgID bound under String operators without wildcards,
//     aws:SourceOrgPaths under ForAnyValue where the organization is whole;
//   - aws:SourceArn bounds where its account field is an account id: under an ARN operator,
//     under StringEquals, and under StringLike without a wildcard up to that field;
//   - an encryption-context key bounds in the same way where a row lists it for the service,
//     and all of the actions but metadata carry a context;
//   - negated operators, IfExists, ForAllValues, other set operators, policy variables and
//     values of which one fixes nobody bound nothing.
//
// A row belongs to a principal as it is spelled in the key's Region and partition; no row belongs to "*".
// https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
func Classify(u Use, f Facts) Class {
	k := classifier{facts: f, actions: expandActions(u.Actions), forResources: isForAWSResource(u.Conditions)}
	for _, r := range table() {
		if f.works(r) && slices.Contains(f.services(r), u.Service) {
			k.rows = append(k.rows, r)
		}
	}
	var class Class
	for _, c := range u.Conditions {
		if bound, foreign := k.boundOf(c); bound > class.Bound {
			class.Bound, class.Foreign = bound, foreign
		}
	}
	class.Unknown, class.Nearest = unknownService(u.Service)
	if class.Bound != None {
		class.ByRow = k.find(func(r *Row) bool { return r.documents(class.Bound) && k.covers(r, r.Use, r.Auxiliary, r.Grants) })
		return class
	}
	class.Auxiliary = k.find(func(r *Row) bool { return k.covers(r, r.Auxiliary) })
	isUnbound := func(r *Row) bool { return len(r.Unbound) > 0 && k.covers(r, r.Unbound, r.Auxiliary) }
	class.DocumentedUnbound = k.find(func(r *Row) bool { return isUnbound(r) && len(r.Bounds) > 0 })
	class.Breaks = k.find(func(r *Row) bool { return isUnbound(r) && r.SendsKey("aws:SourceAccount") == No })
	if class.DocumentedUnbound == nil {
		class.DocumentedUnbound = k.find(isUnbound)
	}
	class.MissingCondition = k.missing(class.DocumentedUnbound)
	return class
}

// classifier is one call of Classify.
type classifier struct {
	facts   Facts
	rows    []*Row   // the rows of the service
	actions []string // the actions by name, without "kms:"
	// forResources is true where a condition limits grants to AWS resources.
	forResources bool
}

// find returns the first row of the service that has a property.
func (k classifier) find(has func(*Row) bool) *Row {
	if i := slices.IndexFunc(k.rows, has); i >= 0 {
		return k.rows[i]
	}
	return nil
}

// covers tells whether lists of a row have all of the actions. An action of the row's grants
// counts only where the statement limits it to grants for AWS resources.
func (k classifier) covers(r *Row, lists ...[]string) bool {
	covered, grants := lowered(slices.Concat(lists...)), lowered(r.Grants)
	return len(k.actions) > 0 && !slices.ContainsFunc(k.actions, func(action string) bool {
		return !isAmong(action, covered) || isAmong(action, grants) && !k.forResources
	})
}

// documents tells whether a row has a bound of a kind.
func (r *Row) documents(b Bound) bool {
	return slices.ContainsFunc(r.Bounds, func(c Condition) bool {
		switch key := strings.ToLower(c.Key); key {
		case "aws:sourcearn":
			return b == SourceARN
		case "aws:sourceaccount":
			return b == SourceAccount
		default:
			return b == Context && strings.HasPrefix(key, "kms:encryptioncontext:")
		}
	})
}

// missing returns the condition to add: aws:SourceAccount, unless the row that prints the use
// without a bound documents another bound, or none.
func (k classifier) missing(r *Row) string {
	c := Condition{Operator: "StringEquals", Key: "aws:SourceAccount", Values: []string{"${AccountId}"}}
	if r != nil && !r.documents(SourceAccount) {
		if len(r.Bounds) == 0 {
			return ""
		}
		c = r.Bounds[0]
	}
	values, err := json.Marshal(k.facts.expandAll(c.Values))
	if err != nil {
		return "" // a list of strings that is no JSON: there is none
	}
	text := string(values)
	if len(c.Values) == 1 {
		text = text[1 : len(text)-1]
	}
	return `"Condition": {"` + c.Operator + `": {"` + c.Key + `": ` + text + `}}`
}

// isForAWSResource tells whether a condition limits grants to those for AWS resources.
func isForAWSResource(conditions []policy.Condition) bool {
	return slices.ContainsFunc(conditions, func(c policy.Condition) bool {
		o := c.Operator
		return strings.EqualFold(c.Key, "kms:GrantIsForAWSResource") && o.Family == policy.BoolFamily && o.Set == policy.NoSet && !o.IfExists &&
			len(c.Values) > 0 && !slices.ContainsFunc(c.Values, func(v string) bool { return !strings.EqualFold(v, "true") })
	})
}
