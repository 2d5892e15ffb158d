package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// showable tells whether a box has a context that a witness can show: in each of
// its dimensions a class of which a value is known.
func (sp *space) showable(b box.Box) bool {
	return !slices.ContainsFunc(b, func(s box.Side) bool {
		_, ok := sp.example(s)
		return !ok
	})
}

// example returns the class of a side that a witness shows: absence where that is
// possible, else one of which a value is known.
func (sp *space) example(s box.Side) (class int, ok bool) {
	d, in := &sp.about[s.Dimension], s.In
	switch {
	case sp.Dimensions[s.Dimension].Opaque:
		return 0, true // any: the difference holds for all of them
	case d.key.multi:
		if in.Has(without) {
			return without, true
		}
		return with, !d.key.classes[d.element].Doubtful
	case in.Has(absent):
		return absent, true
	}
	for i, c := range d.key.classes {
		if in.Has(i+1) && !c.Doubtful {
			return i + 1, true
		}
	}
	return 0, false
}

// addContext adds the condition keys of a request in a box that is showable.
func (sp *space) addContext(context map[string]any, b box.Box) {
	for _, s := range b {
		d := &sp.about[s.Dimension]
		class, _ := sp.example(s)
		switch {
		case d.key == nil: // opaque
		case d.key.multi && class == with:
			values, _ := context[d.key.name].([]string)
			context[d.key.name] = append(values, d.key.classes[d.element].Sample)
		case !d.key.multi && class != absent:
			context[d.key.name] = d.key.classes[class-1].Sample
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
	c.reader.completeContext(context, s.caller())
	return evaluation.Request{
		Principal: s.arn, PrincipalType: s.kind, PrincipalAccount: s.account,
		IdentityPolicyAllows: f.half.iam, Action: f.actions.first(), Resource: c.reader.key.ARN,
		Context: context,
	}
}
