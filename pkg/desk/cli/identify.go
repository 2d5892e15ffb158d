package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
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
				return misuse(cmd, "expected one policy file, got %d", len(args))
			}
			return identifyFile(cmd, o, &flags, args[0])
		},
	}
	flags.add(cmd)
	return cmd
}

func identifyFile(cmd *cobra.Command, o *options, flags *identifyFlags, file string) error {
	key, err := flags.key(cmd)
	if err != nil {
		return err
	}
	d, err := readPolicy(file, cmd.InOrStdin())
	if err != nil {
		return err
	}
	result, err := recognition.Identify(key, flags.keyType(), d.Set, flags.options())
	if err != nil {
		return withFlag(err)
	}
	found := identified{Result: result, keyType: flags.keyType(), options: flags.options(), comparison: comparisonWithNearest(key, d, result)}
	if o.output == textOutput {
		err = found.write(cmd.OutOrStdout(), report.Policy{Name: nameOf(file), Document: d})
	} else {
		err = o.output.writeJSON(cmd.OutOrStdout(), found.public())
	}
	if err != nil {
		return err
	}
	return status(found.code())
}

// identified is a result with what it is about.
type identified struct {
	recognition.Result
	keyType    defaultpolicy.KeyType
	options    recognition.Options
	comparison *report.Result // with the nearest default; nil where there is none
}

// comparisonWithNearest adds what lint finds in the policy; a generated default has nothing.
func comparisonWithNearest(key policy.Key, d *policy.Document, r recognition.Result) *report.Result {
	if r.Nearest == nil {
		return nil
	}
	result := &report.Result{Result: r.Comparison, Lint: []report.Lint{}}
	for _, f := range lint.Check(key, d) {
		result.Lint = append(result.Lint, report.Lint{Policy: access.Actual, Finding: f})
	}
	return result
}

func (i identified) code() int {
	switch i.Verdict {
	case recognition.Default:
		return exitFine
	case recognition.NotDefault:
		return exitDifferent
	default:
		return exitInconclusive
	}
}

// The public JSON of identify. The first of the forms is the answer; the others allow the
// same to these principals.
type (
	identifiedJSON struct {
		Verdict        recognition.Verdict `json:"verdict"`
		KeyType        string              `json:"keyType"` // as in outcomes
		Forms          []formJSON          `json:"forms"`
		DeadPrincipals []string            `json:"deadPrincipals"`
		Nearest        *formJSON           `json:"nearest,omitempty"`
		Comparison     *report.Result      `json:"comparison,omitempty"`
		Reason         recognition.Reason  `json:"reason,omitempty"`
		Detail         string              `json:"detail,omitempty"`
	}
	formJSON struct {
		Style                   defaultpolicy.Style   `json:"style"`
		Edition                 defaultpolicy.Edition `json:"edition,omitempty"`
		Administrators          []string              `json:"administrators"`
		Users                   []string              `json:"users"`
		AdministratorsMayDelete bool                  `json:"administratorsMayDelete"`
		Rotation                bool                  `json:"rotateOnDemand"`
		Grants                  bool                  `json:"grantsStatement"`
		Policy                  json.RawMessage       `json:"policy"`
	}
)

func (i identified) public() identifiedJSON {
	found := identifiedJSON{
		Verdict: i.Verdict, KeyType: i.keyType.String(), Forms: []formJSON{}, DeadPrincipals: i.DeadPrincipals,
		Comparison: i.comparison, Reason: i.Reason, Detail: i.Detail,
	}
	for _, f := range i.Forms {
		found.Forms = append(found.Forms, publicForm(f))
	}
	if i.Nearest != nil {
		nearest := publicForm(*i.Nearest)
		found.Nearest = &nearest
	}
	return found
}

func publicForm(f recognition.Form) formJSON {
	return formJSON{
		Style: f.Style, Edition: f.Edition,
		Administrators: append([]string{}, f.Administrators...), Users: append([]string{}, f.Users...), // never null
		AdministratorsMayDelete: f.AdministratorsMayDelete, Rotation: f.Rotation, Grants: f.Grants,
		Policy: json.RawMessage(f.Document.Text()),
	}
}
