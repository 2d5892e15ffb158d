package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

func newVersion(o *options) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print build data",
		Example: "  kmsguard version --output json",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.output == textOutput {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "kmsguard %s %s %s/%s\n", app.Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			}
			return o.output.writeJSON(cmd.OutOrStdout(), map[string]string{
				"version": app.Version, "go": runtime.Version(), "platform": runtime.GOOS + "/" + runtime.GOARCH,
			})
		},
	}
}
