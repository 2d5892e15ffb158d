package template

import (
	"encoding/base64"
	"regexp"
	"strconv"
	"strings"
)

// functions are the functions of CloudFormation that can be computed before deployment. The
// others are not known: Fn::ImportValue, Fn::GetAZs, Fn::Cidr, Fn::Transform and what is new.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html
var functions map[string]func(r *resolver, at, argument *node) *node

// A function may have functions as arguments, so the table is filled late.
func init() {
	functions = map[string]func(r *resolver, at, argument *node) *node{
		"Fn::Sub": substitute, "Fn::GetAtt": getAtt, "Fn::Join": join, "Fn::If": choose,
		"Fn::FindInMap": findInMap, "Fn::Select": pick, "Fn::Split": split,
		"Fn::Base64": encode, "Fn::ToJsonString": jsonString,
	}
}

// placeholder is a variable of Fn::Sub. ${!Name} stands for the text ${Name}.
var placeholder = regexp.MustCompile(`\$\{([^}]*)\}`)

// substitute computes Fn::Sub: a text, or a list of a text and its own variables.
func substitute(r *resolver, at, argument *node) *node {
	text, own := argument, (*node)(nil)
	if argument.kind == list && len(argument.items) == 2 {
		text, own = argument.items[0], argument.items[1]
	}
	if text.kind != word || argument.kind == list && own == nil {
		return r.broken(at.fail("Fn::Sub takes a text, or a text and a mapping of its variables"))
	}
	known := true
	out := placeholder.ReplaceAllStringFunc(text.text, func(found string) string {
		name := strings.TrimSpace(found[2 : len(found)-1])
		if literal, ok := strings.CutPrefix(name, "!"); ok {
			return "${" + literal + "}"
		}
		value := r.variable(text, name, own)
		if value == nil {
			known = false
			return ""
		}
		return value.text
	})
	if !known {
		return nil
	}
	return r.value(r.made(at, out)) // it may be a dynamic reference now
}

// variable returns the value of one variable of Fn::Sub, which is a text.
func (r *resolver) variable(at *node, name string, own *node) *node {
	var value *node
	resource, attribute, dotted := strings.Cut(name, ".")
	switch given := own.get(name); {
	case given != nil:
		value = r.resolve(given)
	case dotted:
		value = r.attribute(called("Fn::GetAtt", at.worded(name)), resource, attribute)
	case strings.HasPrefix(name, "aws:") || strings.HasPrefix(name, "kms:"):
		return r.broken(at.fail("${%s} is a variable of Fn::Sub; a policy variable is written ${!%s} in it", name, name))
	default:
		value = r.ref(called("Ref", at.worded(name)), name)
	}
	if value == nil || value == absent {
		return nil
	}
	if _, ok := value.scalar(); !ok {
		return r.broken(at.fail("the variable %s of Fn::Sub is no text", quoted(name)))
	}
	if !r.spend(at, len(value.text)) {
		return nil
	}
	return value
}

// getAtt computes Fn::GetAtt.
func getAtt(r *resolver, at, argument *node) *node {
	if argument.kind == word {
		resource, attribute, _ := strings.Cut(argument.text, ".")
		return r.attribute(at, resource, attribute)
	}
	if argument.kind != list || len(argument.items) != 2 || argument.items[0].kind != word {
		return r.broken(at.fail("Fn::GetAtt takes a logical id and the name of an attribute"))
	}
	attribute := r.text(argument.items[1])
	if attribute == "" {
		return nil
	}
	return r.attribute(at, argument.items[0].text, attribute)
}

