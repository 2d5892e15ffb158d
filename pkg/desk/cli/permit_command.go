package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

func newPermit(o *options) *cobra.Command {
	var flags subjectFlags
	var until string
	cmd := &cobra.Command{
		Use:   "permit FILE|--key-id ID",
		Short: "Print the lines of guardrail.yaml that would permit what a key policy gives too much",
		Long: `permit prints the statements of a key policy that give too much, as lines for the key's baseline in
guardrail.yaml. It writes nothing. Before it prints, it judges the key again under them: none of the
statements is a finding any more. What is left, such as access that is missing, is named on stderr.

A baseline is for all keys of its rules, so that other keys may carry the statements as well. To excuse one
key, write an exemption with the codes or ids of its findings.

` + configManual + `

` + subjectManual + `

The exit code is 0 where lines were printed or nothing is to be permitted, and 1 where findings are left.`,
		Example: "  kmsguard permit --key-id alias/payments\n" +
			"  kmsguard permit --account 111122223333 --region us-east-1 --until 2027-01-31 policy.json",
		Annotations: concerns(readsConfiguration, judges, callsAWS),
		RunE: func(cmd *cobra.Command, args []string) error {
			end, err := untilDay(until)
			if err != nil {
				return err
			}
			c, file, err := o.configuration()
			if err != nil {
				return err
			}
			j := judge{c, time.Now()}
			v, err := flags.permitted(cmd, o, j, args)
			if err != nil {
				return err
			}
			return o.permit(j, file, v, end)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&until, "until", "", "last `DAY` on which it is permitted, such as 2027-01-31 (for good)")
	return cmd
}

// permitted returns the judged key that the flags and arguments name.
func (f *subjectFlags) permitted(cmd *cobra.Command, o *options, j judge, args []string) (inspect.View, error) {
	switch {
	case len(args)+len(f.keyIDs) != 1:
		return inspect.View{}, misuse("expected one file with a key policy, or one --key-id")
	case len(args) == 1:
		s, err := f.described(cmd, o.aws.region)
		if err != nil {
			return inspect.View{}, err
		}
		return j.policyFile(s, args[0], o.streams.in)
	}
	if err := f.checkLive(cmd); err != nil {
		return inspect.View{}, err
	}
	keys, err := o.aws.keyReader(cmd.Context())
	if err != nil {
		return inspect.View{}, err
	}
	return j.liveKey(cmd.Context(), keys, f.place, f.keyIDs[0])
}

// untilDay returns the end of a day, UTC; zero for "".
func untilDay(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	day, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return time.Time{}, misuse("--until: %q is not a day, such as 2027-01-31", text)
	}
	return day.AddDate(0, 0, 1), nil
}
