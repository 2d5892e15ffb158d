package cli

import "github.com/spf13/cobra"

// historyManual is the long help of history.
const historyManual = `history lists the archived repairs of a key, newest first: when, what became of it, what was
found, who made the call that was repaired, and the id of the record, which restore takes.
  written    the repair's policy was put on the key
  abandoned  nothing was written, and why; after write-not-confirmed, whether it was is not known
  open       an invocation is at work, or was interrupted
  unnamed    no ledger names the record: nothing was written by it, or it is older than the last 500
A restore is listed as a repair is, with who asked for it as the actor.
--output json and jsonl have the policies, too: policyBefore is what restore puts back, and
superseded has those of other writers that the repair replaced unseen.

A key that is named by its ARN need not exist any more; KMS is not called then. ` + archiveManual + `

The exit code is 2 where a record cannot be read; the others are printed all the same.`

// defaultLimit is how many repairs are listed if nobody says.
const defaultLimit = 20

func newHistory(o *options) *cobra.Command {
	var flags archiveFlags
	var keyID string
	limit := defaultLimit
	cmd := &cobra.Command{
		Use:   "history --key-id ID",
		Short: "List the archived repairs of a key",
		Long:  historyManual,
		Example: "  kmsguard history --key-id alias/payments --archive my-archive\n" +
			"  kmsguard history --key-id alias/payments --limit 1 --output jsonl | jq -r .policyBefore",
		Args: noArguments, Annotations: concerns(callsAWS),
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case keyID == "":
				return misuse("--key-id is required: the key id, key ARN, alias or alias ARN of the key")
			case limit < 1:
				return misuse("--limit %d lists nothing; it is a number from 1", limit)
			}
			keys, records, err := flags.open(cmd.Context(), o)
			if err != nil {
				return err
			}
			return history(cmd.Context(), o, keys, records, keyID, limit)
		},
	}
	flags.add(cmd)
	cmd.Flags().StringVar(&keyID, "key-id", "", "`ID` of the key: key id, key ARN, alias or alias ARN")
	cmd.Flags().IntVar(&limit, "limit", limit, "most repairs that are listed, the newest `N`")
	return cmd
}
