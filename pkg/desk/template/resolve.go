package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// resolver computes values of one resource: what a deployment puts in place of functions.
type resolver struct {
	*template
	// condition is the name of the resource's condition, which holds where the resource is made.
	condition string
	unknowns  []Unknown
	assumed   []string
	err       *Error // the first that is broken
	// decided are the conditions that were evaluated; nil for one that is not known. Those of
	// evaluating are not finished.
	decided    map[string]*bool
	evaluating map[string]bool
	work       int // bytes that functions made, and entries that they looked through
}

// maxWork bounds what functions make of one resource. A template may repeat a long parameter
// as often as it likes.
const maxWork = 1 << 20

// absent is the value of AWS::NoValue: its entry or item is left out.
var absent = &node{}

func (t *template) resolver(resource *node) *resolver {
	condition, _ := resource.get("Condition").scalar()
	return &resolver{template: t, condition: condition, decided: map[string]*bool{}, evaluating: map[string]bool{}}
}

// broken keeps the first error.
func (r *resolver) broken(err *Error) *node {
	if r.err == nil {
		r.err = err
	}
	return nil
}

// problem returns the first of two errors.
func (r *resolver) problem(first error) error {
	if first != nil || r.err == nil {
		return first
	}
	return r.err
}

// unknown notes an expression that only the deployment knows.
func (r *resolver) unknown(at *node, reason string) *node {
	u := Unknown{expression(at), at.line, reason}
	if !slices.Contains(r.unknowns, u) {
		r.unknowns = append(r.unknowns, u)
	}
	return nil
}

// assume notes a value that was assumed.
func (r *resolver) assume(what string) {
	if !slices.Contains(r.assumed, what) {
		r.assumed = append(r.assumed, what)
	}
}

// resolve returns a value without functions: nil where there is none, where it is not known,
// or where it is broken. The resolver has noted which.
func (r *resolver) resolve(n *node) *node {
	value := r.value(n)
	if value == absent {
		return nil
	}
	return value
}

// text returns a property that is text, number or truth value; "" where it is not known.
func (r *resolver) text(n *node) string {
	value := r.resolve(n)
	if value == nil {
		return ""
	}
	text, ok := value.scalar()
	if !ok {
		r.broken(value.fail("expected a text"))
	}
	return text
}

// value is resolve, with absent for what is left out.
func (r *resolver) value(n *node) *node {
	switch {
	case n == nil:
		return nil
	case n.kind == list:
		return r.listed(n)
	case n.kind == mapping && len(n.entries) == 1 && isFunction(n.entries[0].name.text):
		return r.call(n, n.entries[0].name.text, n.entries[0].value)
	case n.kind == mapping:
		return r.mapped(n)
	case n.kind == word && strings.Contains(n.text, "{{resolve:"):
		return r.unknown(n, "a dynamic reference is read at deployment")
	default:
		return n
	}
}

// isFunction tells whether the only name of a mapping is a function. Condition is one only
// within conditions: a policy has an element of that name.
func isFunction(name string) bool { return name == "Ref" || strings.HasPrefix(name, "Fn::") }

func (r *resolver) listed(n *node) *node {
	out := &node{kind: list, line: n.line, column: n.column}
	known := true
	for _, item := range n.items {
		switch value := r.value(item); value {
		case absent:
		case nil:
			known = false
		default:
			out.items = append(out.items, value)
		}
	}
	if !known {
		return nil
	}
	return out
}

func (r *resolver) mapped(n *node) *node {
	out := &node{kind: mapping, line: n.line, column: n.column}
	known := true
	for _, e := range n.entries {
		switch value := r.value(e.value); value {
		case absent:
		case nil:
			known = false
		default:
			out.entries = append(out.entries, entry{e.name, value})
		}
	}
	if !known {
		return nil
	}
	return out
}

// made returns a text that a function made, within the bound on all of them.
func (r *resolver) made(at *node, text string) *node {
	if !r.spend(at, len(text)) {
		return nil
	}
	return at.worded(text)
}

// spend counts work. It is false, and the resource broken, beyond maxWork.
func (r *resolver) spend(at *node, work int) bool {
	if r.work += work; r.work > maxWork {
		r.broken(at.fail("the functions of the resource make more than %d bytes", maxWork))
		return false
	}
	return true
}

// call computes a function.
func (r *resolver) call(at *node, name string, argument *node) *node {
	if name == "Ref" {
		text, ok := argument.scalar()
		if !ok {
			return r.broken(at.fail("Ref takes the name of a parameter or resource"))
		}
		return r.ref(at, text)
	}
	function, ok := functions[name]
	if !ok {
		return r.unknown(at, "")
	}
	return function(r, at, argument)
}

