package config

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// value is how one value of the file is read, and what editors and readers of the
// documentation are told of it. It is bound to the variable that it sets.
type value struct {
	read func(r *reader, n *yaml.Node)
	// schema describes the value in JSON Schema.
	schema func() schema
	// words tell in the documentation what may stand there.
	words string
	// preset is what counts where the value is left out, nil for nothing.
	preset any
	// fields are those of an object, or of the objects of a list.
	fields []field
}

// schema is a JSON Schema.
type schema map[string]any

// with returns the schema with further keywords.
func (s schema) with(more schema) schema {
	all := maps.Clone(s)
	maps.Copy(all, more)
	return all
}

// scalar returns the text of a scalar, whatever YAML takes it for.
func (r *reader) scalar(n *yaml.Node, expected string) (string, bool) {
	switch {
	case r.isNull(n, expected):
		return "", false
	case n.Kind != yaml.ScalarNode:
		r.fail(n, "%s; expected %s", kindOf(n), expected)
		return "", false
	}
	return n.Value, true
}

// isNull refuses a value that is not there: an empty one may be the rest of a line that
// somebody meant to finish.
func (r *reader) isNull(n *yaml.Node, expected string) bool {
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		r.fail(n, "no value; expected %s, or nothing, not even the key", expected)
		return true
	}
	return false
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	default:
		return quoted(n.Value)
	}
}

// isPlain reports whether a scalar stands there without quotes.
func isPlain(n *yaml.Node) bool { return n.Style == 0 }

// unknown reports a name that is none of the known ones.
func (r *reader) unknown(n *yaml.Node, what string, known []string) {
	if near := spelling.Nearest(n.Value, known); near != "" {
		r.fail(n, "unknown %s %s; did you mean %s?", what, quoted(n.Value), quoted(near))
		return
	}
	r.fail(n, "unknown %s %s; known: %s", what, quoted(n.Value), alternatives(known))
}

// format is the form that a text must have.
type format struct {
	words   string // "a 12-digit account id"
	pattern *regexp.Regexp
	example string
}

// plainTypes are the JSON types that an editor sees where a text stands without quotes.
var plainTypes = []string{"string", "number", "boolean"}

// text is a scalar of some form.
func text[T ~string](p *T, f format) value {
	return value{
		words: f.words, preset: presetText(*p),
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, f.words)
			switch {
			case !ok:
			case !f.pattern.MatchString(got):
				r.fail(n, "%s is not %s; it looks like %s", quoted(got), f.words, quoted(f.example))
			default:
				*p = T(got)
			}
		},
		schema: func() schema { return schema{"type": plainTypes, "pattern": f.pattern.String()} },
	}
}

// words is free text, on one line or several.
func words(p *string) value {
	const expected = "text"
	return value{
		words: expected,
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, expected)
			if ok && strings.TrimSpace(got) == "" {
				r.fail(n, "an empty text")
			}
			*p = strings.TrimSpace(got)
		},
		schema: func() schema { return schema{"type": plainTypes, "pattern": `\S`} },
	}
}

// templated is text in which placeholders may stand.
func templated(p *string, expected string) value {
	return value{
		words: expected,
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, expected)
			if ok && strings.TrimSpace(got) == "" {
				r.fail(n, "an empty text; expected %s", expected)
			}
			if ok {
				r.checkPlaceholders(n, inPrincipal)
			}
			*p = got
		},
		schema: func() schema { return schema{"type": plainTypes, "pattern": `\S`} },
	}
}

// enum is one of some names.
func enum[T ~string](p *T, what string, names ...T) value {
	known := make([]string, len(names))
	for i, name := range names {
		known[i] = string(name)
	}
	return value{
		words: "`" + strings.Join(known, "`, `") + "`", preset: presetText(*p),
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, alternatives(known))
			switch {
			case !ok:
			case !slices.Contains(known, got):
				r.unknown(n, what, known)
			default:
				*p = T(got)
			}
		},
		schema: func() schema { return schema{"enum": known} },
	}
}

func presetText[T ~string](v T) any {
	if v == "" {
		return nil
	}
	return string(v)
}

// truth is true or false. Other words for them are texts in YAML 1.2, and truth values in
// YAML 1.1: readers of the file would disagree.
func truth(p *bool) value {
	return value{
		words: "`true`, `false`", preset: *p,
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, "`true` or `false`")
			switch {
			case !ok:
			case isPlain(n) && (got == "true" || got == "false"):
				*p = got == "true"
			default:
				r.fail(n, "%s is neither `true` nor `false`%s", quoted(got), meant(n))
			}
		},
		schema: func() schema { return schema{"type": "boolean"} },
	}
}

func meant(n *yaml.Node) string {
	switch strings.ToLower(n.Value) {
	case "true", "yes", "on", "y":
		return "; did you mean `true`, without quotes?"
	case "false", "no", "off", "n":
		return "; did you mean `false`, without quotes?"
	default:
		return ""
	}
}

// whole is a whole number from 1 up to most.
func whole(p *int, most int) value { return wholeFrom(p, 1, most) }

// wholeFrom is a whole number from least up to most.
func wholeFrom(p *int, least, most int) value {
	expected := fmt.Sprintf("a whole number from %d to %d", least, most)
	return value{
		words: expected, preset: *p,
		read: func(r *reader, n *yaml.Node) {
			got, ok := r.scalar(n, expected)
			if !ok {
				return
			}
			number, err := strconv.Atoi(got)
			if err != nil || !isPlain(n) || number < least || number > most || got != strconv.Itoa(number) {
				r.fail(n, "%s is not %s", quoted(got), expected)
				return
			}
			*p = number
		},
		schema: func() schema { return schema{"type": "integer", "minimum": least, "maximum": most} },
	}
}
