package lint

import (
	"cmp"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

func checkEmptyCondition(s *statement) {
	for _, where := range s.places.empty {
		s.report(where, EmptyCondition, "", "%s holds no condition, so the statement applies as if it were not there", quote(where.value))
	}
	for i, c := range s.Conditions {
		if len(c.Values) == 0 {
			s.report(s.conditionKey(i), EmptyCondition, "", "%s compares %s with no value", c.Operator, quote(c.Key))
		}
	}
}

func checkKeys(s *statement) {
	seen := map[string]string{} // first spelling of a key under an operator
	for i, c := range s.Conditions {
		id := c.Operator.String() + " " + strings.ToLower(c.Key)
		if first, twice := seen[id]; twice {
			s.report(s.conditionKey(i), SameConditionKeyTwice, "", "%s is %s, which stands under %s already: names of keys ignore case, and both must hold", quote(c.Key), quote(first), c.Operator)
		} else {
			seen[id] = c.Key
		}
		key := s.keys[i]
		known := key.Name != ""
		switch {
		case !known && isMistake(c.Key):
			s.unknownKey(i, c)
		case known && !key.UsableInKeyPolicy:
			s.report(s.conditionKey(i), ConditionKeyNotAllowed, "", "KMS refuses a key policy with %s; it is for IAM policies", quote(c.Key))
		}
	}
}

// unknownKey reports a key that no request carries, and what that makes of the statement.
func (s *statement) unknownKey(i int, c policy.Condition) {
	s.decided[i] = true
	means := ""
	switch holds, decided := holdsWithoutKey(c); {
	case decided && holds:
		means = ", so " + c.Operator.String() + " always holds"
	case decided:
		means = ", so " + s.nothing()
	}
	s.report(s.conditionKey(i), UnknownConditionKey, nearestKey(c.Key), "no request to KMS carries %s%s%s", quote(c.Key), means, asOf)
}

// isMistake tells whether an unknown name cannot be a key that a request carries: those of
// KMS and the global ones are all known, and a key of another service is in requests to that
// service only. Keys that an identity provider adds to a session (saml:, and names with a
// dot such as accounts.google.com:) stay in the session's requests.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-other
func isMistake(name string) bool {
	namespace, _, _ := strings.Cut(name, ":")
	return !strings.Contains(namespace, ".") && !strings.EqualFold(namespace, "saml")
}

var keyNames = namesOfKeys()

func namesOfKeys() []string {
	var names []string
	for _, k := range catalog.ConditionKeys() {
		if k.UsableInKeyPolicy {
			names = append(names, k.Name)
		}
	}
	return names
}

// nearestKey returns what an unknown key was probably meant to be. A family is compared with
// as much of the name as it is long, and keeps the rest of the name.
func nearestKey(name string) string {
	if !strings.Contains(name, ":") {
		for _, namespace := range []string{"kms:", "aws:"} {
			if _, ok := catalog.LookupConditionKey(namespace + name); ok {
				return namespace + name
			}
		}
	}
	isFamily := func(name string) bool { return strings.HasSuffix(name, ":") || strings.HasSuffix(name, "/") }
	if end := strings.LastIndexAny(name, ":/"); end >= 0 {
		if family := spelling.Nearest(name[:end+1], keyNames); isFamily(family) {
			return family + cmp.Or(name[end+1:], "KEY")
		}
	}
	similar := spelling.Nearest(name, keyNames)
	if isFamily(similar) {
		return similar + "KEY"
	}
	return similar
}

func checkTypes(s *statement) {
	for i, c := range s.Conditions {
		s.checkBooleans(i, c)
		s.checkArnPatterns(i, c)
		key := s.keys[i]
		if fits(key, c.Operator) {
			continue
		}
		code := OperatorTypeMismatch
		if c.Operator.Family == policy.StringFamily {
			code = StringOperatorOnTypedKey
		}
		what := key.Type.String()
		if key.AccountID {
			what = "12-digit account id"
		}
		s.report(s.conditionKey(i), code, "", "the value of %s is of type %s; %s does not compare that", key.Name, what, c.Operator)
	}
}

// checkBooleans reports true and false in one list, and true beside "true".
func (s *statement) checkBooleans(i int, c policy.Condition) {
	if c.Operator.Family == policy.BoolFamily && anyFold(c.Values, "true") && anyFold(c.Values, "false") {
		s.report(s.conditionValue(i, 1), BothBooleans, "", "%s names true and false, so any value of %s meets it; keep one", c.Operator, quote(c.Key))
	}
	if i >= len(s.places.values) {
		return
	}
	text, quoted := s.document.Text(), 0
	for _, at := range s.places.values[i] {
		if text[at] == '"' {
			quoted++
		}
	}
	if quoted > 0 && quoted < len(c.Values) {
		s.report(s.conditionKey(i), MixedValueTypes, "", "the values of %s are of different JSON types; write all of them as strings", quote(c.Key))
	}
}

// fits tells whether an operator compares values of a key's type. Values of a family are
// what people put in, so every operator may be meant. ARNs may be compared as strings, and
// some keys of type string hold ARNs.
func fits(key catalog.ConditionKey, operator policy.Operator) bool {
	if key.Prefix || operator.Family == policy.NullFamily {
		return true
	}
	switch key.Type {
	case catalog.String:
		return operator.Family == policy.StringFamily || operator.Family == policy.ArnFamily && !key.AccountID
	case catalog.ARN:
		return operator.Family == policy.StringFamily || operator.Family == policy.ArnFamily
	case catalog.Numeric:
		return operator.Family == policy.NumericFamily
	case catalog.Date:
		return operator.Family == policy.DateFamily
	case catalog.DateOrNumeric:
		return operator.Family == policy.DateFamily || operator.Family == policy.NumericFamily
	case catalog.Bool:
		return operator.Family == policy.BoolFamily
	case catalog.IP:
		return operator.Family == policy.IPFamily
	default: // an unknown key
		return true
	}
}
