package cli

import (
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// identifyManual is the long help of identify.
const identifyManual = `identify tells whether a policy file is a default that AWS generates for a key of some
type, and if so which: the one of CreateKey without a policy (api), or the one of the
KMS console (console) in any of its editions, for which key administrators and key
users. It goes by what the policy allows: order, spelling, Sids and statements without
effect make no difference. A file named - is standard input.

Where AWS does not document a point, both forms count. A deleted administrator or user
(AIDA..., AROA...) is nobody, and is named. If the policy is none of the defaults, the
nearest one is named, with the differences as diff prints them.

Without --key-arn, a Resource other than "*" is not decided. The exit code is 0 for a
generated default, 1 for none, 3 where that is not decided, 2 for bad input.`

// anything is the value of --style and --edition that narrows nothing.
const anything = "any"

// identifyFlags name a key, its type, and what counts as a default.
type identifyFlags struct{ keyFlags }

func (f *identifyFlags) add(cmd *cobra.Command) {
	f.addKey(cmd)
	flags := cmd.Flags()
	flags.StringVar(&f.style, "style", anything, "only this `STYLE` of the default: any, api or console")
	flags.StringVar(&f.edition, "edition", anything, "only this `EDITION` of the console default, such as latest or 2017-02")
	flags.StringVar(&f.grants, "undocumented-grants", "", "only this `CHOICE` where AWS does not document the grants statement: include or omit")
	flags.StringVar(&f.rotation, "undocumented-rotation", "", "only this `CHOICE` where AWS does not document kms:RotateKeyOnDemand: include or omit")
	flags.BoolVar(&f.refuseUndocumentedUse, "refuse-undocumented-use", false, "do not decide about users of ML-KEM keys, whose actions AWS does not document")

	complete(cmd, "style", anything, string(defaultpolicy.API), string(defaultpolicy.Console))
	complete(cmd, "edition", append([]string{anything}, editionNames()...)...)
	completeChoices(cmd)
}

// options returns what counts as a default.
func (f *identifyFlags) options() recognition.Options {
	o := recognition.Options{
		UndocumentedGrants: defaultpolicy.Choice(f.grants), UndocumentedRotation: defaultpolicy.Choice(f.rotation),
		RefuseUndocumentedUse: f.refuseUndocumentedUse,
	}
	if f.style != anything {
		o.Style = defaultpolicy.Style(f.style)
	}
	if f.edition != anything {
		o.Edition = defaultpolicy.Edition(f.edition)
	}
	return o
}

func newIdentify(o *options) *cobra.Command {
	var flags identifyFlags
	cmd := &cobra.Command{
		Use:   "identify --account ID FILE",
		Short: "Tell whether a key policy is a default that AWS generates",
		Long:  identifyManual,
		Example: "  kmsguard identify --account 111122223333 policy.json\n" +
			"  kmsguard identify --key-arn arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab \\\n" +
			"    --key-spec RSA_2048 --key-usage SIGN_VERIFY --output json policy.json",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return misuse("expected one policy file, got %d", len(args))
			}
			key, err := flags.key(cmd)
			if err != nil {
				return err
			}
			return identifyFile(o, key, flags.keyType(), flags.options(), args[0])
		},
	}
	flags.add(cmd)
	return cmd
}
