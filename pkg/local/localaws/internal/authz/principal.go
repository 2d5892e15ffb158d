package authz

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// readPrincipals reads Principal or NotPrincipal.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (d *Document) readPrincipals(s *statement, n node, keyPolicy bool) error {
	plain, hasPlain := n.member("Principal")
	not, hasNot := n.member("NotPrincipal")
	switch {
	case !keyPolicy && (hasPlain || hasNot):
		return fmt.Errorf("an identity policy names no principals")
	case !keyPolicy:
		return nil
	case hasPlain && hasNot:
		return fmt.Errorf("both Principal and NotPrincipal")
	case hasNot && !s.deny:
		return fmt.Errorf("a NotPrincipal is not supported with Allow")
	case hasNot:
		s.notPrincipal = true
		return d.readPrincipalValue(s, not)
	case hasPlain:
		return d.readPrincipalValue(s, plain)
	}
	return errNoPrincipal
}

var errNoPrincipal = errors.New("no principal")

func (d *Document) readPrincipalValue(s *statement, n node) error {
	if n.kind == text && n.text == "*" {
		s.principals = []Principal{{Type: "AWS", Value: "*"}}
		return nil
	}
	if n.kind != object {
		return fmt.Errorf(`a principal is "*" or an object of principal types`)
	}
	if err := onlyMembers(n, "AWS", "Service", "Federated", "CanonicalUser"); err != nil {
		return err
	}
	for i, kind := range n.names {
		values, err := stringList(n.items[i], kind)
		if err != nil {
			return err
		}
		for _, v := range values {
			s.principals = append(s.principals, Principal{Type: kind, Value: v})
		}
		if kind == "AWS" {
			d.principals = append(d.principals, principalList{n.items[i].start, n.items[i].end, values})
		}
	}
	if len(s.principals) == 0 {
		return errNoPrincipal
	}
	return nil
}

// NamesNoPrincipal tells whether err says that a statement has no principal:
// KMS answers that with a message of its own.
func NamesNoPrincipal(err error) bool { return errors.Is(err, errNoPrincipal) }

// Principals returns every principal entry of the document, in order.
func (d *Document) Principals() []Principal {
	var all []Principal
	for _, s := range d.statements {
		all = append(all, s.principals...)
	}
	return all
}

// Bind replaces the value of every AWS principal by what f makes of it, for
// evaluation only: the text stays. IAM binds the name of a user or role to
// its unique id when a policy is stored, so that a new role of the same name
// does not inherit access.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-roles
func (d *Document) Bind(f func(value string) string) {
	for i := range d.statements {
		principals := d.statements[i].principals
		for j := range principals {
			if principals[j].Type == "AWS" {
				principals[j].Value = f(principals[j].Value)
			}
		}
	}
}

// RewritePrincipals returns the document's text with every value of an "AWS"
// principal element replaced by what f makes of its values. One value is
// written as a string, several as an array; all other text stays byte for
// byte as it was.
func (d *Document) RewritePrincipals(f func(values []string) []string) string {
	var out strings.Builder
	last := 0
	for _, list := range d.principals {
		out.WriteString(d.source[last:list.start])
		out.WriteString(renderList(f(list.values)))
		last = list.end
	}
	out.WriteString(d.source[last:])
	return out.String()
}

func renderList(values []string) string {
	quoted := make([]string, 0, len(values))
	for _, v := range values {
		text, err := json.Marshal(v)
		if err != nil { // a string always marshals
			panic(err)
		}
		quoted = append(quoted, string(text))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	return "[ " + strings.Join(quoted, ", ") + " ]"
}
