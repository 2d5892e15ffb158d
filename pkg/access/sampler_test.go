package access_test

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// sampler makes concrete requests that policies may treat differently. It knows the
// grammar of policies and nothing of how the comparison works: it takes every literal,
// makes what patterns match and just do not match, the numbers and addresses at and
// beside each bound, absence, and small sets for keys with several values, and sends
// them as principals of every kind.
//
// The same policies give the same requests.
type sampler struct {
	documents []*policy.Document
	random    *rand.Rand
	callers   []caller
	actions   []string // one of each set that no statement tells apart
	keys      []askedKey
	targets   []target
}

// askedKey is a condition key that a request is free to have.
type askedKey struct {
	name   string
	multi  bool
	values []string // may hold policy variables, see fill
}

// target is a statement as seen from the requests that it may match.
type target struct {
	callers []caller
	actions []string
	// values are those that meet the statement's conditions on a key: a string, a
	// []string, or nil for absence.
	values map[string][]any
}

func newSampler(documents ...*policy.Document) *sampler {
	seed := fnv.New64a()
	for _, d := range documents {
		seed.Write([]byte(d.Text()))
	}
	s := &sampler{documents: documents, random: rand.New(rand.NewPCG(seed.Sum64(), 1)), callers: callersOf(documents...), actions: actionsApart(documents)}
	s.keys = keysOf(documents)
	for _, d := range documents {
		for i := range d.Statements {
			s.targets = append(s.targets, s.target(d, &d.Statements[i]))
		}
	}
	return s
}

// requests returns about n requests, half of them aimed at a statement.
func (s *sampler) requests(n int) []evaluation.Request {
	list := make([]evaluation.Request, 0, n)
	for i := range n {
		var about *target
		if len(s.targets) > 0 && i%4 != 0 {
			about = &s.targets[i%len(s.targets)]
		}
		list = append(list, s.request(about))
	}
	return list
}

func (s *sampler) request(about *target) evaluation.Request {
	who, action := pick(s.random, s.callers), pick(s.random, s.actions)
	if about != nil && len(about.callers) > 0 && s.chance(80) {
		who = pick(s.random, about.callers)
	}
	if about != nil && len(about.actions) > 0 && s.chance(80) {
		action = pick(s.random, about.actions)
	}
	context := who.context()
	for _, k := range s.keys {
		if value := s.value(k, about); value != nil {
			context[k.name] = value
		}
	}
	fill(context, s.chance(85))
	return evaluation.Request{
		Principal: who.arn, PrincipalType: who.kind, PrincipalAccount: who.account,
		IdentityPolicyAllows: who.alone() || s.chance(60), Action: action, Resource: key.ARN, Context: context,
	}
}

// value returns a value for a key: mostly one that meets what the statement asks, at
// times any, at times none.
func (s *sampler) value(k askedKey, about *target) any {
	if about != nil && s.chance(75) {
		if fitting, asked := about.values[k.name]; asked && len(fitting) > 0 {
			return pick(s.random, fitting)
		}
	}
	if s.chance(40) {
		return nil
	}
	return s.anyValue(k)
}

func (s *sampler) anyValue(k askedKey) any {
	if !k.multi {
		return pick(s.random, k.values)
	}
	set := []string{pick(s.random, k.values)}
	for s.chance(45) && len(set) < 4 {
		set = append(set, pick(s.random, k.values))
	}
	return set
}

func (s *sampler) chance(percent int) bool { return s.random.IntN(100) < percent }

func pick[T any](random *rand.Rand, list []T) T { return list[random.IntN(len(list))] }

// target finds, by asking the evaluator about the parts of a statement, what meets them.
func (s *sampler) target(d *policy.Document, st *policy.Statement) target {
	part := policy.Statement{Effect: policy.Allow, Principals: everyone, Actions: policy.Values("*"), Resources: policy.Values("*")}
	probe := func(st policy.Statement, r evaluation.Request) bool {
		decision, _ := evaluation.Evaluate(evaluation.Key(key), &policy.Document{Version: d.Version, Statements: []policy.Statement{st}}, r)
		return decision.Allows() || decision == evaluation.Inconclusive
	}
	t := target{values: map[string][]any{}}
	r := evaluation.Request{IdentityPolicyAllows: true, Action: "kms:Decrypt", Resource: key.ARN}
	who := part
	who.Principals = st.Principals
	for _, c := range s.callers {
		r.Principal, r.PrincipalType, r.PrincipalAccount = c.arn, c.kind, c.account
		if probe(who, r) {
			t.callers = append(t.callers, c)
		}
	}
	what := part
	what.Actions = st.Actions
	for _, r.Action = range s.actions {
		if probe(what, r) {
			t.actions = append(t.actions, r.Action)
		}
	}
	r.Action = "kms:Decrypt"
	for _, k := range s.keys {
		when := part
		when.Conditions = slices.DeleteFunc(slices.Clone(st.Conditions), func(c policy.Condition) bool { return !strings.EqualFold(c.Key, k.name) })
		if len(when.Conditions) > 0 {
			t.values[k.name] = s.fitting(k, func(value any) bool {
				c := pick(s.random, s.callers)
				r.Principal, r.PrincipalType, r.PrincipalAccount = c.arn, c.kind, c.account
				r.Context = c.context()
				if value != nil {
					r.Context[k.name] = value
				}
				fill(r.Context, true)
				return probe(when, r)
			})
		}
	}
	return t
}

