package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws/internal/authz"
)

// TestRandomPairsAreDecidedAsTheEvaluatorDoes holds authz against package evaluation, which
// somebody wrote apart from it after the same pages of AWS: on random pairs of a key policy and
// a request they must not contradict each other. Where AWS leaves a construct open, the
// evaluator says so ("inconclusive"), and authz may take either reading.
//
// The pairs are the same every time. AUTHZ_PAIRS says how many there are, RANDOM_SEED=1 draws
// new ones, as `make fuzz` does with both; a failure prints the seed.
func TestRandomPairsAreDecidedAsTheEvaluatorDoes(t *testing.T) {
	seed := uint64(20261123)
	if os.Getenv("RANDOM_SEED") != "" {
		seed = rand.Uint64()
	}
	g := newGenerator(seed)
	counts := map[evaluation.Decision]int{}
	pairs := numberOfPairs(t)
	for range pairs {
		p := g.pair()
		decision, contradiction := p.compare(theAuthoriser)
		if contradiction != "" {
			p = p.smallest(theAuthoriser)
			_, contradiction = p.compare(theAuthoriser)
			t.Fatalf("seed %d: %s\n%s", seed, contradiction, p)
		}
		counts[decision]++
	}
	for _, d := range []evaluation.Decision{evaluation.Allowed, evaluation.Delegated, evaluation.ImplicitlyDenied, evaluation.ExplicitlyDenied} {
		if counts[d] < pairs/50 {
			t.Errorf("of %d pairs only %d are %s: the generator leaves out too much", pairs, counts[d], d)
		}
	}
	if undecided := counts[evaluation.Inconclusive]; undecided > pairs/4 {
		t.Errorf("of %d pairs %d are undecided: they compare nothing", pairs, undecided)
	}
	t.Logf("proof: %d random pairs of policy and request without a contradiction: %d allowed, %d delegated, %d denied by no statement, %d denied by a Deny, %d undecided",
		pairs, counts[evaluation.Allowed], counts[evaluation.Delegated], counts[evaluation.ImplicitlyDenied], counts[evaluation.ExplicitlyDenied], counts[evaluation.Inconclusive])
}

func numberOfPairs(t *testing.T) int {
	t.Helper()
	text := os.Getenv("AUTHZ_PAIRS")
	if text == "" {
		return 20_000
	}
	pairs, err := strconv.Atoi(text)
	if err != nil || pairs < 20_000 {
		t.Fatalf("AUTHZ_PAIRS=%s is not a number of 20000 or more", text)
	}
	return pairs
}

// TestABrokenAuthoriserIsNoticed shows that the pairs look into every rule: an authoriser that
// reads one element as another contradicts the evaluator within the pairs of `make test`.
func TestABrokenAuthoriserIsNoticed(t *testing.T) {
	for name, broken := range brokenAuthorisers() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGenerator(20261123)
			for range 20_000 {
				if _, contradiction := g.pair().compare(broken); contradiction != "" {
					return
				}
			}
			t.Error("20,000 pairs do not notice it")
		})
	}
}

// authoriser decides a pair, or says why it refuses the policy.
type authoriser func(pair) (authz.Decision, error)

// theAuthoriser asks authz, with every principal bound to its ARN.
func theAuthoriser(p pair) (authz.Decision, error) {
	d, err := authz.ParseKeyPolicy(p.policyText())
	if err != nil {
		return authz.Decision{}, err
	}
	context := authz.Context{}
	for name, value := range p.request.Context {
		switch v := value.(type) {
		case string:
			context.Set(name, v)
		case []string:
			context.Set(name, v...)
		}
	}
	return d.EvaluateKeyPolicy(authz.Request{
		Subject: authz.Subject{Partition: "aws", Account: p.caller.account, Layers: p.caller.layers},
		Action:  p.request.Action, Resource: ownKey.ARN, Context: context,
	}, ownKey.Account), nil
}

// brokenAuthorisers read another policy than the one that they are given.
func brokenAuthorisers() map[string]authoriser {
	all := map[string]authoriser{}
	reading := func(name string, change func(statement map[string]any)) {
		all[name] = func(p pair) (authz.Decision, error) {
			changed := make([]map[string]any, 0, len(p.statements))
			for _, s := range p.statements {
				s = maps.Clone(s)
				change(s)
				changed = append(changed, s)
			}
			p.statements = changed
			return theAuthoriser(p)
		}
	}
	for from, to := range map[string]string{"NotAction": "Action", "NotResource": "Resource", "NotPrincipal": "Principal"} {
		reading(from+" as "+to, func(s map[string]any) { rename(s, from, to) })
	}
	reading("Deny as Allow", func(s map[string]any) {
		if _, negated := s["NotPrincipal"]; !negated {
			s["Effect"] = "Allow"
		}
	})
	reading("no condition", func(s map[string]any) { delete(s, "Condition") })
	for from, to := range otherOperators {
		reading(from+" as "+to, func(s map[string]any) {
			changeOperators(s, func(o operatorDrawn) operatorDrawn {
				if o.name == from {
					o.name = to
				}
				return o
			})
		})
	}
	reading("no IfExists", func(s map[string]any) {
		changeOperators(s, func(o operatorDrawn) operatorDrawn { o.ifExists = ""; return o })
	})
	for from, to := range map[string]string{"ForAllValues:": "ForAnyValue:", "ForAnyValue:": "ForAllValues:"} {
		reading(from+" as "+to, func(s map[string]any) {
			changeOperators(s, func(o operatorDrawn) operatorDrawn {
				if o.set == from {
					o.set = to
				}
				return o
			})
		})
	}
	all["no variables"] = func(p pair) (authz.Decision, error) { p.version = policy.Version2008; return theAuthoriser(p) }
	all["a session is not of its role"] = func(p pair) (authz.Decision, error) {
		if n := len(p.caller.layers); n > 1 {
			p.caller.layers = p.caller.layers[n-1:]
		}
		return theAuthoriser(p)
	}
	all["the account of the caller does not matter"] = func(p pair) (authz.Decision, error) {
		d, err := theAuthoriser(p)
		d.Direct = d.Direct || d.Delegated
		return d, err
	}
	return all
}

