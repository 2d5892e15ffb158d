package cli

import (
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// configFile is where the configuration is if nobody says.
const configFile = "guardrail.yaml"

// configPath returns the file of --config, else that of GUARDRAIL_CONFIG, else
// guardrail.yaml in the working directory; "" where none is there.
func (o *options) configPath() (string, error) {
	if path := o.getenv(app.EnvConfig); path != "" {
		return path, nil
	}
	switch _, err := os.Stat(configFile); {
	case err == nil:
		return configFile, nil
	case errors.Is(err, fs.ErrNotExist):
		return "", nil
	default: // it may be there, and must not be passed over
		return "", err
	}
}

// configuration reads the file that counts, or returns the default configuration where
// there is none.
func (o *options) configuration() (*rules.Configuration, error) {
	path, err := o.configPath()
	switch {
	case err != nil:
		return nil, err
	case path == "":
		return rules.DefaultConfiguration(), nil
	}
	return config.Load(path)
}

func newConfig(o *options) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "config",
		Short:   "Work with guardrail.yaml",
		Long:    "config works with guardrail.yaml, the file that says what is enforced.",
		Example: "  kmsguard config validate guardrail.yaml\n  kmsguard config explain --key-id alias/payments",
		RunE:    group, Args: cobra.ArbitraryArgs,
		SuggestionsMinimumDistance: 2,
	}
	cmd.AddCommand(newConfigValidate(o), newConfigExplain(o), newConfigSchema())
	return cmd
}

func newConfigSchema() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of guardrail.yaml, for editors",
		Long: `schema prints the JSON Schema of guardrail.yaml as this version reads it. An editor
with a YAML language server uses it if the first line of guardrail.yaml says
  # yaml-language-server: $schema=guardrail.schema.json`,
		Example: "  kmsguard config schema > guardrail.schema.json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := cmd.OutOrStdout().Write(config.Schema())
			return err
		},
	}
}
