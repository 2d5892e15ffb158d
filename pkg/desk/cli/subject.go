package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// subject is a key to judge or to explain: what decides about its rule and baseline.
type subject struct {
	key    rules.Key
	labels rules.Labels
}

// subjectFlags name live keys, or say what one key is.
type subjectFlags struct {
	keyFlags
	keyIDs        []string
	aliases, tags []string
	organization  string
	units         []string
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
	f.addPlace(cmd)
}

// addPlace adds the flags that say what no call to AWS KMS tells.
func (f *subjectFlags) addPlace(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.organization, "organization-id", "", "`ID` of the organization of the key's account")
	cmd.Flags().StringArrayVar(&f.units, "organizational-unit", nil, "`ID` of a unit or root above the key's account (repeatable)")
}

// The forms of the ids that Organizations makes.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
var (
	organizationForm = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	unitForm         = regexp.MustCompile(`^(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}|r-[0-9a-z]{4,32})$`)
)

// checkPlace refuses ids that no organization, unit or root has.
func (f *subjectFlags) checkPlace(cmd *cobra.Command) error {
	if f.organization != "" && !organizationForm.MatchString(f.organization) {
		return misuse(cmd, "--organization-id: %q is not the id of an organization, such as o-a1b2c3d4e5", f.organization)
	}
	for _, unit := range f.units {
		if !unitForm.MatchString(unit) {
			return misuse(cmd, "--organizational-unit: %q is not the id of a unit or root, such as ou-ab12-11111111 or r-ab12", unit)
		}
	}
	return nil
}

// ofOneKey are the flags that say what a key is. A live key says it itself.
var ofOneKey = []string{"account", "partition", "key-arn", "key-spec", "key-usage", "origin", "multi-region", "alias", "tag"}

// checkLive refuses flags that contradict what a live key is.
func (f *subjectFlags) checkLive(cmd *cobra.Command) error {
	for _, name := range ofOneKey {
		if cmd.Flags().Changed(name) {
			return misuse(cmd, "--%s says what a live key says itself; leave it out with --key-id", name)
		}
	}
	return f.checkPlace(cmd)
}

// described returns the key that the flags tell of.
func (f *subjectFlags) described(cmd *cobra.Command, region string) (subject, error) {
	key, err := f.key(cmd)
	if err != nil {
		return subject{}, err
	}
	s := subject{key: rules.Key{
		ARN: key.ARN, Account: key.Account, Partition: key.Partition, Region: region, Type: f.keyType(),
	}}
	if key.ARN != "" {
		s.key.Region = strings.Split(key.ARN, ":")[3]
	}
	if err := s.key.Type.ValidateIn(key.Partition); err != nil {
		return s, withFlag(err)
	}
	if err := f.checkPlace(cmd); err != nil {
		return s, err
	}
	f.place(&s)
	s.labels, err = f.labels(cmd)
	return s, err
}

// place adds what no call to AWS KMS tells.
func (f *subjectFlags) place(s *subject) {
	s.key.OrganizationID, s.key.OrganizationalUnits = f.organization, f.units
}

func (f *subjectFlags) labels(cmd *cobra.Command) (rules.Labels, error) {
	l := rules.Labels{Aliases: append([]string{}, f.aliases...), Tags: map[string]string{}}
	for _, alias := range f.aliases {
		if !strings.HasPrefix(alias, "alias/") {
			return l, misuse(cmd, "--alias %q does not start with alias/", alias)
		}
	}
	for _, tag := range f.tags {
		key, value, ok := strings.Cut(tag, "=")
		if _, twice := l.Tags[key]; !ok || key == "" || twice {
			return l, misuse(cmd, "--tag %q is not a tag of its own; write KEY=VALUE", tag)
		}
		l.Tags[key] = value
	}
	return l, nil
}

// keyReader is what of AWS KMS these commands call. It cannot write.
type keyReader interface {
	Resolve(ctx context.Context, id string) (string, error)
	Describe(ctx context.Context, arn string) (rules.Key, error)
	Policy(ctx context.Context, arn string) (string, error)
	Aliases(ctx context.Context, arn string) ([]string, error)
	Tags(ctx context.Context, arn string) (map[string]string, error)
}

func (f *awsFlags) keyReader(ctx context.Context) (keyReader, error) {
	aws, err := config.LoadDefaultConfig(ctx, f.options()...)
	if err != nil {
		return nil, fmt.Errorf("loading the AWS configuration: %w", err)
	}
	return awskms.New(aws, 1), nil
}

// live reads a key. Aliases and tags that may not be read stay unknown.
func (f *subjectFlags) live(ctx context.Context, keys keyReader, id string) (subject, error) {
	arn, err := keys.Resolve(ctx, id)
	if err != nil {
		return subject{}, fmt.Errorf("describing the key: %w", err)
	}
	var s subject
	if s.key, err = keys.Describe(ctx, arn); err != nil {
		return s, fmt.Errorf("describing the key: %w", err)
	}
	f.place(&s)
	if s.labels.Aliases, err = keys.Aliases(ctx, arn); err == nil {
		s.labels.Aliases = append([]string{}, s.labels.Aliases...) // read, so not nil
	} else if !errors.Is(err, enforcer.ErrAccessDenied) {
		return s, fmt.Errorf("listing the key's aliases: %w", err)
	}
	if s.labels.Tags, err = keys.Tags(ctx, arn); err != nil && !errors.Is(err, enforcer.ErrAccessDenied) {
		return s, fmt.Errorf("listing the key's tags: %w", err)
	}
	return s, nil
}
