package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

func newDefault(o *options) *cobra.Command {
	var flags keyTypeFlags
	cmd := &cobra.Command{
		Use:   "default --account ID",
		Short: "Print the default key policy that AWS generates",
		Long: `default prints the key policy that AWS generates for a key of some type: the one of
CreateKey without a policy (api), or the one of the KMS console with its key
administrators and key users (console). The text is as AWS writes it, whatever
--output is; jsonl puts it on one line.`,
		Example: "  kmsguard default --account 111122223333\n" +
			"  kmsguard default --account 111122223333 --style console --key-spec HMAC_256 \\\n" +
			"    --admin arn:aws:iam::111122223333:role/KeyAdmin --user arn:aws:iam::111122223333:role/App",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if flags.account == "" {
				return misuse("--account is required: the id of the account that owns the key")
			}
			if err := flags.checkStyle(cmd); err != nil {
				return err
			}
			d, err := defaultpolicy.Generate(flags.keyType(), flags.options())
			if err != nil {
				return withFlag(err)
			}
			if o.output == jsonlOutput {
				return o.output.writeJSON(o.streams.out, json.RawMessage(d.Text()))
			}
			_, err = fmt.Fprintln(o.streams.out, d.Text())
			return err
		},
	}
	flags.add(cmd)
	return cmd
}

// ofConsole are the flags about what only the console default has. (Administrators and
// users are refused by name where the default is generated.)
var ofConsole = []string{"edition", "no-admin-delete", "undocumented-grants", "undocumented-rotation", "refuse-undocumented-use"}

// checkStyle refuses flags that change nothing in the default of the API.
func (f *keyTypeFlags) checkStyle(cmd *cobra.Command) error {
	if f.style != string(defaultpolicy.API) {
		return nil
	}
	for _, name := range ofConsole {
		if cmd.Flags().Changed(name) {
			return misuse("--%s is about the console default; the one of the API has no editions, administrators or users: add --style console", name)
		}
	}
	return nil
}