var everyone = policy.Principals{Entries: []policy.Principal{{Kind: policy.Anyone, Text: "*"}}}

// fitting returns the values of a key for which fits holds, absence among them.
func (s *sampler) fitting(k askedKey, fits func(value any) bool) []any {
	candidates := []any{nil}
	for _, v := range k.values {
		if k.multi {
			candidates = append(candidates, []string{v})
		} else {
			candidates = append(candidates, v)
		}
	}
	for range 6 {
		if k.multi {
			candidates = append(candidates, s.anyValue(k))
		}
	}
	return slices.DeleteFunc(candidates, func(value any) bool { return !fits(value) })
}

// keysOf returns the free condition keys that policies ask about, or use as variables,
// with values worth trying.
func keysOf(documents []*policy.Document) []askedKey {
	found := map[string]*askedKey{}
	var order []string
	note := func(name string) *askedKey {
		id := strings.ToLower(name)
		if found[id] == nil {
			_, known := catalog.LookupConditionKey(name)
			found[id] = &askedKey{name: name, multi: catalog.MultiValued(name) || !known && usedAsSet(documents, name), values: []string{"other"}}
			order = append(order, id)
		}
		return found[id]
	}
	for c := range conditionsOf(documents) {
		for _, name := range variablesIn(c.Values) {
			if !isDeterminedKey(name) {
				note(name)
			}
		}
		if isDeterminedKey(c.Key) {
			continue
		}
		k := note(c.Key)
		for _, v := range c.Values {
			k.values = append(k.values, valuesNear(c.Operator, v)...)
		}
	}
	var list []askedKey
	for _, id := range order {
		k := *found[id]
		k.values = append(k.values, crossings(documents, k.name)...)
		slices.Sort(k.values)
		k.values = slices.DeleteFunc(slices.Compact(k.values), func(v string) bool { return v == "" }) // no witness is empty
		list = append(list, k)
	}
	return list
}

// usedAsSet tells whether a set operator stands over a key in any of the policies.
func usedAsSet(documents []*policy.Document, name string) bool {
	for c := range conditionsOf(documents) {
		if c.Operator.Set != policy.NoSet && strings.EqualFold(c.Key, name) {
			return true
		}
	}
	return false
}

func conditionsOf(documents []*policy.Document) func(yield func(policy.Condition) bool) {
	return func(yield func(policy.Condition) bool) {
		for _, d := range documents {
			for _, st := range d.Statements {
				for _, c := range st.Conditions {
					if !yield(c) {
						return
					}
				}
			}
		}
	}
}

// variablesIn returns the names of the policy variables in values.
func variablesIn(values []string) []string {
	var names []string
	for _, v := range values {
		for rest := v; ; {
			_, after, found := strings.Cut(rest, "${")
			if !found {
				break
			}
			name, behind, _ := strings.Cut(after, "}")
			name, _, _ = strings.Cut(name, ",")
			if strings.Contains(name, ":") && name == strings.TrimSpace(name) {
				names = append(names, name)
			}
			rest = behind
		}
	}
	return names
}

// fill replaces policy variables in the values of a context by what the context itself
// says, so that a request can meet a condition with variables. Where it does not
// resolve, such text stays as it is: a value may look like a variable.
func fill(context map[string]any, resolve bool) {
	if !resolve {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(context)) {
		switch value := context[name].(type) {
		case string:
			context[name] = filled(value, context)
		case []string:
			list := slices.Clone(value)
			for i := range list {
				list[i] = filled(list[i], context)
			}
			context[name] = list
		}
	}
}

func filled(value string, context map[string]any) string {
	before, after, found := strings.Cut(value, "${")
	if !found {
		return value
	}
	body, behind, closed := strings.Cut(after, "}")
	if !closed {
		return value
	}
	name, fallback, _ := strings.Cut(body, ",")
	text := strings.Trim(fallback, " '")
	if body == "*" || body == "?" || body == "$" {
		text = body
	}
	for key, known := range context {
		if one, ok := known.(string); ok && strings.EqualFold(key, name) && !strings.Contains(one, "${") {
			text = one
		}
	}
	if result := before + text + filled(behind, context); result != "" {
		return result
	}
	return value
}
