package cli

import (
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

func newReplay(o *options) *cobra.Command {
	return &cobra.Command{
		Use:   "replay EVENT...",
		Short: "Run the real handler on event files",
		Long: `replay gives each file, one EventBridge event or - for standard input, to the same
handler that runs in Lambda, with your AWS credentials, and prints one outcome per
event.

` + configManual + `
The other settings of the function are read from the environment:
  ` + app.EnvModeMax + `      report lowers every rule to report
  ` + app.EnvArchiveBucket + `          the bucket of the archive; a configuration that repairs needs it:
                          then replay writes key policies as the function would
  ` + app.EnvAccount + `       the only account whose keys are handled
  ` + app.EnvRole + `      the role that writes, for KMS's lockout check
  ` + app.EnvOrganizationID + `         of the account, for ${OrganizationId}
  ` + app.EnvOrganizationalUnits + `    comma-separated ids of the units above the account
A file that cannot be read, and an event that AWS gave no answer about, are errors
on standard error; the other events go on.`,
		Example: "  kmsguard replay events/put-key-policy-by-id.json\n" +
			"  " + app.EnvModeMax + "=report kmsguard replay --config guardrail.yaml --output jsonl event.json",
		Annotations: concerns(readsConfiguration, judges, callsAWS),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return misuse("expected at least one event file")
			}
			if err := onceStandardInput(args); err != nil {
				return err
			}
			return replay(cmd.Context(), o, args)
		},
	}
}
