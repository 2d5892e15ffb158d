package lint

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

func checkEmptyCondition(s *statement) {
	for _, at := range s.places.empty {
		s.report(at, EmptyCondition, "it holds no condition, so the statement applies as if it were not there")
	}
	for i, c := range s.Conditions {
		if len(c.Values) == 0 {
			s.report(s.places.condition(i), EmptyCondition, "%s compares %s with no value", c.Operator, quote(c.Key))
		}
	}
}

func checkKeys(s *statement) {
	seen := map[string]string{} // first spelling of a key under an operator
	for i, c := range s.Conditions {
		at := s.places.condition(i)
		id := c.Operator.String() + " " + strings.ToLower(c.Key)
		if first, twice := seen[id]; twice {
			s.report(at, SameConditionKeyTwice, "%s is %s, which stands under %s already: names of keys ignore case, and both must hold", quote(c.Key), quote(first), c.Operator)
		} else {
			seen[id] = c.Key
		}
		key := s.keys[i]
		known := key.Name != ""
		switch {
		case !known && isMistake(c.Key):
			s.report(at, UnknownConditionKey, "no request to KMS carries %s%s%s", quote(c.Key), suggestKey(c.Key), asOf)
		case known && !key.UsableInKeyPolicy:
			s.report(at, ConditionKeyNotAllowed, "KMS refuses a key policy with %s; it is for IAM policies", quote(c.Key))
		}
	}
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

// suggestKey returns a clause that says what an unknown key was probably meant to be. A
// family is compared with as much of the name as it is long.
func suggestKey(name string) string {
	if !strings.Contains(name, ":") {
		for _, namespace := range []string{"kms:", "aws:"} {
			if key, ok := catalog.LookupConditionKey(namespace + name); ok {
				return "; did you mean " + quote(namespace+name) + " (" + key.Name + ")?"
			}
		}
	}
	similar := spelling.Nearest(name, keyNames)
	if similar == "" {
		if cut := strings.LastIndexAny(name, ":/"); cut >= 0 {
			similar = spelling.Nearest(name[:cut+1], keyNames)
		}
	}
	if similar == "" {
		return ""
	}
	if strings.HasSuffix(similar, ":") || strings.HasSuffix(similar, "/") {
		similar += "…"
	}
	return "; did you mean " + similar + "?"
}

func checkTypes(s *statement) {
	for i, c := range s.Conditions {
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
		s.report(s.places.condition(i), code, "the value of %s is of type %s; %s does not compare that", key.Name, what, c.Operator)
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

func checkVariables(s *statement) {
	if s.variables {
		return
	}
	const text = "${…} is literal text here; policy variables need \"Version\": \"2012-10-17\""
	for i, value := range s.Resources.Values {
		if strings.Contains(value, "${") {
			s.report(s.places.resource(i), Version2008WithVariable, text)
		}
	}
	for i, c := range s.Conditions {
		if strings.Contains(strings.Join(c.Values, "\n"), "${") {
			s.report(s.places.condition(i), Version2008WithVariable, text)
		}
	}
}
