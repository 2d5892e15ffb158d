package access_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// decisions are what the evaluator says about one policy and many requests: whether the
// policy is sure to allow each, and whether it is sure to refuse it.
type decisions struct{ allows, refuses []bool }

func decide(d *policy.Document, requests []evaluation.Request) decisions {
	list := decisions{make([]bool, len(requests)), make([]bool, len(requests))}
	for i, r := range requests {
		decision, reasons := evaluation.Evaluate(key, d.Set, r)
		if decision == evaluation.Inconclusive && reasons[0].Code == evaluation.UnfitRequest {
			panic("the test made a request that cannot be: " + reasons[0].Detail)
		}
		list.allows[i] = decision.Allows()
		list.refuses[i] = decision == evaluation.ImplicitlyDenied || decision == evaluation.ExplicitlyDenied
	}
	return list
}

// comparison is one call of Compare with its answer.
type comparison struct {
	baseline, actual *policy.Document
	result           access.Result
}

func compare(baseline, actual *policy.Document) comparison {
	return comparison{baseline, actual, access.Compare(key, baseline.Set, actual.Set)}
}

// contradictions returns what sampled requests and the answer's own witnesses prove wrong
// about the answer (semantics 4 and 6), at most a few. Of the requests that are treated
// differently, the first ones are looked for in the differences, the others counted on.
func (c comparison) contradictions(requests []evaluation.Request, baseline, actual decisions) []string {
	const look = 25
	found := c.malformed()
	looked := 0
	excess, missing := always(c.result.Excess), always(c.result.Missing)
	for i, r := range requests {
		more, less := actual.allows[i] && baseline.refuses[i], baseline.allows[i] && actual.refuses[i]
		if more || less {
			looked++
		}
		switch {
		case len(found) > 3:
			return found
		case more:
			found = append(found, c.untold("excess", c.result.Excess, r, looked <= look)...)
		case less:
			found = append(found, c.untold("missing", c.result.Missing, r, looked <= look)...)
		}
		if !more && overclaims(excess[r.Principal], r) {
			found = append(found, "said to differ always, excess: "+show(r))
		}
		if !less && overclaims(missing[r.Principal], r) {
			found = append(found, "said to differ always, missing: "+show(r))
		}
	}
	return found
}

// contradictionsIn is contradictions for policies that nobody looked at. Where the
// evaluator leaves requests open, the comparison may know more (of two opposite doubts one
// holds), so that a witness of its own is not confirmed.
func (c comparison) contradictionsIn(requests []evaluation.Request) []string {
	baseline, actual := decide(c.baseline, requests), decide(c.actual, requests)
	found := c.contradictions(requests, baseline, actual)
	if baseline.open() || actual.open() {
		found = slices.DeleteFunc(found, func(problem string) bool { return strings.HasPrefix(problem, disagree) })
	}
	return found
}

// open tells whether a request is neither sure to be allowed nor sure to be refused.
func (d decisions) open() bool {
	for i := range d.allows {
		if !d.allows[i] && !d.refuses[i] {
			return true
		}
	}
	return false
}

// untold tells that a request is treated differently and the answer does not say so.
func (c comparison) untold(what string, told []access.Difference, r evaluation.Request, look bool) []string {
	if c.result.Verdict == access.Equal {
		return []string{"equal is wrong, " + what + ": " + show(r)}
	}
	open := len(c.result.Inconclusive) > 0
	if open || !look && len(told) > 0 || slices.ContainsFunc(told, func(d access.Difference) bool { return c.tells(d, r) }) {
		return nil
	}
	return []string{"not told, " + what + ": " + show(r)}
}

// tells tells whether a difference is about a request: its principal, its action, and the
// statement named as the cause matches it.
func (c comparison) tells(d access.Difference, r evaluation.Request) bool {
	return tellsAction(d, r.Action) && (!d.Delegated || r.IdentityPolicyAllows) &&
		slices.ContainsFunc(d.Principals, func(words string) bool { return tellsPrincipal(words, d.Scope, r) }) && c.matches(d, r)
}

func tellsAction(d access.Difference, action string) bool {
	return slices.Contains(d.Actions, action) || slices.Contains(d.Actions, "kms:*")
}

// matches tells whether the statement that a difference names matches a request.
func (c comparison) matches(d access.Difference, r evaluation.Request) bool {
	document := c.actual
	if d.Policy == access.Baseline {
		document = c.baseline
	}
	alone := document.Statements[d.Statement]
	if alone.Effect == policy.Deny && !alone.Principals.Negated {
		alone.Effect, r.IdentityPolicyAllows = policy.Allow, true
	}
	decision, _ := evaluation.Evaluate(key, policy.Set{Version: document.Version, Statements: []policy.Statement{alone}}, r)
	return decision != evaluation.ImplicitlyDenied
}

// always returns the differences that are said to show always, by the principals that
// they name.
func always(list []access.Difference) map[string][]access.Difference {
	claims := map[string][]access.Difference{}
	for _, d := range list {
		if d.Conditions == "" {
			for _, words := range d.Principals {
				claims[words] = append(claims[words], d)
			}
		}
	}
	return claims
}

