package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// explanation says what of a configuration applies to a key. Its JSON form is public.
type explanation struct {
	KeyARN  string   `json:"keyArn"`
	Account string   `json:"account"`
	Region  string   `json:"region"`
	KeyType string   `json:"keyType"`
	Aliases []string `json:"aliases"`
	// Rule is "default" where none matches; Baseline is "" where it is not decided which.
	Rule     string     `json:"rule"`
	Baseline string     `json:"baseline"`
	Mode     rules.Mode `json:"mode"`
	// Exemption names the one in force, "" for none.
	Exemption string `json:"exemption"`
	// Why has a line for each rule that was tried and each exemption that has to do with the key.
	Why []string `json:"why"`
	// Floor and Ceiling are what the policy must and may allow, as policies, and Reset what
	// strategy: reset would write; null where Problem says why there are none.
	Floor   json.RawMessage `json:"floor"`
	Ceiling json.RawMessage `json:"ceiling"`
	Reset   json.RawMessage `json:"reset"`
	Problem string          `json:"problem,omitempty"`
	// Configuration is the one that is explained.
	Configuration used `json:"configuration"`

	baseline *rules.Baseline
	limits   rules.Limits
}

// explainKey writes what the configuration means for a key.
func explainKey(o *options, s subject, limits bool) error {
	c, file, err := o.configuration()
	if err != nil {
		return err
	}
	now := time.Now()
	e, code := explain(s, c, now), exitFine
	e.Configuration = o.use(c, file)
	if e.Problem != "" {
		code = exitInconclusive
		noteMissingFlags(o.streams.note, s, c, now)
	}
	return o.answer(code, e, func(w io.Writer) error { return e.print(w, o.style(), limits) })
}

// explain says what applies to a key at a moment.
func explain(s subject, c *rules.Configuration, now time.Time) explanation {
	selected := c.Select(s.key, s.labels, now)
	e := explanation{
		KeyARN: s.key.ARN, Account: s.key.Account, Region: s.key.Region, KeyType: s.key.Type.String(),
		Aliases: append([]string{}, s.labels.Aliases...),
		Rule:    selected.RuleName(), Mode: selected.Mode, Why: append([]string{}, selected.Why...),
		baseline: selected.Baseline,
	}
	e.Exemption = selected.ExemptionNames()
	switch {
	case s.key.AWSManaged:
		e.Problem = "the key is managed by AWS, and its policy cannot be changed: it is not judged"
		return e
	case selected.IsUncertain():
		e.baseline = nil
		e.Problem = "only what is critical is judged, because it is not known which rule applies: " + selected.Doubt
		return e
	}
	e.Baseline = e.baseline.Name
	var err error
	if e.limits, err = e.baseline.Limits(s.key); err != nil {
		e.Problem = "baseline " + e.Baseline + " does not fit this key: " + err.Error()
		return e
	}
	reset, err := e.limits.ResetDocument()
	if err != nil {
		e.Problem = "baseline " + e.Baseline + " does not fit this key: " + err.Error()
		return e
	}
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }
	e.Floor, e.Ceiling, e.Reset = raw(e.limits.Floor.Format()), raw(e.limits.Ceiling.Format()), raw(reset.Text())
	return e
}

func (e explanation) print(w io.Writer, style report.Style, limits bool) error {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		text := report.Printable(fmt.Sprintf(format, args...))
		b.WriteString(style.Wrap(fmt.Sprintf("%-9s  %s", label, text), strings.Repeat(" ", 11)) + "\n")
	}
	name := e.KeyARN
	if name == "" {
		name = "a key of account " + e.Account
	}
	line("key", "%s", name)
	line("key type", "%s", e.KeyType)
	line("rule", "%s", e.Rule)
	if e.baseline != nil {
		line("baseline", "%s: style %s, match %s", e.Baseline, e.baseline.Style, e.baseline.Match)
	}
	line("mode", "%s", e.Mode)
	line("exemption", "%s", either(e.Exemption, "none"))
	for i, why := range e.Why {
		label := ""
		if i == 0 {
			label = "why"
		}
		line(label, "%s", why)
	}
	if e.Problem != "" {
		line("problem", "%s", e.Problem)
	}
	if limits && e.Problem == "" {
		for _, part := range []struct {
			title string
			s     policy.Set
		}{{"floor: what the policy must allow", e.limits.Floor}, {"ceiling: what it may allow", e.limits.Ceiling}} {
			b.WriteString("\n" + part.title + "\n" + string(report.PrintableJSON([]byte(part.s.Format()))) + "\n")
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
