package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// maxBytes is how long a file may be.
const maxBytes = 1 << 20

// maxDepth is how deep a file may nest; the schema needs twelve levels.
const maxDepth = 50

// document returns the root of the one YAML document in a text: nil where there is
// none, or it has problems.
func document(p *problems, text []byte) *yaml.Node {
	if checkCharacters(p, string(text)); len(p.list) > 0 {
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(text),
		yaml.WithUniqueKeys(false), // the reader says where the first one is
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		p.at(0, 0, "%v", err)
		return nil
	}
	var first, second yaml.Node
	switch err := loader.Load(&first); {
	case errors.Is(err, io.EOF):
		p.at(1, 1, "the file says nothing; the least that it needs is version and baselines")
		return nil
	case err != nil:
		p.noYAML(err)
		return nil
	}
	switch err := loader.Load(&second); {
	case err == nil:
		p.fail(&second, "a second YAML document; the file is one")
	case !errors.Is(err, io.EOF):
		p.noYAML(err)
	}
	root := first.Content[0]
	refuseCorners(p, root)
	return root
}

// checkCharacters refuses what is no text, and characters that make an editor or a
// terminal show something else than YAML reads.
func checkCharacters(p *problems, text string) {
	if len(text) > maxBytes {
		p.at(0, 0, "the file is longer than %d bytes", maxBytes)
		return
	}
	line, column := 1, 1
	for i, r := range text {
		_, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			p.at(line, column, "a byte that is not UTF-8 (0x%02x); save the file as UTF-8", text[i])
			return
		case r == '\n':
			line, column = line+1, 0
		case r == '\uFEFF' && i == 0:
			column-- // a byte order mark, which no editor shows or counts
		case r == '\r' && !strings.HasPrefix(text[i+1:], "\n"), r != '\r' && hides(r):
			p.at(line, column, "the character %U, which does not show; write it as an escape in double quotes, or remove it", r)
		}
		column++
	}
}

// hides reports whether a character breaks lines or turns the direction of writing
// where a reader of the file does not see it, or is a control character.
// https://www.unicode.org/reports/tr9/#Directional_Formatting_Characters
func hides(r rune) bool {
	return r != '\t' && r != '\n' && unicode.IsControl(r) ||
		r == '\u2028' || r == '\u2029' || r == '\uFEFF' || unicode.Is(unicode.Bidi_Control, r)
}

// noYAML adds the problem that kept the library from reading on.
func (p *problems) noYAML(err error) {
	var problem *yaml.LoadError
	if !errors.As(err, &problem) {
		p.at(0, 0, "%v", err)
		return
	}
	detail := problem.Message
	if problem.ContextMsg != "" {
		detail += " " + problem.ContextMsg
	}
	if start := problem.ContextMark.Line; start > 0 && start != problem.Mark.Line {
		detail += fmt.Sprintf(" that starts on line %d", start)
	}
	p.at(problem.Mark.Line, problem.Mark.Column, "not YAML: %s%s", detail, hint(problem))
}

// hint says what the author of a line that is no YAML probably meant.
func hint(problem *yaml.LoadError) string {
	switch context := problem.ContextMsg; {
	case strings.Contains(context, "alias"):
		return `; a value that starts with * needs quotes, as "*"`
	case strings.Contains(context, "anchor"):
		return `; a value that starts with & needs quotes`
	case strings.Contains(context, "flow"):
		return "; within [ ] and { }, values with one of , [ ] { } need quotes"
	case strings.Contains(context, "next token"):
		return "; lines are indented with spaces, not tabs, and a value that starts with @, ` or % needs quotes"
	case strings.Contains(problem.Message, "mapping values"):
		return `; a value with ": " in it needs quotes, and keys of one level start in one column`
	case strings.Contains(context, "block mapping"):
		return "; keys of one level start in one column, and nothing follows a quoted value"
	default:
		return ""
	}
}

// refuseCorners refuses anchors, aliases, merge keys and tags: a file that says what is
// enforced says it where it counts. It recurses no deeper than maxDepth.
func refuseCorners(p *problems, n *yaml.Node) {
	switch {
	case n.Kind == yaml.AliasNode:
		p.fail(n, "the alias *%s; write the value here", n.Value)
		return
	case n.Anchor != "":
		p.fail(n, "the anchor &%s; write the value out where it is needed", n.Anchor)
	case n.Tag == "!!merge" && n.Value == "<<":
		p.fail(n, "the merge key <<; write the keys out")
	case n.Style&yaml.TaggedStyle != 0 || !strings.HasPrefix(n.Tag, "!!"):
		p.fail(n, "the tag %s; write the value without it, in quotes where it must be a string", quoted(n.Tag))
	}
	for _, child := range n.Content {
		refuseCorners(p, child)
	}
}