// attribute returns an attribute of a resource. It is known for the ARN of a role or user with
// a name of its own.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-arns
func (r *resolver) attribute(at *node, name, attribute string) *node {
	resource, ok := r.resources[name]
	if !ok {
		return r.broken(at.fail("%s is no resource of the template", quoted(name)))
	}
	kind, _ := resource.get("Type").scalar()
	properties := resource.get("Properties")
	property := refProperties[kind]
	switch {
	case attribute != "Arn" || property == "":
		return r.unknown(at, "")
	case properties.get(property) == nil:
		return r.unknown(at, nameless(kind))
	}
	path := "/"
	if properties.get("Path") != nil {
		path = r.text(properties.get("Path"))
	}
	own := r.text(properties.get(property))
	account, partition := r.pseudo(called("Ref", at.worded("AWS::AccountId")), "AWS::AccountId"), r.pseudo(called("Ref", at.worded("AWS::Partition")), "AWS::Partition")
	if path == "" || own == "" || account == nil || partition == nil {
		return nil
	}
	return r.made(at, "arn:"+partition.text+":iam::"+account.text+":"+strings.ToLower(strings.TrimPrefix(kind, "AWS::IAM::"))+path+own)
}

// join computes Fn::Join: a delimiter and a list.
func join(r *resolver, at, argument *node) *node {
	if argument.kind != list || len(argument.items) != 2 || argument.items[0].kind != word {
		return r.broken(at.fail("Fn::Join takes a delimiter and a list"))
	}
	values := r.resolve(argument.items[1])
	if values == nil {
		return nil
	}
	if values.kind != list {
		return r.broken(at.fail("Fn::Join takes a delimiter and a list"))
	}
	var b strings.Builder
	for i, item := range values.items {
		text, ok := item.scalar()
		switch {
		case !ok:
			return r.broken(item.fail("an item of Fn::Join is no text"))
		case i > 0:
			b.WriteString(argument.items[0].text)
		}
		if b.WriteString(text); b.Len() > maxWork {
			break
		}
	}
	return r.value(r.made(at, b.String())) // it may be a dynamic reference now
}

// findInMap computes Fn::FindInMap.
func findInMap(r *resolver, at, argument *node) *node {
	if argument.kind != list || len(argument.items) < 3 {
		return r.broken(at.fail("Fn::FindInMap takes the names of a mapping and of two levels in it"))
	}
	found := r.mappings
	for _, item := range argument.items[:3] {
		name := r.text(item)
		if name == "" || found != nil && !r.spend(at, len(found.entries)) {
			return nil
		}
		next := found.get(name)
		if next == nil {
			if otherwise := argument.items[len(argument.items)-1].get("DefaultValue"); otherwise != nil {
				return r.value(otherwise)
			}
			return r.broken(at.fail("the template's Mappings have no %s for %s", quoted(name), expression(at)))
		}
		found = next
	}
	if !r.spend(at, len(found.items)) {
		return nil
	}
	return r.value(found)
}

// pick computes Fn::Select: an index and a list.
func pick(r *resolver, at, argument *node) *node {
	if argument.kind != list || len(argument.items) != 2 {
		return r.broken(at.fail("Fn::Select takes an index and a list"))
	}
	index := r.text(argument.items[0])
	values := r.resolve(argument.items[1])
	if index == "" || values == nil {
		return nil
	}
	i, err := strconv.Atoi(index)
	if err != nil || values.kind != list || i < 0 || i >= len(values.items) {
		return r.broken(at.fail("Fn::Select has no item %s", quoted(index)))
	}
	return values.items[i]
}

// split computes Fn::Split: a delimiter and a text.
func split(r *resolver, at, argument *node) *node {
	if argument.kind != list || len(argument.items) != 2 || argument.items[0].kind != word || argument.items[0].text == "" {
		return r.broken(at.fail("Fn::Split takes a delimiter and a text"))
	}
	text := r.resolve(argument.items[1])
	if text == nil {
		return nil
	}
	out := &node{kind: list, line: at.line, column: at.column}
	for part := range strings.SplitSeq(text.text, argument.items[0].text) {
		item := r.made(at, part)
		if item == nil {
			return nil
		}
		out.items = append(out.items, item)
	}
	return out
}

// encode computes Fn::Base64.
func encode(r *resolver, at, argument *node) *node {
	value := r.resolve(argument)
	if value == nil {
		return nil
	}
	return r.made(at, base64.StdEncoding.EncodeToString([]byte(value.text)))
}

// jsonString computes Fn::ToJsonString.
func jsonString(r *resolver, at, argument *node) *node {
	value := r.resolve(argument)
	if value == nil {
		return nil
	}
	return r.made(at, textOf(value, maxWork))
}
