package repair

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// words fills a sentence.
func words(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// enumerate lists a few values as a person would, and counts the others.
func enumerate(values []string) string { return joined(values, " and ") }

func joined(values []string, last string) string {
	const most = 8
	if len(values) > most {
		values = append(values[:most:most], fmt.Sprintf("%d more", len(values)-most))
	}
	if len(values) < 2 {
		return strings.Join(values, "")
	}
	return strings.Join(values[:len(values)-1], ", ") + last + values[len(values)-1]
}

// who names the principals of a statement.
func who(st *policy.Statement) string {
	names := principals(st.Principals.Entries)
	if st.Principals.Negated {
		return "everyone but " + names
	}
	if len(st.Conditions) > 0 {
		names = strings.Replace(names, anyone, "anyone", 1) // the conditions say who
	}
	return names
}

const anyone = "anyone with an AWS account"

// principals names principals.
func principals(list []policy.Principal) string {
	var names []string
	for _, q := range list {
		names = append(names, principal(q))
	}
	return enumerate(names)
}

func principal(q policy.Principal) string {
	of := ""
	if q.AccountID != "" {
		of = " of account " + q.AccountID
	}
	switch q.Kind {
	case policy.Anyone:
		return anyone
	case policy.Account:
		return "account " + q.AccountID
	case policy.User:
		return "user " + quote(q.Name) + of
	case policy.Role:
		return "role " + quote(q.Name) + of
	case policy.Session:
		return "session " + quote(q.SessionName) + " of role " + quote(q.Name) + of
	case policy.FederatedUser:
		return "federated user " + quote(q.Name) + of
	case policy.Service:
		return "service " + quote(q.Text)
	default:
		return quote(q.Text)
	}
}

// verbs say what actions do that a person knows by a verb.
var verbs = map[string]string{
	"kms:Decrypt": "decrypt", "kms:Encrypt": "encrypt", "kms:Sign": "sign", "kms:Verify": "verify", "kms:CreateGrant": "create grants",
	"kms:PutKeyPolicy": "change the key policy", "kms:DescribeKey": "describe the key", "kms:ScheduleKeyDeletion": "delete the key",
}

// doing says what can be done with actions, in the values given as far as they fit.
func doing(actions access.Actions, values ...string) string {
	if actions == access.AllActions {
		return "do everything (kms:*)"
	}
	var known, others []string
	for _, name := range spelled(actions, values...) {
		if verb, ok := verbs[name]; ok {
			known = append(known, verb)
		} else {
			others = append(others, quoteless(name))
		}
	}
	if len(others) > 0 {
		known = append(known, "call "+enumerate(others))
	}
	return enumerate(known)
}

// actionWords names actions, in the values given as far as they fit.
func actionWords(actions access.Actions, values ...string) string {
	var names []string
	for _, name := range spelled(actions, values...) {
		names = append(names, quoteless(name))
	}
	return enumerate(names)
}

// quoteless returns the value of an action, which quote need not mark where it is plain.
func quoteless(value string) string {
	if quoted := quote(value); quoted != `"`+value+`"` {
		return quoted
	}
	return value
}

// where says under which conditions; "" for always.
func where(conditions []policy.Condition) string {
	var list []string
	for _, c := range conditions {
		var values []string
		for _, v := range c.Values {
			values = append(values, quote(v))
		}
		list = append(list, fmt.Sprintf("%s %s %s", c.Operator, quote(c.Key), joined(values, " or ")))
	}
	if len(list) == 0 {
		return ""
	}
	return ", where " + strings.Join(list, " and ")
}

// explain says what stands first in a result.
func explain(r access.Result) string {
	for _, list := range [][]access.Difference{r.Excess, r.Missing} {
		for _, d := range list {
			return fmt.Sprintf("%s can %s", enumerate(d.Principals), enumerate(access.ActionPatterns(d.Actions)))
		}
	}
	for _, open := range r.Inconclusive {
		return fmt.Sprintf("%s: %s", open.Reason, quote(open.Detail))
	}
	return string(r.Verdict)
}