// ref computes a Ref.
func (r *resolver) ref(at *node, name string) *node {
	if strings.HasPrefix(name, "AWS::") {
		return r.pseudo(at, name)
	}
	if parameter, ok := r.parameters[name]; ok {
		return r.parameter(at, name, parameter)
	}
	resource, ok := r.resources[name]
	if !ok {
		return r.broken(at.fail("%s is no parameter or resource of the template", quoted(name)))
	}
	kind, _ := resource.get("Type").scalar()
	if property := refProperties[kind]; property != "" {
		if value := resource.get("Properties").get(property); value != nil {
			return r.value(value)
		}
	}
	return r.unknown(at, nameless(kind))
}

// nameless says which property would make a resource's name and ARN known; "" for none.
func nameless(kind string) string {
	if property := refProperties[kind]; property != "" {
		return "with a " + property + " it would be known"
	}
	return ""
}

// refProperties are the properties that Ref returns of resources that a policy names.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-role.html
var refProperties = map[string]string{"AWS::IAM::Role": "RoleName", "AWS::IAM::User": "UserName"}

// pseudo computes a pseudo parameter.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
func (r *resolver) pseudo(at *node, name string) *node {
	values := map[string]struct{ value, flag string }{
		"AWS::AccountId": {r.place.Account, "--account"},
		"AWS::Region":    {r.place.Region, "--region"},
		"AWS::Partition": {r.place.Partition, "--partition"},
	}
	switch v, ok := values[name]; {
	case ok && v.value != "":
		return r.made(at, v.value)
	case ok:
		return r.unknown(at, v.flag+" says it")
	case name == "AWS::NoValue":
		return absent
	case name == "AWS::URLSuffix" && r.place.Partition == "aws":
		return r.made(at, "amazonaws.com")
	case name == "AWS::URLSuffix" && r.place.Partition == "aws-cn":
		return r.made(at, "amazonaws.com.cn")
	case r.place.Parameters[name] != "":
		return r.made(at, r.place.Parameters[name])
	case name == "AWS::URLSuffix", slices.Contains([]string{"AWS::StackName", "AWS::StackId", "AWS::NotificationARNs"}, name):
		return r.unknown(at, "--parameter "+name+"=VALUE says it")
	default:
		return r.broken(at.fail("%s is no pseudo parameter", quoted(name)))
	}
}

// parameter returns the value of a parameter: as given, else its default.
func (r *resolver) parameter(at *node, name string, parameter *node) *node {
	kind, _ := parameter.get("Type").scalar()
	value, given := r.place.Parameters[name]
	if !given {
		var ok bool
		if value, ok = parameter.get("Default").scalar(); !ok {
			return r.unknown(at, "the parameter has no default; --parameter "+name+"=VALUE says it")
		}
		if strings.HasPrefix(kind, "AWS::SSM::Parameter::Value") {
			return r.unknown(at, "the deployment reads it from Parameter Store; --parameter "+name+"=VALUE says it")
		}
		r.assume(fmt.Sprintf("the parameter %s is %s, its default", name, quoted(value)))
	}
	if kind != "CommaDelimitedList" && !strings.HasPrefix(kind, "List<") && !strings.Contains(kind, "<List<") && !strings.Contains(kind, "CommaDelimitedList") {
		return r.made(at, value)
	}
	out := &node{kind: list, line: at.line, column: at.column}
	for part := range strings.SplitSeq(value, ",") {
		item := r.made(at, strings.TrimSpace(part))
		if item == nil {
			return nil
		}
		out.items = append(out.items, item)
	}
	return out
}

// malformed words the error of a policy in a template: its place is the place of the statement.
func malformed(value *node, k *Key, err error) *Error {
	var problem *policy.Error
	if !errors.As(err, &problem) {
		return value.fail("%v", err)
	}
	e := value.fail("the key policy is malformed: %s (%s)", problem.Detail, problem.Code)
	if statement := statementAt(k.Policy, problem.Column); statement >= 0 && statement < len(k.Lines) {
		e.Line, e.Column = k.Lines[statement], 1
	}
	return e
}

// statementAt returns the index of the statement in which a byte of a policy stands, which is
// written on one line; -1 for none. It counts braces and brackets outside of texts.
func statementAt(text string, column int) int {
	index, depth, quote := -1, 0, false
	for i := 0; i < len(text) && i < column; i++ {
		switch c := text[i]; {
		case quote && c == '\\':
			i++
		case c == '"':
			quote = !quote
		case quote:
		case c == '{' || c == '[':
			if depth++; depth == 3 && c == '{' {
				index++
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return index
}
