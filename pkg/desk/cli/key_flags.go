package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// keyFlags name a key and its type.
type keyFlags struct {
	keyTypeFlags
	keyARN string
}

func (f *keyFlags) addKey(cmd *cobra.Command) {
	f.addKeyType(cmd)
	cmd.Flags().Lookup("account").Usage = "`ID` of the account that owns the key (required, unless --key-arn says it)"
	cmd.Flags().StringVar(&f.keyARN, "key-arn", "", "`ARN` of the key that the policy is of")
}

// key returns the key that --key-arn names, or --account and --partition do.
func (f *keyFlags) key(cmd *cobra.Command) (policy.Key, error) {
	if f.keyARN == "" {
		if f.account == "" {
			return policy.Key{}, misuse("--account is required: the id of the account that owns the key; or --key-arn")
		}
		if !policy.IsAccountID(f.account) {
			return policy.Key{}, misuse("--account: %q is not an account id of twelve digits", f.account)
		}
		return policy.Key{Partition: f.partition, Account: f.account}, nil
	}
	key, err := policy.ParseKeyARN(f.keyARN)
	switch {
	case err != nil:
		return key, fmt.Errorf("--key-arn: %w", err)
	case f.account != "" && f.account != key.Account:
		return key, misuse("--account %q is not the account of --key-arn, %s", f.account, key.Account)
	case cmd.Flags().Changed("partition") && f.partition != key.Partition:
		return key, misuse("--partition %q is not the partition of --key-arn, %s", f.partition, key.Partition)
	}
	return key, nil
}
