package access_test

import (
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"unicode"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// sampler makes concrete requests that policies may treat differently. It knows the
// grammar of policies and nothing of how the comparison works: it takes every literal,
// makes what patterns match and just do not match, the numbers and addresses at and
// beside each bound, absence, and small sets for keys with several values, and sends
// them as principals of every kind.
//
// The same policies give the same requests.
type sampler struct {
	random  *rand.Rand
	callers []caller
	actions []string // one of each set that no statement tells apart
	keys    []askedKey
	named   map[string]bool    // roles that the policies name, see namedRoles
	targets map[string]*target // by the text of the statement
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
	// values are, by the key's name, those that meet the statement's conditions on it: a
	// string, a []string, or nil for absence. Keys in variables are there without any.
	values map[string][]any
}

func newSampler(documents ...*policy.Document) *sampler {
	seed := fnv.New64a()
	for _, d := range documents {
		_, _ = seed.Write([]byte(d.Text())) // never fails
	}
	s := &sampler{
		random: newRandom(seed.Sum64(), 0), callers: callersOf(documents...), actions: actionsApart(documents),
		keys: keysOf(documents), named: namedRoles(documents), targets: map[string]*target{},
	}
	if full {
		s.actions = allActions()
	}
	for _, d := range documents {
		for i := range d.Statements {
			if id := statementID(d, i); s.targets[id] == nil {
				s.targets[id] = s.target(d, &d.Statements[i])
			}
		}
	}
	return s
}

func newRandom(seed, more uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, more)) }

func statementID(d *policy.Document, i int) string {
	return d.Version + d.Text()[d.Statements[i].Offset:d.Statements[i].End]
}

// requests returns n requests about policies whose statements the sampler knows: most
// are aimed at one statement or at two at once.
func (s *sampler) requests(n int, documents ...*policy.Document) []evaluation.Request {
	var targets []*target
	for _, d := range documents {
		for i := range d.Statements {
			targets = append(targets, s.targets[statementID(d, i)])
		}
	}
	list := make([]evaluation.Request, 0, n)
	for i := range n {
		switch i % 8 {
		case 0:
			list = append(list, s.request(targets))
		case 1, 2, 3:
			list = append(list, s.request(targets, pick(s.random, targets), pick(s.random, targets)))
		default:
			list = append(list, s.request(targets, pick(s.random, targets)))
		}
	}
	return list
}

// request returns a request that has only keys that some of the targets ask about, and
// likely meets what the ones aimed at ask.
func (s *sampler) request(targets []*target, aimedAt ...*target) evaluation.Request {
	who, action := pick(s.random, s.callers), pick(s.random, s.actions)
	for _, t := range aimedAt {
		if len(t.callers) > 0 && s.chance(80) {
			who = pick(s.random, t.callers)
		}
		if len(t.actions) > 0 && s.chance(80) {
			action = pick(s.random, t.actions)
		}
	}
	context := who.context()
	for _, k := range s.keys {
		if !slices.ContainsFunc(targets, func(t *target) bool { _, asked := t.values[k.name]; return asked }) {
			continue
		}
		value := s.value(k, aimedAt)
		if value == nil && who.presence(k.name, s.named) == catalog.Always {
			value = s.anyValue(k)
		}
		if value != nil && who.presence(k.name, s.named) != catalog.Never {
			context[k.name] = value
		}
	}
	if who.kind == evaluation.ServicePrincipal && s.chance(30) {
		for _, name := range foreignKeys {
			context[name] = "AWS Internal"
		}
	}
	if s.chance(85) {
		fill(context)
	}
	return evaluation.Request{
		Principal: who.arn, PrincipalType: who.kind, PrincipalAccount: who.account,
		IdentityPolicyAllows: who.alone() || s.chance(60), Action: action, Resource: key.ARN, Context: context,
	}
}

// value returns a value for a key: mostly one that meets what a target asks, at times
// any, at times none.
func (s *sampler) value(k askedKey, aimedAt []*target) any {
	for _, t := range aimedAt {
		if fitting := t.values[k.name]; len(fitting) > 0 && s.chance(75) {
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
func (s *sampler) target(d *policy.Document, st *policy.Statement) *target {
	part := policy.Statement{Effect: policy.Allow, Principals: everyone, Actions: policy.Values("*"), Resources: policy.Values("*")}
	matches := func(part policy.Statement, c caller, action string, context map[string]any) bool {
		r := evaluation.Request{Principal: c.arn, PrincipalType: c.kind, PrincipalAccount: c.account, IdentityPolicyAllows: true, Action: action, Context: context}
		decision, _ := evaluation.Evaluate(key, policy.Set{Version: d.Version, Statements: []policy.Statement{part}}, r)
		return decision.Allows() || decision == evaluation.Inconclusive
	}
	t := target{values: map[string][]any{}}
	who, what := part, part
	who.Principals, what.Actions = st.Principals, st.Actions
	for _, c := range s.callers {
		if matches(who, c, "kms:Decrypt", nil) {
			t.callers = append(t.callers, c)
		}
	}
	for _, action := range s.actions {
		if matches(what, s.callers[0], action, nil) {
			t.actions = append(t.actions, action)
		}
	}
	for _, k := range s.keys {
		when := part
		for _, c := range st.Conditions {
			if strings.EqualFold(c.Key, k.name) {
				when.Conditions = append(when.Conditions, c)
			}
			if slices.ContainsFunc(variablesIn(c.Values), func(name string) bool { return strings.EqualFold(name, k.name) }) {
				t.values[k.name] = nil
			}
		}
		if len(when.Conditions) > 0 {
			t.values[k.name] = s.fitting(k, func(value any) bool {
				c := pick(s.random, s.callers)
				context := c.context()
				if value != nil {
					context[k.name] = value
				}
				fill(context)
				return matches(when, c, "kms:Decrypt", context)
			})
		}
	}
	return &t
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
		id := sameCase(name)
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
		if documented, _ := catalog.LookupConditionKey(k.name); documented.Type == catalog.Bool {
			k.values = []string{"true", "false"} // the key has no other value
			list = append(list, k)
			continue
		}
		k.values = append(k.values, crossings(documents, k.name)...)
		slices.Sort(k.values)
		k.values = slices.DeleteFunc(slices.Compact(k.values), func(v string) bool { return v == "" }) // no witness is empty
		list = append(list, k)
	}
	return list
}

// sameCase returns a text such that two texts give the same if they differ in case only.
func sameCase(text string) string {
	return strings.Map(func(r rune) rune {
		least := r
		for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
			least = min(least, other)
		}
		return least
	}, text)
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
func fill(context map[string]any) {
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
