package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

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
		Args: noArguments, Annotations: concerns(readsConfiguration, judges, callsAWS),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := flags.one(cmd, o)
			if err != nil {
				return err
			}
			return explainKey(o, s, limits)
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
		return subject{}, misuse("expected one --key-id, got %d", len(f.keyIDs))
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
