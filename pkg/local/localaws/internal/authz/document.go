package authz

import (
	"fmt"
	"regexp"
	"strings"
)

// Document is a policy that has been read and found well-formed.
type Document struct {
	variables  bool // Version 2012-10-17: ${…} is a policy variable
	statements []statement
	source     string
	principals []principalList
}

type statement struct {
	deny         bool
	notPrincipal bool
	principals   []Principal
	actions      matcher
	resources    matcher
	conditions   []condition
}

// matcher is Action or NotAction, Resource or NotResource.
type matcher struct {
	patterns []string
	negated  bool
}

// Principal is one entry of a Principal or NotPrincipal element.
type Principal struct {
	Type  string // "AWS", "Service", "Federated" or "CanonicalUser"
	Value string // as written, or what Bind made of it
}

// principalList remembers where a list of AWS principals stands in the text.
type principalList struct {
	start, end int
	values     []string
}

// ParseKeyPolicy reads a resource-based policy: every statement names
// principals. The error says what is malformed and in which statement,
// counted from 0. Whether the principals exist is the caller's to check.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
func ParseKeyPolicy(document string) (*Document, error) { return parse(document, true) }

// ParseIdentityPolicy reads a policy that is attached to a user or role:
// no statement names principals.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
func ParseIdentityPolicy(document string) (*Document, error) { return parse(document, false) }

func parse(source string, keyPolicy bool) (*Document, error) {
	root, err := readJSON(source)
	if err != nil {
		return nil, err
	}
	if root.kind != object {
		return nil, fmt.Errorf("a policy is a JSON object")
	}
	if err := onlyMembers(root, "Version", "Id", "Statement"); err != nil {
		return nil, err
	}
	d := &Document{source: source}
	if err := d.readVersion(root); err != nil {
		return nil, err
	}
	if id, ok := root.member("Id"); ok && id.kind != text {
		return nil, fmt.Errorf("the Id is not a string")
	}
	list, ok := root.member("Statement")
	if !ok {
		return nil, fmt.Errorf("no Statement")
	}
	items := list.items
	if list.kind == object {
		items = []node{list}
	} else if list.kind != array || len(items) == 0 {
		return nil, fmt.Errorf("the Statement is not an object or a list of objects")
	}
	for i, item := range items {
		if err := d.readStatement(item, keyPolicy); err != nil {
			return nil, fmt.Errorf("statement %d: %w", i, err)
		}
	}
	return d, nil
}

func (d *Document) readVersion(root node) error {
	version, ok := root.member("Version")
	if !ok {
		return nil
	}
	if version.kind != text || (version.text != "2012-10-17" && version.text != "2008-10-17") {
		return fmt.Errorf("the Version is neither 2012-10-17 nor 2008-10-17")
	}
	d.variables = version.text == "2012-10-17"
	return nil
}

func (d *Document) readStatement(n node, keyPolicy bool) error {
	if n.kind != object {
		return fmt.Errorf("not an object")
	}
	err := onlyMembers(n, "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction",
		"Resource", "NotResource", "Condition")
	if err != nil {
		return err
	}
	s := statement{}
	effect, _ := n.member("Effect")
	if effect.kind != text || (effect.text != "Allow" && effect.text != "Deny") {
		return fmt.Errorf("the Effect is neither Allow nor Deny")
	}
	s.deny = effect.text == "Deny"
	if sid, ok := n.member("Sid"); ok && sid.kind != text {
		return fmt.Errorf("the Sid is not a string")
	}
	if err := d.readPrincipals(&s, n, keyPolicy); err != nil {
		return err
	}
	if s.actions, err = readMatcher(n, "Action"); err != nil {
		return err
	}
	if err := checkActions(s.actions.patterns); err != nil {
		return err
	}
	if s.resources, err = readMatcher(n, "Resource"); err != nil {
		return err
	}
	if s.conditions, err = readConditions(n); err != nil {
		return err
	}
	d.statements = append(d.statements, s)
	return nil
}

func readMatcher(n node, name string) (matcher, error) {
	plain, hasPlain := n.member(name)
	not, hasNot := n.member("Not" + name)
	switch {
	case hasPlain && hasNot:
		return matcher{}, fmt.Errorf("both %s and Not%s", name, name)
	case hasNot:
		values, err := stringList(not, "Not"+name)
		return matcher{patterns: values, negated: true}, err
	case hasPlain:
		values, err := stringList(plain, name)
		return matcher{patterns: values}, err
	}
	return matcher{}, nil
}

// An action is "*" or service:name, in which the name may hold wildcards.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html
var actionForm = regexp.MustCompile(`^(\*|[A-Za-z0-9-]+:[A-Za-z0-9*?]+)$`)

func checkActions(patterns []string) error {
	for _, p := range patterns {
		if !actionForm.MatchString(p) {
			return fmt.Errorf("%q is not an action", p)
		}
	}
	return nil
}

// HasIneffectiveStatement tells whether a statement has no effect because it
// lacks actions or resources.
func (d *Document) HasIneffectiveStatement() bool {
	for _, s := range d.statements {
		if len(s.actions.patterns) == 0 || len(s.resources.patterns) == 0 {
			return true
		}
	}
	return false
}

func onlyMembers(n node, known ...string) error {
	for _, name := range n.names {
		found := false
		for _, k := range known {
			found = found || name == k
		}
		if !found {
			return fmt.Errorf("unknown element %q (elements: %s)", name, strings.Join(known, ", "))
		}
	}
	return nil
}

// stringList reads one string or a list of strings.
func stringList(n node, what string) ([]string, error) {
	if n.kind == text {
		return []string{n.text}, nil
	}
	if n.kind != array {
		return nil, fmt.Errorf("%s is not a string or a list of strings", what)
	}
	values := make([]string, 0, len(n.items))
	for _, item := range n.items {
		if item.kind != text {
			return nil, fmt.Errorf("%s is not a string or a list of strings", what)
		}
		values = append(values, item.text)
	}
	return values, nil
}
