package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

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

	baseline *rules.Baseline
	limits   rules.Limits
}

func newConfigExplain(o *options) *cobra.Command {
	var flags subjectFlags
	limits := false
	cmd := &cobra.Command{
		Use:   "explain --key-id ID|--account ID",
		Short: "Say which rule, baseline and exemption apply to a key, and why",
		Long: `explain says what guardrail.yaml means for a key: the rule, the baseline, the mode and the
exemption, with the reason for each. --limits and --output json add floor and ceiling, as
policies: what a key policy must and may allow. The key's own policy is not read.

` + configManual + `

` + subjectManual + `

The exit code is 3 where no baseline can be applied to the key.`,
		Example: "  kmsguard config explain --key-id alias/payments\n" +
			"  kmsguard config explain --account 111122223333 --region us-east-1 --alias alias/payments --limits",
		Args: noArguments, Annotations: readsConfiguration,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := o.configuration()
			if err != nil {
				return err
			}
			s, err := flags.one(cmd, o)
			if err != nil {
				return err
			}
			now := time.Now()
			e := explain(s, c, now)
			if o.output == textOutput {
				err = e.print(cmd.OutOrStdout(), limits)
			} else {
				err = o.output.writeJSON(cmd.OutOrStdout(), e)
			}
			if err != nil || e.Problem == "" {
				return err
			}
			tellMissingFlags(cmd.PrintErrf, s, c, now)
			return status(exitInconclusive)
		},
	}
	flags.add(cmd)
	cmd.Flags().BoolVar(&limits, "limits", false, "print floor and ceiling, too")
	return cmd
}

// one returns the one key that the flags name or tell of.
func (f *subjectFlags) one(cmd *cobra.Command, o *options) (subject, error) {
	switch len(f.keyIDs) {
	case 0:
		return f.described(cmd, o.aws.region)
	case 1:
	default:
		return subject{}, misuse(cmd, "expected one --key-id, got %d", len(f.keyIDs))
	}
	if err := f.checkLive(cmd); err != nil {
		return subject{}, err
	}
	reader, err := o.aws.keyReader(cmd.Context())
	if err != nil {
		return subject{}, err
	}
	s, err := f.live(cmd.Context(), reader, f.keyIDs[0])
	if err != nil {
		return s, fmt.Errorf("%s: %w", f.keyIDs[0], err)
	}
	return s, nil
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
	if selected.Exemption != nil {
		e.Exemption = selected.Exemption.Name
	}
	switch {
	case s.key.AWSManaged:
		e.Problem = "the key is managed by AWS, and its policy cannot be changed: it is not judged"
		return e
	case e.baseline == nil:
		e.Problem = "no baseline applies: " + selected.Why[len(selected.Why)-1]
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

func (e explanation) print(w io.Writer, limits bool) error {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		text := report.Printable(fmt.Sprintf(format, args...))
		b.WriteString(report.Wrap(fmt.Sprintf("%-9s  %s", label, text), report.Width, strings.Repeat(" ", 11)) + "\n")
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
