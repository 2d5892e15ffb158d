package lint

import (
	"regexp"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// almostVariable is a variable without its dollar sign or its braces: {aws:username},
// $aws:username, $(aws:username).
var almostVariable = regexp.MustCompile(`(^|[^$])\{(aws|kms):[A-Za-z]+\}|\$\(?(aws|kms):[A-Za-z]+`)

// checkVariables looks at ${…} in resources and in values of String and Arn operators, the
// only ones that take variables.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
func checkVariables(s *statement) {
	for i, value := range s.Resources.Values {
		s.checkVariable(s.resource(i), value)
	}
	for i, c := range s.Conditions {
		if c.Operator.Family != policy.StringFamily && c.Operator.Family != policy.ArnFamily {
			continue
		}
		for j, value := range c.Values {
			s.checkVariable(s.conditionValue(i, j), value)
		}
	}
}

func (s *statement) checkVariable(about spot, value string) {
	switch hasVariable := strings.Contains(value, "${"); {
	case hasVariable && !s.variables:
		s.report(about, Version2008WithVariable, "", `${…} is literal text here; policy variables need "Version": "2012-10-17"`)
	case hasVariable:
		if problem, suggestion := malformedVariable(value); problem != "" {
			s.report(about, MalformedVariable, suggestion, "%s: %s", quote(value), problem)
		}
	case almostVariable.MatchString(value):
		s.report(about, MalformedVariable, "", "%s: a policy variable is written ${name}; this is literal text", quote(value))
	}
}

// malformedVariable says what is wrong with the first variable that is not as AWS reads it.
func malformedVariable(value string) (problem, suggestion string) {
	for {
		begin := strings.Index(value, "${")
		if begin < 0 {
			return "", ""
		}
		value = value[begin+2:]
		end := strings.IndexByte(value, '}')
		if end < 0 {
			return "a policy variable ends with }", ""
		}
		if problem, suggestion := malformedName(value[:end]); problem != "" {
			return problem, suggestion
		}
		value = value[end+1:]
	}
}

// malformedName looks at what stands between the braces: a condition key, perhaps with a
// comma and a default in single quotes; or *, ? or $, for that character.
func malformedName(text string) (problem, suggestion string) {
	name, value, hasDefault := strings.Cut(text, ",")
	value = strings.TrimSpace(value)
	_, known := catalog.LookupConditionKey(name)
	switch {
	case text == "*" || text == "?" || text == "$":
		return "", ""
	case strings.TrimSpace(text) == "":
		return "a policy variable without a name is nothing", ""
	case strings.ContainsAny(name, " \t"):
		return "a policy variable has no blanks in its name", "${" + strings.Join(strings.Fields(name), "") + text[len(name):] + "}"
	case strings.ContainsAny(name, "${"):
		return "a policy variable ends with } before the next one begins", ""
	case hasDefault && (len(value) < 2 || value[0] != '\'' || value[len(value)-1] != '\''):
		return "the default of a policy variable stands in single quotes", "${" + name + ", '" + strings.Trim(value, `'"`) + "'}"
	case !known && isMistake(name):
		nearest := spelling.Nearest(name, keyNames)
		if nearest != "" {
			nearest = "${" + nearest + text[len(name):] + "}"
		}
		return "no request to KMS carries " + quote(name) + asOf, nearest
	default:
		return "", ""
	}
}

// withoutVariables returns a value without its ${…}.
func withoutVariables(value string) string {
	var b strings.Builder
	for {
		begin := strings.Index(value, "${")
		end := -1
		if begin >= 0 {
			end = strings.IndexByte(value[begin:], '}')
		}
		if end < 0 {
			b.WriteString(value)
			return b.String()
		}
		b.WriteString(value[:begin])
		value = value[begin+end+1:]
	}
}

// checkVersion tells of a policy without Version, where no variable makes more of it.
func checkVersion(statements []*statement) {
	if len(statements) == 0 || statements[0].document.Version != "" || strings.Contains(statements[0].document.Text(), "${") {
		return
	}
	s := statements[0]
	s.report(s.whole(), MissingVersion, policy.Version2012, "the policy has no Version and is read as of 2008, in which ${…} is literal text")
}
