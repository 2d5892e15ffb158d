package lint

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// statement is one statement under check.
type statement struct {
	*policy.Statement
	key       policy.Key
	keyType   catalog.KeyType
	region    string // of the key, "" where not known
	document  *policy.Document
	index     int
	places    places
	keys      []catalog.ConditionKey // of Conditions, without a name where unknown
	decided   []bool                 // which Conditions are known to hold never or always
	matching  [][]string             // what each of Actions.Values covers, see matchingActions
	covered   []string               // the actions of a key policy that the statement covers
	variables bool                   // ${…} in its values is a policy variable
	work      int                    // see afford
	findings  []Finding
}

func newStatement(key policy.Key, keyType catalog.KeyType, d *policy.Document, index int) *statement {
	st := &d.Statements[index]
	s := &statement{
		Statement: st, key: key, keyType: keyType, region: key.Region, document: d, index: index,
		places: findPlaces(d.Text(), st.Offset, st.End), variables: d.HasVariables(), decided: make([]bool, len(st.Conditions)),
	}
	for _, c := range st.Conditions {
		k, _ := catalog.LookupConditionKey(c.Key)
		s.keys = append(s.keys, k)
	}
	for _, value := range st.Actions.Values {
		s.matching = append(s.matching, matchingActions(value, keyPolicyActions))
	}
	s.covered = covered(st.Actions, s.matching)
	return s
}

// isMultiRegion tells whether the key is, or may become, one of several with one id. A key of
// which neither the ARN nor the type is known may be.
// https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html
func (s *statement) isMultiRegion() bool {
	if s.key.ARN == "" {
		return s.key.MultiRegion != "false"
	}
	return strings.Contains(s.key.ARN, ":key/mrk-")
}

// spot is what a finding is about: a value, and the offset at which it stands.
type spot struct {
	at    int
	value string
}

func (s *statement) whole() spot { return spot{at: s.places.start} }

func (s *statement) action(i int) spot {
	return spot{at(s.places, s.places.actions, i), s.Actions.Values[i]}
}

// principal returns the place of an entry, and that of the statement where a list is empty.
func (s *statement) principal(i int) spot {
	if i >= len(s.Principals.Entries) {
		return s.whole()
	}
	return spot{at(s.places, s.places.principals, i), s.Principals.Entries[i].Text}
}

func (s *statement) resource(i int) spot {
	return spot{at(s.places, s.places.resources, i), s.Resources.Values[i]}
}

func (s *statement) conditionKey(i int) spot {
	return spot{at(s.places, s.places.conditions, i), s.Conditions[i].Key}
}

func (s *statement) conditionValue(i, j int) spot {
	if i >= len(s.places.values) {
		return s.whole()
	}
	return spot{at(s.places, s.places.values[i], j), s.Conditions[i].Values[j]}
}

// report adds a finding. The text ends with the suggestion, where there is one.
func (s *statement) report(about spot, code Code, suggestion, format string, args ...any) {
	line, column := s.document.Position(about.at)
	detail := fmt.Sprintf(format, args...)
	switch suggestion {
	case "":
	case "*":
		detail += `; write "*", which is the key itself`
	case policy.Version2012:
		detail += `; write "Version": "` + suggestion + `"`
	default:
		detail += "; did you mean " + quote(suggestion) + "?"
	}
	s.findings = append(s.findings, Finding{
		Statement: s.index, Code: code, Severity: kinds[code].severity, Detail: detail,
		Value: shorten(about.value), Suggestion: shorten(suggestion), Line: line, Column: column,
	})
}

// dead adds the finding that the statement does nothing, for the reason that the text gives.
func (s *statement) dead(about spot, suggestion, format string, args ...any) {
	s.report(about, DeadStatement, suggestion, format+", so "+s.nothing(), args...)
}

// nothing says what is left of a statement that no request matches.
func (s *statement) nothing() string {
	if s.Effect == policy.Deny {
		return "the statement denies nothing"
	}
	return "the statement allows nothing"
}

// isVariable tells whether a value has a policy variable in it, so that what it matches
// depends on the request.
func (s *statement) isVariable(value string) bool {
	return s.variables && strings.Contains(value, "${")
}

// afford bounds the work on a hostile policy: comparing each text with each pattern takes
// steps up to the product of their lengths. It is false once a statement has had its share.
func (s *statement) afford(texts, patterns []string) bool {
	const most = 1 << 24
	size := func(list []string) (n int) {
		for _, text := range list {
			n += len(text) + 1
		}
		return n
	}
	s.work += size(texts) * size(patterns)
	return s.work <= most
}
