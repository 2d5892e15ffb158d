package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
)

// switchManual is what the long helps of pause and resume say of the kill switch.
const switchManual = `The kill switch is an SSM parameter in the Region of the deployment. The function reads it every
minute, so that a change counts after a minute at the latest. People are told of it by the topic of
findings. It can only lower: keys whose rule has mode: report are not repaired by resume.

The AWS credentials need ssm:GetParameter and ssm:PutParameter on the parameter.`

func newPause(o *options) *cobra.Command {
	var f switchFlags
	cmd := &cobra.Command{
		Use:   "pause --why REASON",
		Short: "Pause all repairs: the kill switch",
		Long: `pause lets the guardrail only report, for all keys of the account and Region that it guards, until
resume or for a time.

` + switchManual,
		Example: "  kmsguard pause --for 4h --why \"migration of payments, ticket 4711\"\n  kmsguard pause --why \"it removes access of the batch jobs\"",
		Args:    noArguments, Annotations: concerns(callsAWS),
		RunE: func(cmd *cobra.Command, _ []string) error { return pauseAll(cmd.Context(), o, f) },
	}
	f.add(cmd)
	cmd.Flags().DurationVar(&f.span, "for", 0, "how long, such as 4h or 30m, at most 720h (until resume)")
	return cmd
}

func newResume(o *options) *cobra.Command {
	var f switchFlags
	cmd := &cobra.Command{
		Use:   "resume",
		Short: "Let repairs go on after a pause",
		Long: `resume ends a pause of all repairs. What became bad in the meantime is repaired by the next event of
the key, or by the next sweep where the configuration lets a sweep repair.

` + switchManual,
		Example: "  kmsguard resume --why \"the migration is done\"",
		Args:    noArguments, Annotations: concerns(callsAWS),
		RunE: func(cmd *cobra.Command, _ []string) error { return resumeAll(cmd.Context(), o, f) },
	}
	f.add(cmd)
	return cmd
}

// switchFlags are the flags of pause and resume.
type switchFlags struct {
	parameter, why string
	span           time.Duration
}

func (f *switchFlags) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.parameter, "parameter", app.DefaultModeParameter, "`NAME` of the SSM parameter of the kill switch")
	cmd.Flags().StringVar(&f.why, "why", "", "`REASON`, which people are told")
}
