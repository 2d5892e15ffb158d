package access

import (
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"slices"
	"strings"
)

// showable tells whether a box has a context that a witness can show: in each of
// its dimensions a class of which a value is known.
func (sp *space) showable(b box) bool {
	return !slices.ContainsFunc(b, func(s side) bool {
		_, ok := sp.dimensions[s.dimension].example(s.in)
		return !ok
	})
}

// example returns the class of a dimension that a witness shows: absence where
// that is possible, else one of which a value is known.
func (d *dimension) example(in classes) (class int, ok bool) {
	switch {
	case d.opaque:
		return 0, true // any: the difference holds for all of them
	case d.key.multi:
		if in.has(without) {
			return without, true
		}
		return with, !d.key.classes[d.element].doubtful
	case in.has(absent):
		return absent, true
	}
	for i, c := range d.key.classes {
		if in.has(i+1) && !c.doubtful {
			return i + 1, true
		}
	}
	return 0, false
}

// addContext adds the condition keys of a request in a box that is showable.
func (sp *space) addContext(context map[string]any, b box) {
	for _, s := range b {
		d := &sp.dimensions[s.dimension]
		class, _ := d.example(s.in)
		switch {
		case d.opaque:
		case d.key.multi && class == with:
			values, _ := context[d.key.name].([]string)
			context[d.key.name] = append(values, d.key.classes[d.element].sample)
		case !d.key.multi && class != absent:
			context[d.key.name] = d.key.classes[class-1].sample
		}
	}
}

// confirmedWitness returns a request that shows what is the same for all rows, and
// that the independent evaluator confirms: granting allows it, the other policy
// does not. Where it confirms none, it returns the last one tried and false.
func (c *comparison) confirmedWitness(granting Which, rows []row) (request evaluation.Request, ok bool) {
	const most = 20 // a witness that is not confirmed is a mistake; looking on is a courtesy
	tried := 0
	for _, r := range rows {
		for _, b := range r.boxes {
			f := r.finding
			f.when = b
			request = c.witness(f)
			if tried++; c.confirm(granting, request) {
				return request, true
			}
			if tried == most {
				return request, false
			}
		}
	}
	return request, false
}

// confirmations bounds the work of confirming witnesses, in statements evaluated:
// a hostile pair of policies can have thousands of differences.
const confirmations = 20_000

func (c *comparison) confirm(granting Which, request evaluation.Request) bool {
	if c.confirmed += len(c.documents[0].Statements) + len(c.documents[1].Statements); c.confirmed > confirmations {
		return false
	}
	question, err := evaluation.Ask(c.reader.key, request)
	if err != nil {
		return false
	}
	baseline, _ := question.Decide(c.documents[0])
	actual, _ := question.Decide(c.documents[1])
	if granting == Baseline {
		baseline, actual = actual, baseline
	}
	return actual.Allows() && !baseline.Allows() && baseline != evaluation.Inconclusive
}

// witness returns one request of a finding.
func (c *comparison) witness(f finding) evaluation.Request {
	s := f.half.subject
	context := s.context(c.reader.key)
	c.reader.space.addContext(context, f.when)
	return evaluation.Request{
		Principal: s.arn, PrincipalType: s.kind, PrincipalAccount: s.account,
		IdentityPolicyAllows: f.half.iam, Action: f.actions.first(), Resource: c.reader.key.ARN,
		Context: context,
	}
}

// words says a box as a person would.
func (sp *space) words(b box) string {
	var parts []string
	for i := 0; i < len(b); i++ {
		d := &sp.dimensions[b[i].dimension]
		switch {
		case d.opaque:
		case d.key.multi:
			parts = append(parts, d.multiWords(b[i].in))
		default:
			parts = append(parts, d.singleWords(b[i].in))
		}
	}
	return strings.Join(parts, " and ")
}

func (d *dimension) multiWords(in classes) string {
	class := d.key.classes[d.element]
	has := " has a value "
	if in.has(without) {
		has = " has no value "
	}
	for i, p := range d.key.predicates {
		if len(p.atoms) > 0 && class.holds[i] {
			return d.key.name + has + p.words
		}
	}
	return d.key.name + has + "of another kind"
}

// singleWords says in which classes a single-valued key is: as one predicate or
// its opposite where that says it, else by an example.
func (d *dimension) singleWords(in classes) string {
	k := d.key
	orAbsent := ""
	if in.has(absent) {
		orAbsent = " or absent"
	}
	present := in.andNot(single(absent, len(k.classes)+1))
	everything := d.all.andNot(single(absent, len(k.classes)+1))
	switch {
	case present.empty():
		return k.name + " is absent"
	case everything.andNot(present).empty():
		return k.name + " is present" + orAbsent
	}
	for i, p := range k.predicates {
		holds := k.holding[i]
		switch {
		case holds.empty():
		case slices.Equal(holds, present):
			return k.name + " is " + p.words + orAbsent
		case slices.Equal(everything.andNot(holds), present):
			return k.name + " is not " + p.words + orAbsent
		}
	}
	for i, c := range k.classes {
		if present.has(i+1) && !c.doubtful {
			return k.name + " is such as " + c.sample + orAbsent
		}
	}
	return k.name + " is present"
}