// overclaims tells whether one of the claims is about a request that does not differ:
// its action and its half. Sessions are left out: the words for one do not say for which
// path of its role it holds.
func overclaims(claims []access.Difference, r evaluation.Request) bool {
	return r.PrincipalType != evaluation.SessionPrincipal && slices.ContainsFunc(claims, func(d access.Difference) bool {
		half := r.IdentityPolicyAllows == d.Delegated || r.PrincipalType == evaluation.RootPrincipal || r.PrincipalType == evaluation.ServicePrincipal
		return half && tellsAction(d, r.Action)
	})
}

const disagree = "the comparison and the evaluator disagree"

// malformed returns what is wrong with an answer in itself.
func (c comparison) malformed() []string {
	var found []string
	r := c.result
	want := access.Equal
	switch {
	case len(r.Excess)+len(r.Missing) > 0:
		want = access.Different
	case len(r.Inconclusive) > 0:
		want = access.Undecided
	}
	if r.Verdict != want {
		found = append(found, fmt.Sprintf("verdict %s with %d excess, %d missing, %d inconclusive", r.Verdict, len(r.Excess), len(r.Missing), len(r.Inconclusive)))
	}
	for _, q := range r.Inconclusive {
		if q.Reason == "unconfirmed-witness" {
			found = append(found, disagree+": "+q.Detail)
		}
	}
	return append(append(found, c.unproved("excess", r.Excess, c.baseline, c.actual)...), c.unproved("missing", r.Missing, c.actual, c.baseline)...)
}

// unproved checks the witnesses: each is a request that one policy allows and the other
// refuses, and that the difference is about.
func (c comparison) unproved(what string, list []access.Difference, refusing, allowing *policy.Document) []string {
	var found []string
	for _, d := range list {
		allowed, _ := evaluation.Evaluate(key, allowing.Set, d.Witness)
		refused, _ := evaluation.Evaluate(key, refusing.Set, d.Witness)
		if !allowed.Allows() || refused.Allows() || refused == evaluation.Inconclusive {
			found = append(found, fmt.Sprintf("%s: the witness is %s and %s: %s", what, allowed, refused, show(d.Witness)))
		}
		if !c.tells(d, d.Witness) {
			found = append(found, fmt.Sprintf("%s: the witness is not what the difference is about: %s, %+v", what, show(d.Witness), d))
		}
		for key, value := range d.Witness.Context {
			if list, isList := value.([]string); value == "" || isList && (len(list) == 0 || slices.Contains(list, "")) {
				found = append(found, fmt.Sprintf("%s: the witness has an empty %s", what, key))
			}
		}
	}
	return found
}

// tellsPrincipal tells whether the words for principals take in the principal of a request.
func tellsPrincipal(words string, scope access.Scope, r evaluation.Request) bool {
	account, isSession := r.PrincipalAccount, r.PrincipalType == evaluation.SessionPrincipal
	if words == r.Principal || isSession && sessionRole(words) == sessionRole(r.Principal) && strings.Contains(words, ":role/") {
		return true
	}
	switch scope {
	case access.AWSService:
		return r.PrincipalType == evaluation.ServicePrincipal && (strings.HasPrefix(words, "every ") || strings.HasPrefix(words, "services "))
	case access.AnyAccount:
		account = "any other account"
	default:
		account = "account " + account
	}
	kind := map[evaluation.PrincipalType]string{
		evaluation.UserPrincipal: "user", evaluation.RolePrincipal: "role", evaluation.SessionPrincipal: "role session",
		evaluation.FederatedPrincipal: "federated user", evaluation.RootPrincipal: "root user",
	}[r.PrincipalType]
	for _, other := range []string{"", "other "} {
		switch {
		case words == "every "+other+"principal of "+account,
			words == "every "+other+"principal of "+account+" but its root user" && kind != "root user",
			words == "every "+other+kind+" of "+account:
			return true
		}
	}
	if isSession && words == "every other session of role "+strings.Split(r.Principal, "/")[1]+" of "+account {
		return true
	}
	example, such := strings.CutPrefix(words, kind+"s such as ")
	return such && (scope == access.AnyAccount || strings.Contains(example, ":"+r.PrincipalAccount+":"))
}

// sessionRole returns the account and name of the role of a role or session ARN.
func sessionRole(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return arn
	}
	if path := strings.Split(parts[5], "/"); path[0] == "assumed-role" {
		return parts[4] + "/" + path[1]
	}
	return parts[4] + "/" + lastSegment(parts[5])
}

func show(r evaluation.Request) string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// unprovedActions returns the actions that a difference lists and that do not differ as its
// witness does.
func (c comparison) unprovedActions() []string {
	var found []string
	check := func(list []access.Difference, refusing, allowing *policy.Document) {
		for _, d := range list {
			actions := d.Actions
			if actions[0] == "kms:*" {
				actions = allActions()
			}
			for _, d.Witness.Action = range actions {
				if one := decide(allowing, []evaluation.Request{d.Witness}); !one.allows[0] {
					found = append(found, "an action that is not allowed: "+show(d.Witness))
				}
				if other := decide(refusing, []evaluation.Request{d.Witness}); !other.refuses[0] {
					found = append(found, "an action that is not refused: "+show(d.Witness))
				}
			}
		}
	}
	check(c.result.Excess, c.baseline, c.actual)
	check(c.result.Missing, c.actual, c.baseline)
	return found[:min(len(found), 4)]
}
