package cli

import (
	"fmt"
	"io"

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
	return printDocument(o.streams.out, policy.Document)
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
	for i, one := range []struct {
		name   string
		policy prevention.Policy
	}{{"SERVICE CONTROL POLICY (scp)", p.Service}, {"RESOURCE CONTROL POLICY (rcp)", p.Resource}} {
		text := one.name + "\n"
		if i > 0 {
			text = "\n" + text
		}
		for n, st := range one.policy.Document.Statement {
			text += style.Wrap("  "+st.Sid+": "+one.policy.Reasons[n], "    ") + "\n"
		}
		if _, err := io.WriteString(w, text); err != nil {
			return err
		}
		if err := printDocument(w, one.policy.Document); err != nil {
			return err
		}
	}
	return nil
}

func printDocument(w io.Writer, d prevention.Document) error {
	text, err := d.Text()
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, text)
	return err
}
