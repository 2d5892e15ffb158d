package guardrail

import (
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// mostExamples bounds the requests that one judgement tries.
const mostExamples = 100

// example returns a request that the policy allows and the ceiling does not. It is a given
// request that meets what is decided of statement i, with values for the condition keys of
// that statement which are made so that the other conditions hold, too.
func (d *doubts) example(i int, request evaluation.Request) (evaluation.Request, bool) {
	key := d.snapshot.Key.PolicyKey()
	shows := func(r evaluation.Request) bool {
		live, _ := evaluation.Evaluate(key, d.Live.Set, r)
		ceiling, _ := evaluation.Evaluate(key, d.Limits.Ceiling, r)
		return live.Allows() && (ceiling == evaluation.ImplicitlyDenied || ceiling == evaluation.ExplicitlyDenied)
	}
	conditions := d.Live.Statements[i].Conditions
	tries := 1
	for _, c := range conditions {
		tries = max(tries, len(c.Values))
	}
	for n := 0; n < tries && d.examples < mostExamples; n++ {
		d.examples++
		try := request
		try.Context = maps.Clone(request.Context)
		if try.Context == nil {
			try.Context = map[string]any{}
		}
		for _, c := range conditions {
			fill(try.Context, c, n)
		}
		if shows(try) {
			return try, true
		}
	}
	return request, false
}

// fill gives the condition key of a condition a value with which the condition may hold: the
// n-th of its values, with letters for the wildcards. A key that has a value keeps it. A
// variable has the value of its own condition key.
func fill(context map[string]any, c policy.Condition, n int) {
	if c.Operator.Negated || c.Operator.Family == policy.NullFamily || len(c.Values) == 0 || valueOf(context, c.Key) != nil {
		return
	}
	value := c.Values[n%len(c.Values)]
	for {
		before, rest, found := strings.Cut(value, "${")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			break
		}
		name, _, _ = strings.Cut(name, ",")
		name = strings.TrimSpace(name)
		text, ok := valueOf(context, name).(string)
		if !ok {
			text = "example"
			context[name] = text
		}
		value = before + text + after
	}
	if valueOf(context, c.Key) != nil { // the variable is the key itself
		return
	}
	value = strings.NewReplacer("*", "", "?", "a").Replace(value)
	if c.Operator.Set == policy.NoSet {
		context[c.Key] = value
	} else {
		context[c.Key] = []string{value}
	}
}

// valueOf returns the value of a condition key, whatever the case of its name; nil where there
// is none.
func valueOf(context map[string]any, key string) any {
	for _, name := range slices.Sorted(maps.Keys(context)) {
		if strings.EqualFold(name, key) {
			return context[name]
		}
	}
	return nil
}
