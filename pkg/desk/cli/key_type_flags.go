package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

// keyTypeFlags name a key type and a generated default.
type keyTypeFlags struct {
	style, spec, usage, origin, multiRegion string
	account, partition, edition             string
	administrators, users                   []string
	noAdministratorDelete                   bool
	grants, rotation                        string
	refuseUndocumentedUse                   bool
}

func (f *keyTypeFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.addKeyType(cmd)
	flags.StringVar(&f.style, "style", string(defaultpolicy.API), "`STYLE` of the default: api or console")
	flags.StringArrayVar(&f.administrators, "admin", nil, "`ARN` of a key administrator (repeatable; console)")
	flags.StringArrayVar(&f.users, "user", nil, "`ARN` of a key user, or another account's id (repeatable; console)")
	flags.BoolVar(&f.noAdministratorDelete, "no-admin-delete", false, "key administrators may not delete the key (console)")
	flags.StringVar(&f.edition, "edition", string(defaultpolicy.Latest), "`EDITION` of the console default: "+strings.Join(editionNames(), ", "))
	flags.StringVar(&f.grants, "undocumented-grants", "", "`CHOICE` where AWS does not document the grants statement: include or omit (HMAC keys omit, asymmetric ones include)")
	flags.StringVar(&f.rotation, "undocumented-rotation", "", "`CHOICE` where AWS does not document kms:RotateKeyOnDemand: include or omit (symmetric keys include, others omit)")
	flags.BoolVar(&f.refuseUndocumentedUse, "refuse-undocumented-use", false, "refuse users of ML-KEM keys, whose actions AWS does not document")

	complete(cmd, "style", defaultpolicy.API, defaultpolicy.Console)
	complete(cmd, "edition", editionNames()...)
	completeChoices(cmd)
}

// addKeyType adds the flags that name a key type and its account.
func (f *keyTypeFlags) addKeyType(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.account, "account", "", "`ID` of the account that owns the key (required)")
	flags.StringVar(&f.partition, "partition", "aws", "`PARTITION` of the key's ARN: aws, aws-cn, aws-us-gov, ...")
	flags.StringVar(&f.spec, "key-spec", string(defaultpolicy.SymmetricDefault), "key `SPEC`, as KMS spells it")
	flags.StringVar(&f.usage, "key-usage", "", "key `USAGE`, as KMS spells it (implied where the key spec allows one)")
	flags.StringVar(&f.origin, "origin", string(defaultpolicy.AWSKMS), "`ORIGIN` of the key material, as KMS spells it")
	flags.StringVar(&f.multiRegion, "multi-region", string(defaultpolicy.SingleRegion), "`PART` in a set of multi-Region keys: none, primary or replica")

	complete(cmd, "partition", defaultpolicy.Partitions()...)
	complete(cmd, "key-spec", defaultpolicy.KeySpecs()...)
	complete(cmd, "key-usage", defaultpolicy.KeyUsages()...)
	complete(cmd, "origin", defaultpolicy.Origins()...)
	complete(cmd, "multi-region", defaultpolicy.MultiRegions()...)
}

func completeChoices(cmd *cobra.Command) {
	complete(cmd, "undocumented-grants", defaultpolicy.Include, defaultpolicy.Omit)
	complete(cmd, "undocumented-rotation", defaultpolicy.Include, defaultpolicy.Omit)
}

func editionNames() []string {
	names := []string{string(defaultpolicy.Latest)}
	for _, e := range defaultpolicy.Editions() {
		names = append(names, string(e.Name))
	}
	return names
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
		UndocumentedGrants: defaultpolicy.Choice(f.grants), UndocumentedRotation: defaultpolicy.Choice(f.rotation),
		RefuseUndocumentedUse: f.refuseUndocumentedUse,
	}
}

// flagOf names the flag that an error is about. An error that is about several,
// such as a combination, has none.
var flagOf = map[defaultpolicy.ErrorCode]string{
	defaultpolicy.UnknownKeySpec:       "--key-spec",
	defaultpolicy.UnknownKeyUsage:      "--key-usage",
	defaultpolicy.UnknownOrigin:        "--origin",
	defaultpolicy.UnknownMultiRegion:   "--multi-region",
	defaultpolicy.UnknownPartition:     "--partition",
	defaultpolicy.NotInPartition:       "--partition",
	defaultpolicy.InvalidAccount:       "--account",
	defaultpolicy.UnknownStyle:         "--style",
	defaultpolicy.UnknownEdition:       "--edition",
	defaultpolicy.EditionBeforeKeyType: "--edition",
	defaultpolicy.InvalidAdministrator: "--admin",
	defaultpolicy.InvalidUser:          "--user",
	defaultpolicy.UndocumentedUse:      "--refuse-undocumented-use",
}

func withFlag(err error) error {
	var problem *defaultpolicy.Error
	if errors.As(err, &problem) && flagOf[problem.Code] != "" {
		return fmt.Errorf("%s: %w", flagOf[problem.Code], err)
	}
	return err
}
