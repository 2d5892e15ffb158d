package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// permission is what permit answers in JSON.
type permission struct {
	Configuration used              `json:"configuration"`
	KeyARN        string            `json:"keyArn"`
	Baseline      string            `json:"baseline"`
	Until         string            `json:"until,omitempty"`
	Permit        []json.RawMessage `json:"permit"`
	// Left are the findings that the statements do not end.
	Left []guardrail.Finding `json:"left"`
}

// permit prints what the baseline of a key would have to permit.
func (o *options) permit(j judge, file string, v inspect.View, until time.Time) error {
	answer := permission{Configuration: o.use(j.configuration, file), KeyARN: v.Snapshot.Key.ARN, Permit: []json.RawMessage{}, Left: []guardrail.Finding{}}
	p, err := guardrail.Permit(v.Snapshot, v.Judgement, j.configuration, until, j.now)
	if errors.Is(err, guardrail.ErrNothingToPermit) {
		return o.answer(exitFine, answer, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, "Nothing is to be permitted: "+err.Error()+".")
			return err
		})
	}
	if err != nil {
		return err
	}
	answer.Baseline, answer.Left = p.Baseline, append(answer.Left, p.Left...)
	if !until.IsZero() {
		answer.Until = until.AddDate(0, 0, -1).Format(time.DateOnly)
	}
	for _, st := range p.Statements {
		answer.Permit = append(answer.Permit, json.RawMessage(st))
	}
	code := exitFine
	for _, f := range p.Left {
		code = exitDifferent
		o.streams.note("left: %s %s: %s", f.Severity, f.Code, report.Printable(f.Message))
	}
	return o.answer(code, answer, func(w io.Writer) error { return printPermission(w, answer) })
}

// fileOf reads and judges the key policy in a file.
func (c judge) policyFile(s subject, name string, in io.Reader) (inspect.View, error) {
	text, err := readFile(name, in)
	if err != nil {
		return inspect.View{}, fmt.Errorf("%s: %w", nameOf(name), err)
	}
	i := c.inspector(nil, place{}, false)
	v := i.File(s.key, s.labels, string(text))
	i.Judge(&v)
	return v, nil
}

// liveKey reads and judges one live key.
func (c judge) liveKey(ctx context.Context, keys keyReader, at place, id string) (inspect.View, error) {
	arn, err := keys.Resolve(ctx, id)
	if err != nil {
		return inspect.View{}, fmt.Errorf("%s: describing the key: %w", id, err)
	}
	key, err := rules.KeyOf(arn)
	if err != nil {
		return inspect.View{}, err
	}
	i := c.inspector(keys, at, false)
	v, err := i.Gather(ctx, inspect.Subject{Key: key, Trigger: guardrail.ByCommand})
	if err != nil {
		return v, fmt.Errorf("%s: %w", id, err)
	}
	i.Judge(&v)
	return v, nil
}

// printPermission prints the lines of guardrail.yaml. A statement in JSON is YAML, too.
func printPermission(w io.Writer, p permission) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# guardrail.yaml: add to the list permit of baseline %s\n", report.Printable(p.Baseline))
	b.WriteString("permit:\n")
	for _, st := range p.Permit {
		var line bytes.Buffer
		text := string(st)
		if p.Until != "" {
			text = `{"until":"` + p.Until + `",` + strings.TrimPrefix(strings.TrimSpace(text), "{")
		}
		if err := json.Compact(&line, []byte(text)); err != nil {
			return fmt.Errorf("writing a statement: %w", err)
		}
		b.WriteString("  - " + report.Printable(line.String()) + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}
