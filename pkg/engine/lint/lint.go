package lint

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Finding is one thing that the author of a policy surely did not mean.
type Finding struct {
	// Statement counts from 0.
	Statement int  `json:"statement"`
	Code      Code `json:"code"`
	// Detail says in one line what is wrong and, where that is clear, what to write instead.
	// Text of the policy in it is quoted, escaped and shortened.
	Detail string `json:"detail"`
	// Line and Column, from 1, are where the value, key or statement stands in the
	// document's text; the column counts bytes.
	Line   int `json:"line"`
	Column int `json:"column"`
}

// Check returns the findings about a policy, in the order of its text. It never fails and
// takes time about linear in the size of the document.
func Check(key policy.Key, d *policy.Document) []Finding {
	var found []Finding
	for i := range d.Statements {
		s := newStatement(key, d, i)
		for _, rule := range rules {
			rule(s)
		}
		slices.SortStableFunc(s.findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		found = append(found, s.findings...)
	}
	return found
}

// rules are all rules. None stops another: a statement may be dead for several reasons.
var rules = [...]func(*statement){
	checkActions,      // values that name no action, or none that a key policy controls
	checkPrincipals,   // principals that nobody is, NotPrincipal, sessions
	checkCrossAccount, // foreign principals with actions that work at home only
	checkResources,    // anything but "*"
	checkEmptyCondition,
	checkKeys,         // unknown and refused keys, one key in two spellings
	checkTypes,        // operators that do not fit the key
	checkSetOperators, // ForAllValues and ForAnyValue where they do not belong, or lack
	checkVariables,    // ${…} that is literal text
	checkAvailability, // keys that the statement's requests never carry
	checkValues,       // values that its principals, or anyone, can never have
	checkContradictions,
}

// statement is one statement under check.
type statement struct {
	*policy.Statement
	key       policy.Key
	document  *policy.Document
	index     int
	places    places
	keys      []catalog.ConditionKey // of Conditions, without a name where unknown
	matching  [][]string             // what each of Actions.Values covers, see matchingActions
	covered   []string               // the actions of a key policy that the statement covers
	variables bool                   // ${…} in its values is a policy variable
	work      int                    // see afford
	findings  []Finding
}

func newStatement(key policy.Key, d *policy.Document, index int) *statement {
	st := &d.Statements[index]
	s := &statement{
		Statement: st, key: key, document: d, index: index,
		places: findPlaces(d.Text(), st.Offset, st.End), variables: d.HasVariables(),
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

// report adds a finding about what stands at an offset of the document.
func (s *statement) report(offset int, code Code, format string, args ...any) {
	line, column := s.document.Position(offset)
	s.findings = append(s.findings, Finding{
		Statement: s.index, Code: code, Detail: fmt.Sprintf(format, args...), Line: line, Column: column,
	})
}

// isVariable tells whether a value has a policy variable in it, so that what it matches
// depends on the request.
func (s *statement) isVariable(value string) bool {
	return s.variables && strings.Contains(value, "${")
}

// quote returns text of a policy fit for one line: it was written by anyone.
func quote(text string) string {
	const most = 160 // a session's ARN fits
	if len(text) <= most {
		return fmt.Sprintf("%+q", text)
	}
	return fmt.Sprintf("%+q…", strings.ToValidUTF8(text[:most], ""))
}

// quoteAll joins some texts; of many, it says how many more there are.
func quoteAll(texts []string) string {
	const most = 5
	var b strings.Builder
	for i, text := range texts[:min(len(texts), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(text))
	}
	if len(texts) > most {
		fmt.Fprintf(&b, " and %d more", len(texts)-most)
	}
	return b.String()
}

// asOf ends a finding that is wrong where AWS has since added something.
const asOf = " (as AWS documents it, " + catalog.AsOf + ")"