// otherOperators gives each operator one that reads some of its values in another way but can
// read all of them.
var otherOperators = map[string]string{
	"StringEquals": "StringLike", "StringNotEquals": "StringNotLike",
	"StringEqualsIgnoreCase": "StringEquals", "StringNotEqualsIgnoreCase": "StringNotEquals",
	"StringLike": "StringEquals", "StringNotLike": "StringNotEquals",
	"ArnEquals": "StringEquals", "ArnLike": "StringLike", "ArnNotEquals": "StringNotEquals", "ArnNotLike": "StringNotLike",
	"NumericEquals": "StringEquals", "NumericNotEquals": "StringNotEquals",
	"NumericLessThan": "NumericLessThanEquals", "NumericLessThanEquals": "NumericLessThan",
	"NumericGreaterThan": "NumericGreaterThanEquals", "NumericGreaterThanEquals": "NumericGreaterThan",
	"DateEquals": "StringEquals", "DateNotEquals": "StringNotEquals",
	"DateLessThan": "DateLessThanEquals", "DateLessThanEquals": "DateLessThan",
	"DateGreaterThan": "DateGreaterThanEquals", "DateGreaterThanEquals": "DateGreaterThan",
	"Bool": "StringEquals", "Null": "Bool", "BinaryEquals": "StringNotEquals",
	"IpAddress": "StringEquals", "NotIpAddress": "StringNotEquals",
}

// compare decides a pair on both sides. It returns the evaluator's decision, and how the
// authoriser contradicts it, or "".
func (p pair) compare(decide authoriser) (evaluation.Decision, string) {
	d, err := policy.Parse(p.policyText())
	if err != nil {
		return "", fmt.Sprintf("the engine refuses the policy: %v", err)
	}
	if err := p.request.Check(ownKey); err != nil {
		return "", fmt.Sprintf("the evaluator refuses the request: %v", err)
	}
	want, _ := evaluation.Evaluate(ownKey, d.Set, p.request)
	got, err := decide(p)
	if err != nil {
		return want, fmt.Sprintf("authz refuses the policy: %v", err)
	}
	iam := p.request.IdentityPolicyAllows || p.request.PrincipalType == evaluation.RootPrincipal
	allows := !got.Denied && (got.Direct || got.Delegated && iam)
	agree := map[evaluation.Decision]bool{
		evaluation.Allowed:          allows && got.Direct,
		evaluation.Delegated:        allows,
		evaluation.ImplicitlyDenied: !allows,
		evaluation.ExplicitlyDenied: got.Denied,
		evaluation.Inconclusive:     true,
	}
	if agree[want] {
		return want, ""
	}
	return want, fmt.Sprintf("the evaluator says %s, authz %+v", want, got)
}

// smallest leaves out statements, elements and condition keys as long as the pair contradicts.
func (p pair) smallest(decide authoriser) pair {
	for {
		at := slices.IndexFunc(p.smaller(), func(q pair) bool {
			_, contradiction := q.compare(decide)
			return strings.HasPrefix(contradiction, "the evaluator says")
		})
		if at < 0 {
			return p
		}
		p = p.smaller()[at]
	}
}

func (p pair) smaller() []pair {
	var list []pair
	for i, s := range p.statements {
		if len(p.statements) > 1 {
			q := p
			q.statements = slices.Delete(slices.Clone(p.statements), i, i+1)
			list = append(list, q)
		}
		for _, changed := range withOneLess(s) {
			q := p
			q.statements = slices.Clone(p.statements)
			q.statements[i] = changed
			list = append(list, q)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.request.Context)) {
		q := p
		q.request.Context = maps.Clone(p.request.Context)
		delete(q.request.Context, name)
		list = append(list, q)
	}
	return list
}

// withOneLess returns the statement with one operator less of its Condition.
func withOneLess(s map[string]any) []map[string]any {
	var list []map[string]any
	conditions, _ := s["Condition"].(map[string]any)
	for _, operator := range slices.Sorted(maps.Keys(conditions)) {
		less := maps.Clone(conditions)
		delete(less, operator)
		changed := maps.Clone(s)
		changed["Condition"] = less
		list = append(list, changed)
	}
	return list
}

// String shows a pair as it can be given to `kmsguard eval`.
func (p pair) String() string {
	request, err := json.MarshalIndent(p.request, "", " ")
	if err != nil {
		panic(err)
	}
	return "policy " + p.policyText() + "\nrequest " + string(request)
}

func rename(s map[string]any, from, to string) {
	if value, ok := s[from]; ok {
		delete(s, from)
		s[to] = value
	}
}

// changeOperators changes how the operators of a statement are spelled.
func changeOperators(s map[string]any, change func(operatorDrawn) operatorDrawn) {
	conditions, ok := s["Condition"].(map[string]any)
	if !ok {
		return
	}
	changed := map[string]any{}
	for spelled, keys := range conditions {
		changed[change(readDrawn(spelled)).String()] = keys
	}
	s["Condition"] = changed
}
