package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"testing"
)

// grant is a statement of a synthesised policy.
type grant struct {
	Sid, Effect      string
	Principal        any
	Action, Resource any
	Condition        map[string]map[string]any
}

// permissions are the policies that decide the calls of one role, and what of them was used. They read a policy as
// IAM documents it, as far as our templates go; an operator that they do not know ends the test.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
type permissions struct {
	t          *testing.T
	role       string // ARN
	statements []grant

	mu      sync.Mutex
	used    map[string]int // statement and action of each Allow, statement of each Deny
	refused []string
}

// permissionsOf collects the identity policies of a role, and the Denies of bucket policies, which bind everybody.
func permissionsOf(d *realized, roleID string) *permissions {
	d.t.Helper()
	p := &permissions{t: d.t, role: d.attribute(roleID, "Arn"), used: map[string]int{}}
	for id, r := range d.resources {
		var document any
		switch r.Type {
		case "AWS::IAM::Policy":
			if roles, ok := d.properties(id)["Roles"].([]any); ok && slices.Contains(roles, any(d.reference(roleID))) {
				document = d.properties(id)["PolicyDocument"]
			}
		case "AWS::S3::BucketPolicy":
			document = d.properties(id)["PolicyDocument"]
		}
		if document == nil {
			continue
		}
		text, err := json.Marshal(document)
		if err != nil {
			d.t.Fatal(err)
		}
		var read struct{ Statement []grant }
		if err := json.Unmarshal(text, &read); err != nil {
			d.t.Fatal(err)
		}
		p.statements = append(p.statements, read.Statement...)
	}
	return p
}

// isAllowed decides one call of the role, and remembers which statements it used.
func (p *permissions) isAllowed(action, resource string, context map[string]string) bool {
	p.t.Helper()
	return p.isAllowedTo(p.role, action, resource, context)
}

func (p *permissions) isAllowedTo(principal, action, resource string, context map[string]string) bool {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	context = maps.Clone(context)
	if context == nil {
		context = map[string]string{}
	}
	context["aws:PrincipalArn"] = principal
	if context["aws:SecureTransport"] == "" {
		context["aws:SecureTransport"] = "true"
	}
	allowed, denied := false, false
	for _, st := range p.statements {
		if !isOneOf(st.Action, action) || !isOneOf(st.Resource, resource) || !p.holds(st.Condition, context) {
			continue
		}
		if st.Effect == "Deny" {
			denied = true
			p.used["Deny "+st.Sid]++
			continue
		}
		allowed = true
		p.used[st.name()+" "+action]++
	}
	if !allowed || denied {
		p.refused = append(p.refused, fmt.Sprint(action, " on ", resource, " under ", context))
	}
	return allowed && !denied
}

func (g grant) name() string { return fmt.Sprintf("%s %s on %v", g.Effect, g.Sid, g.Resource) }

// unused returns the actions of Allows and the Denies that no call has used, but for some actions.
func (p *permissions) unused(byOthers ...string) []string {
	var list []string
	for _, st := range p.statements {
		if st.Effect == "Deny" {
			if p.used["Deny "+st.Sid] == 0 {
				list = append(list, "Deny "+st.Sid)
			}
			continue
		}
		for _, action := range texts(st.Action) {
			if p.used[st.name()+" "+action] == 0 && !slices.Contains(byOthers, action) {
				list = append(list, st.name()+" "+action)
			}
		}
	}
	slices.Sort(list)
	return list
}

// holds tells whether every operator of a condition does.
func (p *permissions) holds(condition map[string]map[string]any, context map[string]string) bool {
	p.t.Helper()
	for operator, keys := range condition {
		for key, values := range keys {
			got, isThere := context[key]
			var holds bool
			switch operator {
			case "StringEquals", "Bool":
				holds = isThere && slices.Contains(texts(values), got)
			case "ArnLike", "ArnEquals", "StringLike":
				holds = isThere && isOneOf(values, got)
			case "ArnNotEquals", "ArnNotLike":
				holds = !isThere || !isOneOf(values, got)
			case "Null":
				holds = slices.Contains(texts(values), fmt.Sprint(!isThere))
			default:
				p.t.Errorf("the operator %s is not known here", operator)
			}
			if !holds {
				return false
			}
		}
	}
	return true
}

// texts returns a text or list of texts as a list.
func texts(value any) []string {
	list, ok := value.([]any)
	if !ok {
		return []string{fmt.Sprint(value)}
	}
	var out []string
	for _, v := range list {
		out = append(out, fmt.Sprint(v))
	}
	return out
}

// isOneOf matches a text with a list of patterns, where * stands for any characters.
func isOneOf(patterns any, text string) bool {
	flat := strings.NewReplacer("/", "\x00") // path.Match stops at a slash
	return slices.ContainsFunc(texts(patterns), func(pattern string) bool {
		matched, err := path.Match(flat.Replace(pattern), flat.Replace(text))
		return err == nil && matched
	})
}
