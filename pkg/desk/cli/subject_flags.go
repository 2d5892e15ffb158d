package cli

import (
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// subjectFlags name live keys, or say what one key is.
type subjectFlags struct {
	keyFlags
	place
	keyIDs        []string
	aliases, tags []string
}

// subjectManual is the part about these flags in the help of a command.
const subjectManual = `A live key is named with --key-id and read with your AWS credentials: its metadata,
aliases and tags (DescribeKey, ListAliases, ListResourceTags). Without --key-id, the flags
say what the key is; an alias or tag that is not given, it does not have. A rule for
organizational units needs --organizational-unit, the placeholder ${OrganizationId}
needs --organization-id, and integrations need the Region (--key-arn or --region).`

func (f *subjectFlags) add(cmd *cobra.Command) {
	f.addKey(cmd)
	flags := cmd.Flags()
	flags.StringArrayVar(&f.keyIDs, "key-id", nil, "`ID` of a live key: key id, key ARN, alias or alias ARN")
	flags.StringArrayVar(&f.aliases, "alias", nil, "`NAME` of an alias that the key has, such as alias/payments (repeatable)")
	flags.StringArrayVar(&f.tags, "tag", nil, "tag that the key has, as `KEY=VALUE` (repeatable)")
	f.place.add(cmd)
}

// add adds the flags of a place.
func (p *place) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.organization, "organization-id", "", "`ID` of the organization of the key's account")
	cmd.Flags().StringArrayVar(&p.units, "organizational-unit", nil, "`ID` of a unit or root above the key's account (repeatable)")
}

// The forms of the ids that Organizations makes.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
var (
	organizationForm = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	unitForm         = regexp.MustCompile(`^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$`)
)

// check refuses ids that no organization, unit or root has.
func (p *place) check() error {
	if p.organization != "" && !organizationForm.MatchString(p.organization) {
		return misuse("--organization-id: %q is not the id of an organization, such as o-a1b2c3d4e5", p.organization)
	}
	for _, unit := range p.units {
		if !unitForm.MatchString(unit) {
			return misuse("--organizational-unit: %q is not the id of a unit or root, such as ou-ab12-11111111 or r-ab12", unit)
		}
	}
	return nil
}

// ofOneKey are the flags that say what a key is. A live key says it itself.
var ofOneKey = []string{"account", "partition", "key-arn", "key-spec", "key-usage", "origin", "multi-region", "alias", "tag", "parameter"}

// checkLive refuses flags that contradict what a live key is.
func (f *subjectFlags) checkLive(cmd *cobra.Command) error {
	for _, name := range ofOneKey {
		if cmd.Flags().Changed(name) {
			return misuse("--%s says what a live key says itself; leave it out with --key-id", name)
		}
	}
	return f.check()
}

// ofLiveKeys are the flags that say how AWS is called. Nothing is called for a key that the
// flags describe.
var ofLiveKeys = []string{"profile", "endpoint-url"}

// refuseLive refuses flags that say how AWS is called.
func refuseLive(cmd *cobra.Command) error {
	for _, name := range ofLiveKeys {
		if cmd.Flags().Changed(name) {
			return misuse("--%s says how AWS is called, and without --key-id it is not called; leave it out", name)
		}
	}
	return nil
}

// described returns the key that the flags tell of.
func (f *subjectFlags) described(cmd *cobra.Command, region string) (subject, error) {
	if err := refuseLive(cmd); err != nil {
		return subject{}, err
	}
	key, err := f.key(cmd)
	if err != nil {
		return subject{}, err
	}
	return f.about(key, region)
}

// about returns a key with what the flags say beside its account.
func (f *subjectFlags) about(key policy.Key, region string) (subject, error) {
	s := subject{key: rules.Key{
		ARN: key.ARN, Account: key.Account, Partition: key.Partition, Region: region, Type: f.keyType(),
	}}
	if read, err := rules.KeyOf(key.ARN); err == nil { // the flag has checked it
		s.key.Region = read.Region
	}
	if err := s.key.Type.ValidateIn(key.Partition); err != nil {
		return s, withFlag(err)
	}
	if err := f.check(); err != nil {
		return s, err
	}
	f.put(&s.key)
	var err error
	s.labels, err = f.labels()
	return s, err
}

func (f *subjectFlags) labels() (rules.Labels, error) {
	l := rules.Labels{Aliases: append([]string{}, f.aliases...), Tags: map[string]string{}}
	for _, alias := range f.aliases {
		if !strings.HasPrefix(alias, "alias/") {
			return l, misuse("--alias %q does not start with alias/", alias)
		}
	}
	for _, tag := range f.tags {
		key, value, ok := strings.Cut(tag, "=")
		if _, twice := l.Tags[key]; !ok || key == "" || twice {
			return l, misuse("--tag %q is not a tag of its own; write KEY=VALUE", tag)
		}
		l.Tags[key] = value
	}
	return l, nil
}
