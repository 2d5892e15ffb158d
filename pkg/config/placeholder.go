package config

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// placeholders stand for what the key has.
var placeholders = []string{"${AccountId}", "${Partition}", "${Region}", "${KeyArn}", "${OrganizationId}"}

// insertion is what starts as a placeholder or an IAM policy variable does.
var insertion = regexp.MustCompile(`\$\{[^}]*\}?`)

// escapes are IAM's ways to write *, ? and $ as themselves.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-specialchars
var escapes = []string{"${*}", "${?}", "${$}"}

// setting is where a text with placeholders stands.
type setting int

const (
	// inPrincipal: an ARN that is compared as it is, so IAM resolves nothing in it.
	inPrincipal setting = iota
	// inStatement: a statement, in which IAM's own variables, which have a colon, stay.
	inStatement
)

// checkPlaceholders reports what in a scalar looks like a placeholder and is none.
func (r *reader) checkPlaceholders(n *yaml.Node, where setting) {
	for _, found := range insertion.FindAllString(n.Value, -1) {
		variable := strings.Contains(found, ":")
		near := spelling.Nearest(found, placeholders)
		switch {
		case !strings.HasSuffix(found, "}"):
			r.fail(n, "%s has no closing brace", quoted(found))
		case slices.Contains(placeholders, found), where == inStatement && (variable || slices.Contains(escapes, found)):
		case variable:
			r.fail(n, "%s is an IAM policy variable, and those have a value only in statements", quoted(found))
		case near != "":
			r.fail(n, "unknown placeholder %s; did you mean %s?", quoted(found), quoted(near))
		default:
			r.fail(n, "unknown placeholder %s; known: %s", quoted(found), alternatives(placeholders))
		}
	}
}
