package cli

import (
	"fmt"
	"io"
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
		RunE: func(*cobra.Command, []string) error {
			platform := runtime.GOOS + "/" + runtime.GOARCH
			data := map[string]string{"version": app.Version, "go": runtime.Version(), "platform": platform}
			return o.answer(exitFine, data, func(w io.Writer) error {
				_, err := fmt.Fprintf(w, "kmsguard %s %s %s\n", app.Version, runtime.Version(), platform)
				return err
			})
		},
	}
}
