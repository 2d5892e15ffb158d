package cli

import (
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

func newConfigValidate(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "validate [FILE]",
		Short: "Check a configuration file",
		Long: `validate reads FILE, or the file of --config, or that of ` + app.EnvConfig + ` in the
environment, or guardrail.yaml or guardrail.yml in the working directory or the nearest
folder above it; "-" is standard input. It prints what the file says in short, or all of
its problems, each with file, line and column. Warnings, about exemptions that have no
effect, do not change the exit code.`,
		Example:     "  kmsguard config validate\n  kmsguard config validate guardrail.yaml --output json",
		Annotations: concerns(readsConfiguration),
		RunE: func(_ *cobra.Command, args []string) error {
			return validate(o, args)
		},
	}
}
