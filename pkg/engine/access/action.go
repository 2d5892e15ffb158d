package access

import (
	"math/bits"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// actionNames are the KMS actions that have an effect in a key policy, sorted as
// compareFold orders them.
var actionNames = catalog.KeyPolicyActions()

// actionTexts are the actionNames with their prefix.
var actionTexts = func() []string {
	texts := make([]string, len(actionNames))
	for i, name := range actionNames {
		texts[i] = "kms:" + name
	}
	return texts
}()

// usualPatterns has the actions of the values that policies are mostly made of: all
// actions, one action, and the actions that start with the same words, as AWS spells them.
var usualPatterns = func() map[string]Actions {
	patterns := map[string]Actions{"*": AllActions, "kms:*": AllActions}
	for i, text := range actionTexts {
		patterns[text] = 1 << i
		for end := len("kms:") + 1; end < len(text); end++ {
			if text[end] >= 'A' && text[end] <= 'Z' {
				patterns[text[:end]+"*"] = actionsStarting(text[len("kms:"):end])
			}
		}
	}
	return patterns
}()

// Actions is a set of the KMS actions that have an effect in a key policy.
type Actions uint64

// AllActions is what kms:* covers in a key policy.
var AllActions = Actions(1)<<len(actionNames) - 1

// ActionsMatching returns the actions that an Action value of a policy covers:
// "*", or a pattern such as kms:ReEncrypt*, in any case. A value that names no
// action of a key policy gives the empty set.
func ActionsMatching(pattern string) Actions {
	if set, ok := usualPatterns[pattern]; ok {
		return set
	}
	name, ofKMS := cutPrefixFold(pattern, "kms:")
	switch {
	case !strings.ContainsAny(pattern, "*?"):
		return exactAction(name, ofKMS)
	case ofKMS && strings.IndexAny(name, "*?") == len(name)-1 && name[len(name)-1] == '*':
		return actionsStarting(name[:len(name)-1])
	}
	var set Actions
	pattern = strings.ToLower(pattern)
	for i, text := range actionTexts {
		if policy.IsLike(pattern, strings.ToLower(text)) {
			set |= 1 << i
		}
	}
	return set
}

// cutPrefixFold is strings.CutPrefix for an ASCII prefix in lower case, in any case.
func cutPrefixFold(s, prefix string) (after string, found bool) {
	if len(s) < len(prefix) {
		return s, false
	}
	for i := range len(prefix) {
		if lower(s[i]) != prefix[i] {
			return s, false
		}
	}
	return s[len(prefix):], true
}

func exactAction(name string, ofKMS bool) Actions {
	if i, found := slices.BinarySearchFunc(actionNames, name, compareFold); found && ofKMS {
		return 1 << i
	}
	return 0
}

// actionsStarting returns the actions whose names start with some text, in any
// case; they stand beside each other.
func actionsStarting(start string) Actions {
	first, _ := slices.BinarySearchFunc(actionNames, start, compareFold)
	var set Actions
	for i := first; i < len(actionNames); i++ {
		if len(actionNames[i]) < len(start) || compareFold(actionNames[i][:len(start)], start) != 0 {
			break
		}
		set |= 1 << i
	}
	return set
}

// compareFold orders ASCII strings as their lower-case forms.
func compareFold(a, b string) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if x, y := lower(a[i]), lower(b[i]); x != y {
			return int(x) - int(y)
		}
	}
	return len(a) - len(b)
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// Names returns the actions as kms:Name, in alphabetical order.
func (a Actions) Names() []string {
	names := make([]string, 0, bits.OnesCount64(uint64(a)))
	for i := range actionNames {
		if a&(1<<i) != 0 {
			names = append(names, actionTexts[i])
		}
	}
	return names
}

// first returns the name of the first action of a set that is not empty.
func (a Actions) first() string { return actionTexts[bits.TrailingZeros64(uint64(a))] }

// ActionPatterns says a list of actions, as [Difference.Actions] has it, in as few
// patterns as a person would use: kms:ReEncrypt* for all actions that start so.
// The patterns cover the same actions. Names that are no actions stay.
func ActionPatterns(names []string) []string {
	var set Actions
	for _, name := range names {
		set |= ActionsMatching(name)
	}
	var patterns []string
	var said Actions
	for _, name := range names {
		own := ActionsMatching(name)
		if own != 0 && own&^said == 0 {
			continue
		}
		pattern := widest(name, set)
		said |= ActionsMatching(pattern)
		patterns = append(patterns, pattern)
	}
	return patterns
}

// widest returns a pattern of whole words that an action's name starts with, which
// covers as many actions as possible, all of a set; the name where that is one.
func widest(name string, set Actions) string {
	for i := len("kms:") + 1; i <= len(name); i++ {
		if i < len(name) && (name[i] < 'A' || name[i] > 'Z') || strings.Contains(name, "*") {
			continue
		}
		covered := ActionsMatching(name[:i] + "*")
		if covered&^set == 0 && bits.OnesCount64(uint64(covered)) > 1 {
			return commonStart(covered.Names()) + "*"
		}
	}
	return name
}

// commonStart returns what all names start with: GenerateDataKey, not GenerateData.
func commonStart(names []string) string {
	start := names[0]
	for _, name := range names {
		for !strings.HasPrefix(name, start) {
			start = start[:len(start)-1]
		}
	}
	return start
}
