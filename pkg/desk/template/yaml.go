package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// readYAML reads a text that is one YAML document. Every error is an [*Error]. The short forms
// of CloudFormation's functions become mappings, as they are in JSON. CloudFormation supports
// no alias and no merge key, so readYAML refuses them: nothing expands.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html
func readYAML(text []byte) (*node, error) {
	loader, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithUniqueKeys(false), // join says where the first one is
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		return nil, &Error{Detail: err.Error()}
	}
	var first, second yaml.Node
	if err := loader.Load(&first); err != nil {
		return nil, notYAML(err)
	}
	if len(first.Content) != 1 {
		return nil, &Error{Line: 1, Column: 1, Detail: "the YAML text says nothing"}
	}
	n, err := nodeOf(first.Content[0])
	if err != nil {
		return nil, err
	}
	switch err := loader.Load(&second); {
	case err == nil:
		return nil, &Error{Line: second.Line, Column: second.Column, Detail: "a second YAML document; a file is one"}
	case !errors.Is(err, io.EOF):
		return nil, notYAML(err)
	}
	return n, nil
}

// notYAML words what kept the library from reading on.
func notYAML(err error) error {
	var problem *yaml.LoadError
	if !errors.As(err, &problem) {
		return &Error{Detail: "not YAML: " + err.Error()}
	}
	detail := problem.Message
	if problem.ContextMsg != "" {
		detail += " " + problem.ContextMsg
	}
	return &Error{Line: problem.Mark.Line, Column: problem.Mark.Column, Detail: "not YAML: " + detail}
}

// nodeOf converts a node of the library. It recurses no deeper than maxDepth.
func nodeOf(y *yaml.Node) (*node, error) {
	n := &node{line: y.Line, column: y.Column}
	var err error
	switch y.Kind {
	case yaml.AliasNode:
		return nil, n.fail("the alias *%s; CloudFormation supports no aliases, so write the value here", shortened(y.Value))
	case yaml.ScalarNode:
		err = plain(n, y)
	case yaml.SequenceNode:
		n.kind = list
		for _, child := range y.Content {
			item, problem := nodeOf(child)
			if problem != nil {
				return nil, problem
			}
			n.items = append(n.items, item)
		}
	case yaml.MappingNode:
		err = names(n, y)
	default:
		err = n.fail("a YAML construct that no template has")
	}
	if err != nil {
		return nil, err
	}
	if function, ok := functionOf(y.Tag); ok {
		return called(function, n), nil
	}
	return n, nil
}

// names converts the entries of a mapping.
func names(n *node, y *yaml.Node) error {
	n.kind = mapping
	seen := map[string]int{}
	for i := 0; i+1 < len(y.Content); i += 2 {
		name, err := nodeOf(y.Content[i])
		if err != nil {
			return err
		}
		if _, ok := name.scalar(); !ok {
			return name.fail("a name that is no text")
		}
		if y.Content[i].Tag == "!!merge" {
			return name.fail("the merge key <<; CloudFormation supports none, so write the names out")
		}
		if first, twice := seen[name.text]; twice {
			return name.fail("the name %s is there twice; the first one is on line %d", quoted(name.text), first)
		}
		seen[name.text] = name.line
		value, err := nodeOf(y.Content[i+1])
		if err != nil {
			return err
		}
		name.kind = word
		n.entries = append(n.entries, entry{name, value})
	}
	return nil
}

// decimal is a number that JSON and every edition of YAML read alike. YAML 1.1 reads octal as
// another number than its digits say.
var (
	decimal = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
	octal   = regexp.MustCompile(`^0[0-7]+$`)
)

// plain converts a scalar. A number that JSON cannot spell stays the text that it is.
func plain(n *node, y *yaml.Node) error {
	n.kind, n.text = word, y.Value
	switch {
	case y.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0:
	case octal.MatchString(y.Value):
		return n.fail("the number %s has a leading zero; write it in quotes, because readers of YAML disagree about it", shortened(y.Value))
	case y.Tag == "!!null":
		n.kind = null
	case y.Tag == "!!bool" && json.Valid([]byte(strings.ToLower(y.Value))):
		n.kind, n.text = truth, strings.ToLower(y.Value)
	case (y.Tag == "!!int" || y.Tag == "!!float") && decimal.MatchString(y.Value):
		n.kind = number
	}
	return nil
}

// functionOf returns the long name of the function that a tag such as !Sub is short for.
func functionOf(tag string) (string, bool) {
	name, ok := strings.CutPrefix(tag, "!")
	switch {
	case !ok || name == "" || strings.HasPrefix(name, "!"):
		return "", false
	case name == "Ref", name == "Condition":
		return name, true
	default:
		return "Fn::" + name, true
	}
}

// called returns a function with its argument. !GetAtt A.B has its two arguments in one text.
func called(function string, argument *node) *node {
	if function == "Fn::GetAtt" && argument.kind == word {
		resource, attribute, _ := strings.Cut(argument.text, ".")
		argument = &node{kind: list, line: argument.line, column: argument.column, items: []*node{argument.worded(resource), argument.worded(attribute)}}
	}
	name := argument.worded(function)
	return &node{kind: mapping, entries: []entry{{name, argument}}, line: argument.line, column: argument.column}
}

// expression writes a function as a person knows it: !GetAtt Role.Arn.
func expression(n *node) string {
	if n.kind != mapping || len(n.entries) != 1 {
		return shortened(textOf(n, 1<<10))
	}
	function, argument := n.entries[0].name.text, n.entries[0].value
	short := "!" + strings.TrimPrefix(function, "Fn::")
	if function == "Fn::GetAtt" && argument.kind == list && len(argument.items) == 2 {
		return short + " " + shortened(argument.items[0].text+"."+argument.items[1].text)
	}
	if function == "Fn::If" && argument.kind == list && len(argument.items) == 3 {
		return short + " " + shortened(argument.items[0].text)
	}
	if text, ok := argument.scalar(); ok {
		return fmt.Sprintf("%s %s", short, shortened(text))
	}
	return short + " " + shortened(textOf(argument, 1<<10))
}

// textOf writes a value as JSON. It stops when the text is longer than most bytes.
func textOf(n *node, most int) string {
	var b bytes.Buffer
	n.write(&b, most)
	return b.String()
}
