package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/prevention"
)

// prevented is what prevent answers in JSON.
type prevented struct {
	Configuration used `json:"configuration"`
	prevention.Policies
}

// prevent prints the organization policies of the configuration, or one of them.
func prevent(o *options, args []string) error {
	which, err := onePolicy(args)
	if err != nil {
		return err
	}
	file, err := o.fileToValidate(nil)
	if err != nil {
		return err
	}
	c, err := config.Load(file)
	if err != nil {
		return err
	}
	policies, err := prevention.For(c)
	if err != nil {
		return fmt.Errorf("%s: %w", report.Printable(file), err)
	}
	for _, text := range policies.Refused {
		o.streams.note("kmsguard: note: %s", report.Printable(text))
	}
	answer := prevented{o.use(c, file), policies}
	if which == "" {
		return o.answer(exitFine, answer, func(w io.Writer) error {
			return printPolicies(w, o.style(), policies)
		})
	}
	policy := map[string]prevention.Policy{"scp": policies.Service, "rcp": policies.Resource}[which]
	for _, reason := range policy.Reasons {
		o.streams.note("kmsguard: note: %s", report.Printable(reason))
	}
	_, err = io.WriteString(o.streams.out, policy.Document.Text())
	return err
}

// onePolicy returns the policy that the command line names, "" for both.
func onePolicy(args []string) (string, error) {
	switch {
	case len(args) == 0:
		return "", nil
	case len(args) == 1 && (args[0] == "scp" || args[0] == "rcp"):
		return args[0], nil
	default:
		return "", misuse("expected scp or rcp, or nothing for both, got %q", args)
	}
}

// printPolicies prints both policies with the reasons of their statements.
func printPolicies(w io.Writer, style report.Style, p prevention.Policies) error {
	var b strings.Builder
	for _, one := range []struct {
		name   string
		policy prevention.Policy
	}{{"SERVICE CONTROL POLICY (scp)", p.Service}, {"RESOURCE CONTROL POLICY (rcp)", p.Resource}} {
		if b.Len() > 0 {
			b.WriteString("\n")
		}
		b.WriteString(one.name + "\n")
		for n, st := range one.policy.Document.Statement {
			b.WriteString(style.Wrap("  "+st.Sid+": "+one.policy.Reasons[n], "    ") + "\n")
		}
		b.WriteString(one.policy.Document.Text())
	}
	_, err := io.WriteString(w, b.String())
	return err
}
