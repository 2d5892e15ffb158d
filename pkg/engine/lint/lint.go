package lint

import (
	"cmp"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Finding is one thing that the author of a policy surely did not mean.
type Finding struct {
	// Statement counts from 0.
	Statement int      `json:"statement"`
	Code      Code     `json:"code"`
	Severity  Severity `json:"severity"`
	// Detail says in one line what is wrong, why, and what to write instead where that is
	// clear. Text of the policy in it is quoted, escaped and shortened.
	Detail string `json:"detail"`
	// Value is what the finding is about as the policy has it: an action, a principal, a
	// resource, a condition key or one of its values, shortened and not escaped. It is ""
	// where the finding is about the statement.
	Value string `json:"value,omitempty"`
	// Suggestion is what Value was probably meant to be: the nearest name, or the corrected
	// value. It is "" where that is not clear.
	Suggestion string `json:"suggestion,omitempty"`
	// Line and Column, from 1, are where Value or the statement stands in the document's
	// text; the column counts bytes. Both are 0 where that text was made of a template.
	Line   int `json:"line,omitempty"`
	Column int `json:"column,omitempty"`
}

// Check returns the findings about a policy of a key whose type is not known. See [CheckType].
func Check(key policy.Key, d *policy.Document) []Finding { return CheckType(key, catalog.KeyType{}, d) }

// CheckType returns the findings about a policy of a key, in the order of its text. Of an
// action that the key's type cannot perform it tells only where the type is known. It never
// fails. It takes time about linear in the size of the document, and a bounded number of
// steps where statements or values are compared with each other.
func CheckType(key policy.Key, keyType catalog.KeyType, d *policy.Document) []Finding {
	statements := make([]*statement, len(d.Statements))
	for i := range d.Statements {
		statements[i] = newStatement(key, keyType, d, i)
	}
	checkVersion(statements)
	var found []Finding
	for _, s := range statements {
		for _, c := range checks {
			c.run(s)
		}
	}
	checkRedundancy(statements)
	for _, s := range statements {
		slices.SortStableFunc(s.findings, func(a, b Finding) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		found = append(found, s.findings...)
	}
	return found
}

// checks are the checks of one statement. None stops another: a statement may allow nothing
// for more than one reason. What a condition value can be comes first, so that the checks
// after it leave out a condition that is known to hold never or always.
var checks = [...]struct {
	what string
	run  func(*statement)
}{
	{"values that name no action, or none that a key policy controls", checkActions},
	{"actions that keys of this type cannot perform", checkKeyType},
	{"actions that the same list covers twice", checkRepeatedActions},
	{"principals that nobody is, NotPrincipal, sessions", checkPrincipals},
	{"foreign principals with actions that work at home only", checkCrossAccount},
	{"resources other than *", checkResources},
	{"conditions with nothing in them", checkEmptyCondition},
	{"unknown and refused keys, one key in two spellings", checkKeys},
	{"encryption-context keys one letter off", checkContextKeys},
	{"operators that do not fit the key, both Booleans, values of two types", checkTypes},
	{"ForAllValues and ForAnyValue where they do not belong, or lack", checkSetOperators},
	{"variables that are literal text, or no variables", checkVariables},
	{"condition values that no request has", checkFormats},
	{"wildcards that the operator takes literally", checkWildcards},
	{"keys that the statement's requests never carry", checkAvailability},
	{"values that the statement's principals never have", checkValues},
	{"conditions that exclude each other", checkContradictions},
}
