package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// keyTypeFlags name a key type and a generated default.
type keyTypeFlags struct {
	style, spec, usage, origin, multiRegion string
	account, partition, edition             string
	administrators, users                   []string
	noAdministratorDelete                   bool
}

func (f *keyTypeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.style, "style", string(defaultpolicy.API), "which default: api or console")
	flags.StringVar(&f.spec, "key-spec", string(defaultpolicy.SymmetricDefault), "key spec")
	flags.StringVar(&f.usage, "key-usage", "", "key usage (implied where the key spec allows one)")
	flags.StringVar(&f.origin, "origin", string(defaultpolicy.AWSKMS), "origin of the key material")
	flags.StringVar(&f.multiRegion, "multi-region", string(defaultpolicy.SingleRegion), "none, primary or replica")
	flags.StringVar(&f.account, "account", "", "id of the account that owns the key (required)")
	flags.StringVar(&f.partition, "partition", "aws", "aws, aws-cn or aws-us-gov")
	flags.StringArrayVar(&f.administrators, "admin", nil, "ARN of a key administrator (repeatable; console)")
	flags.StringArrayVar(&f.users, "user", nil, "ARN of a key user, or another account's id (repeatable; console)")
	flags.BoolVar(&f.noAdministratorDelete, "no-admin-delete", false, "key administrators may not delete the key (console)")
	flags.StringVar(&f.edition, "edition", string(defaultpolicy.Latest), "edition of the console default")
}

// keyType returns the key type that the flags name. The usage may be left out
// where the spec implies it.
func (f *keyTypeFlags) keyType() defaultpolicy.KeyType {
	return defaultpolicy.KeyType{
		Spec: defaultpolicy.KeySpec(f.spec), Usage: defaultpolicy.KeyUsage(f.usage),
		Origin: defaultpolicy.Origin(f.origin), MultiRegion: defaultpolicy.MultiRegion(f.multiRegion),
	}.WithDefaults()
}

func (f *keyTypeFlags) options() defaultpolicy.Options {
	return defaultpolicy.Options{
		Style: defaultpolicy.Style(f.style), Account: f.account, Partition: f.partition,
		Administrators: f.administrators, Users: f.users,
		NoAdministratorDelete: f.noAdministratorDelete, Edition: defaultpolicy.Edition(f.edition),
	}
}

func newDefault(o *options) *cobra.Command {
	var flags keyTypeFlags
	cmd := &cobra.Command{
		Use:   "default --account ID",
		Short: "Print the default key policy that AWS generates",
		Long: `default prints the key policy that AWS generates for a key of some type: the one of
CreateKey without a policy (api), or the one of the KMS console with its key
administrators and key users (console).`,
		Example: "  kmsguard default --account 111122223333\n" +
			"  kmsguard default --account 111122223333 --style console --key-spec HMAC_256 \\\n" +
			"    --admin arn:aws:iam::111122223333:role/KeyAdmin --user arn:aws:iam::111122223333:role/App",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := defaultpolicy.Generate(flags.keyType(), flags.options())
			if err != nil {
				return err
			}
			return writePolicy(cmd, o, d)
		},
	}
	flags.add(cmd)
	_ = cmd.MarkFlagRequired("account") // the flag is there
	return cmd
}

// writePolicy writes a policy as its text, which is JSON in every output but jsonl.
func writePolicy(cmd *cobra.Command, o *options, d *policy.Document) error {
	if o.output == jsonlOutput {
		return o.output.writeJSON(cmd.OutOrStdout(), rawJSON(d.Text()))
	}
	_, err := fmt.Fprintln(cmd.OutOrStdout(), d.Text())
	return err
}

// rawJSON is text that is JSON already.
type rawJSON string

// MarshalJSON returns the text.
func (r rawJSON) MarshalJSON() ([]byte, error) { return []byte(r), nil }
