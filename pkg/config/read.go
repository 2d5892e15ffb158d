package config

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Load reads the configuration in a file. The error of a file that is there and can be
// read is an [*Errors]; one that is not there is [fs.ErrNotExist]. What counts then
// ([rules.DefaultConfiguration], say) is for the caller to decide.
func Load(path string) (*rules.Configuration, error) { return load(path, time.Time{}) }

// LoadDated is [Load] with the dates checked as [ReadDeployment] does.
func LoadDated(path string, now time.Time) (*rules.Configuration, error) { return load(path, now) }

func load(path string, now time.Time) (*rules.Configuration, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no configuration file %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	defer func() { _ = file.Close() }() // it was only read
	text, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c, _, err := read(path, text, now)
	return c, err
}

// Read reads a configuration from the text of a file, whose name is for messages only.
// Every error is an [*Errors]; with one, there is no configuration.
//
// Lists that are left out are empty, not nil, and baselines are sorted by name, so that
// [rules.Configuration.Hash] depends neither on comments nor on the order of keys.
// The statements of permit and require are the exception: they are kept as they are
// written, because a repair writes them so.
func Read(name string, text []byte) (*rules.Configuration, error) {
	c, _, err := read(name, text, time.Time{})
	return c, err
}

// ReadDeployment is [Read] with what the file says of its deployment. It is for whoever writes or
// deploys the file: what lasts for too long, counted from now, is an error as well. A function that
// starts with a file that was deployed does not ask.
func ReadDeployment(name string, text []byte, now time.Time) (*rules.Configuration, Deployment, error) {
	return read(name, text, now)
}

// read reads a configuration. Dates are checked where now is not zero.
func read(name string, text []byte, now time.Time) (*rules.Configuration, Deployment, error) {
	r := &reader{problems: problems{file: name}, names: map[string]int{}}
	root := document(&r.problems, text)
	if err := r.err(); err != nil {
		return nil, Deployment{}, err
	}
	c, d := defaults(), DefaultDeployment()
	file(c, &d).read(r, root)
	r.settleDefault(c, root)
	if err := r.err(); err != nil {
		return nil, Deployment{}, err
	}
	r.checkDeployment(root, c, &d)
	wrong := c.Check()
	if !now.IsZero() {
		wrong = append(wrong, c.CheckDates(now)...)
	}
	for _, found := range wrong {
		detail := found.Detail
		if w := found.Witness; w != nil {
			detail += fmt.Sprintf("; for example %s with %s", w.Principal, w.Action)
		}
		r.fail(locate(root, found.Place), "%s", detail)
	}
	if err := r.err(); err != nil {
		return nil, Deployment{}, err
	}
	return c, d, nil
}

// reader is one reading of a file.
type reader struct {
	problems
	// names are the lines of names that must be unique, each after what it names.
	names map[string]int
}

// defaults is a configuration whose file says nothing.
func defaults() *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Default, c.Baselines = "", []rules.Baseline{}
	return c
}

// settleDefault sorts the baselines and makes the only one the default.
func (r *reader) settleDefault(c *rules.Configuration, root *yaml.Node) {
	slices.SortFunc(c.Baselines, func(a, b rules.Baseline) int { return cmp.Compare(a.Name, b.Name) })
	switch {
	case has(root, "default") || len(c.Baselines) == 0: // no baseline is a problem that has been reported
	case len(c.Baselines) == 1:
		c.Default = c.Baselines[0].Name
	default:
		names := make([]string, len(c.Baselines))
		for i, b := range c.Baselines {
			names[i] = b.Name
		}
		r.fail(root, "`default` is missing: which of the baselines %s have keys that no rule names?", alternatives(names))
	}
}

// locate returns the node at a place of the file, or the nearest above it that is
// there. Of a block that starts below its key, it returns the key.
func locate(root *yaml.Node, place []string) *yaml.Node {
	at, found := root, root
	for _, step := range place {
		switch at.Kind {
		case yaml.MappingNode:
			key, value := member(at, step)
			if key == nil {
				return found
			}
			at, found = value, value
			if value.Kind != yaml.ScalarNode && value.Line > key.Line {
				found = key
			}
		case yaml.SequenceNode:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(at.Content) {
				return found
			}
			at, found = at.Content[i], at.Content[i]
		default:
			return found
		}
	}
	return found
}

func has(n *yaml.Node, name string) bool {
	key, _ := member(n, name)
	return key != nil
}

// member returns key and value of a mapping's entry, nil where it has none.
func member(n *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i], n.Content[i+1]
		}
	}
	return nil, nil
}
