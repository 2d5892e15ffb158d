package cli

import (
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

func newConfig(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Work with guardrail.yaml",
		Long:    "config works with guardrail.yaml, the file that says what is enforced.",
		Example: "  kmsguard config validate guardrail.yaml\n  kmsguard config explain --key-id alias/payments",
		RunE:    group, Args: cobra.ArbitraryArgs,
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newConfigValidate(o), newConfigExplain(o), newConfigPrevent(o), newConfigSchema(o))
	return cmd
}

func newConfigSchema(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of guardrail.yaml, for editors",
		Long: `schema prints the JSON Schema of guardrail.yaml as this version reads it. An editor
with a YAML language server uses it if the first line of guardrail.yaml says
  # yaml-language-server: $schema=guardrail.schema.json`,
		Example: "  kmsguard config schema > guardrail.schema.json",
		Args:    noArguments,
		RunE: func(*cobra.Command, []string) error {
			_, err := o.streams.out.Write(config.Schema())
			return err
		},
	}
}
