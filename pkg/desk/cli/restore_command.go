package cli

import (
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// restoreManual is the long help of restore.
const restoreManual = `restore puts the policy back that a key had before an archived repair, byte for byte. RECORD
is the id that history lists and outcomes carry; the key is the record's. It shows first what
would change, as diff does, and what guardrail.yaml says of the policy: name the deployed one,
since what the guardrail does not permit it repairs again. To keep such a policy, give the key an
exemption or a rule with mode: report before, or pause all repairs (kmsguard pause).

Without --yes nothing is written, unless somebody at a terminal answers y. Nothing is ever
written that would lock everybody out, or that KMS would refuse; KMS's own lockout check stays
on. The restore goes the way of a repair: the policy that it replaces is archived, the key is
claimed in its ledger, and the key's policy is read again directly before the write. One that was
changed in between ends the command; KMS has no write that depends on what is there, so that a
change at the same moment is lost. While a repair of the key is under way nothing is written.
Budget and hourly limits do not count a restore.

` + configManual + `

` + archiveManual + ` With your AWS
credentials it also calls DescribeKey, GetKeyPolicy, ListAliases, ListResourceTags, PutKeyPolicy
and, for the record, sts:GetCallerIdentity, and needs s3:PutObject on keys/*, records/* and
pending/* of the archive, and s3:DeleteObject on pending/*.

The exit code is 0 for restored, and for a key that has the policy already; 1 where nothing
was written because nobody confirmed it or the policy was changed meanwhile; 2 where the policy
cannot be put back, with the reason; 3 where it is not decided who could change it again.`

// restoreFlags are the flags of restore.
type restoreFlags struct {
	archive archiveFlags
	request restoreRequest
}

func newRestore(o *options) *cobra.Command {
	var flags restoreFlags
	cmd := &cobra.Command{
		Use:   "restore RECORD",
		Short: "Put the policy back that a key had before an archived repair",
		Long:  restoreManual,
		Example: "  kmsguard restore records/111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab/20261127T101500.123456Z-0123456789abcdef\n" +
			"  kmsguard restore --yes --config guardrail.yaml --archive my-archive records/111122223333/us-east-1/1234abcd-12ab-34cd-56ef-1234567890ab/20261127T101500.123456Z-0123456789abcdef",
		Annotations: concerns(readsConfiguration, judges, callsAWS),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("expected the id of one record, as kmsguard history lists it, got %d", len(args))
			}
			if err := flags.request.place.check(); err != nil {
				return err
			}
			checker, err := o.newChecker(nil, rules.Low)
			if err != nil {
				return err
			}
			keys, records, err := flags.archive.open(cmd.Context(), o)
			if err != nil {
				return err
			}
			r := restoring{request: flags.request, checker: checker, options: o, keys: keys, archive: records}
			return r.run(cmd.Context(), args[0])
		},
	}
	flags.archive.add(cmd)
	flags.request.place.add(cmd)
	cmd.Flags().BoolVar(&flags.request.yes, "yes", false, "write, without a question")
	cmd.Flags().StringVar(&flags.request.superseded, "superseded", "",
		"put back the policy with this `HASH` that somebody else put meanwhile, and the repair replaced (history --output json has them)")
	return cmd
}
