package recognition

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Options narrow what counts as a generated default. The zero value takes all.
type Options struct {
	// Style is that of the default, "" for both.
	Style defaultpolicy.Style
	// Edition is that of the console default, or defaultpolicy.Latest; "" for all.
	// The API default has had one form, and takes every edition.
	Edition defaultpolicy.Edition
	// UndocumentedGrants and UndocumentedRotation are as in defaultpolicy.Options;
	// where they are empty, both forms count.
	UndocumentedGrants, UndocumentedRotation defaultpolicy.Choice
	// AdministratorDelete is the console's box "Allow key administrators to delete
	// this key": Include for checked, Omit for cleared; "" for both.
	AdministratorDelete defaultpolicy.Choice
	// RefuseUndocumentedUse leaves a policy with users of an ML-KEM key Undecided,
	// because AWS does not document what those may do.
	RefuseUndocumentedUse bool
}

// generation returns the options of package defaultpolicy without principals.
func (o Options) generation(key policy.Key, style defaultpolicy.Style) defaultpolicy.Options {
	return defaultpolicy.Options{
		Style: style, Account: key.Account, Partition: key.Partition, Edition: o.Edition,
		UndocumentedGrants: o.UndocumentedGrants, UndocumentedRotation: o.UndocumentedRotation,
		RefuseUndocumentedUse: o.RefuseUndocumentedUse,
	}
}

// check refuses options of unknown value that no generator would see.
func (o Options) check() error {
	switch {
	case o.Style != "" && o.Style != defaultpolicy.API && o.Style != defaultpolicy.Console:
		return &defaultpolicy.Error{Code: defaultpolicy.UnknownStyle, Detail: fmt.Sprintf("unknown style %+.100q; known are %s, %s, and none for both", o.Style, defaultpolicy.API, defaultpolicy.Console)}
	case o.AdministratorDelete != defaultpolicy.ByEvidence && o.AdministratorDelete != defaultpolicy.Include && o.AdministratorDelete != defaultpolicy.Omit:
		return &defaultpolicy.Error{Code: defaultpolicy.InvalidOption, Detail: fmt.Sprintf("unknown choice %+.100q; known are %s, %s, and none for both", o.AdministratorDelete, defaultpolicy.Include, defaultpolicy.Omit)}
	default:
		return nil
	}
}

// Identify tells whether the policy of a key of some type allows what a generated
// default for that type allows, and which default that is.
//
// Of the key, the partition and the account are required; without its ARN, a
// Resource other than "*" leaves the verdict Undecided. Errors are those of
// [defaultpolicy.Generate] about the key type, the key and the options, never
// about the policy. The work is bounded whatever the policy is.
func Identify(key policy.Key, t defaultpolicy.KeyType, d policy.Set, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	shapes, err := shapesOf(key, t, o)
	if err != nil {
		return Result{}, err
	}
	s := search{key: key, keyType: t, policy: d, options: o, shapes: shapes, candidates: candidatesOf(key, d)}
	result := s.solve()
	result.DeadPrincipals = deadPrincipals(d)
	return result, nil
}

// search is one call of Identify.
type search struct {
	key        policy.Key
	keyType    defaultpolicy.KeyType
	policy     policy.Set
	options    Options
	shapes     []shape
	candidates []candidate

	// What the candidates turn out to be; one may be both.
	administrators, users []string
}

func (s *search) solve() Result {
	if len(s.candidates) > MaxPrincipals {
		return Result{Verdict: Undecided, Reason: OverLimit, Detail: fmt.Sprintf("the policy names more than %d users, roles and accounts", MaxPrincipals)}
	}
	q := newQuestionnaire(s.key, s.policy, s.shapes)
	if !q.affordable(s.candidates) {
		return Result{Verdict: Undecided, Reason: OverLimit, Detail: "the policy's conditions are too long for the number of principals that it names"}
	}
	shapes := s.nearest(q)
	nearest := shapes[0]
	form := nearest.form(s.administrators, s.users)
	if err := nearest.generate(s.key, s.keyType, &form, s.options); err != nil {
		return Result{Verdict: Undecided, Reason: NoDocument, Detail: "there is no default to compare with: " + err.Error()}
	}
	comparison := access.Compare(s.key, form.Document.Set, s.policy)
	result := Result{Verdict: Undecided, Nearest: &form, Comparison: comparison}
	switch {
	case comparison.Verdict == access.Equal:
		return Result{Verdict: Default, Forms: s.formsEqualTo(form, shapes), Comparison: comparison}
	case comparison.Verdict != access.Different:
		result.Reason, result.Detail = OpenComparison, "the comparison with the nearest default is not decided"
	case !s.isProved(comparison):
		result.Reason, result.Detail = OpenPrincipal, "who is an administrator or user depends on what AWS does not document"
	default:
		result.Verdict = NotDefault
	}
	return result
}

// nearest finds the administrators and users, and returns the shapes that contradict
// the fewest answers of the policy. If it is a default, its shape is among them.
func (s *search) nearest(q questionnaire) []shape {
	mark := marksOf(s.shapes)
	contradictions := make([]int, len(s.shapes))
	for i := range s.candidates {
		c := &s.candidates[i]
		q.ask(c)
		administrator := mostly(c.may, mark.administrator) && c.chosen(s.key, s.keyType, true)
		user := mostly(c.may, mark.user) && c.chosen(s.key, s.keyType, false)
		if administrator {
			s.administrators = append(s.administrators, c.text)
		}
		if user {
			s.users = append(s.users, c.text)
		}
		for j, sh := range s.shapes {
			contradictions[j] += q.contradictions(sh, c, administrator, user)
		}
	}
	fewest := slices.Min(contradictions)
	var shapes []shape
	for j, sh := range s.shapes {
		if contradictions[j] == fewest {
			shapes = append(shapes, sh)
		}
	}
	return shapes
}

// mostly tells whether at least half of some marks, which are not none, are there.
func mostly(may, marks access.Actions) bool { return marks != 0 && 2*count(may&marks) >= count(marks) }

func count(a access.Actions) int { return bits.OnesCount64(uint64(a)) }

// formsEqualTo returns the default that the policy is, and those of other shapes that
// are proved to allow the same.
func (s *search) formsEqualTo(form Form, shapes []shape) []Form {
	forms := []Form{form}
	for _, sh := range shapes[1:] {
		other := sh.form(s.administrators, s.users)
		if slices.ContainsFunc(forms, other.same) {
			continue
		}
		if sh.generate(s.key, s.keyType, &other, s.options) == nil && access.Equivalent(s.key, form.Document.Set, other.Document.Set) == access.Equal {
			forms = append(forms, other)
		}
	}
	return forms
}

// isProved tells whether a difference is proved that would be there whoever of the
// doubtful candidates is an administrator or user: its witness is about somebody else.
func (s *search) isProved(comparison access.Result) bool {
	sure := func(d access.Difference) bool { return !s.doubtful(d.Witness) }
	return slices.ContainsFunc(comparison.Excess, sure) || slices.ContainsFunc(comparison.Missing, sure)
}

func (s *search) doubtful(witness evaluation.Request) bool {
	return slices.ContainsFunc(s.candidates, func(c candidate) bool { return c.open != 0 && c.concerns(witness) })
}
