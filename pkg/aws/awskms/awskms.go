// Package awskms reads and writes the keys of AWS KMS for the enforcer, and lists them for
// the sweep.
//
//	client := awskms.New(config, 6)
//	key, err := client.Describe(ctx, arn)       // DescribeKey
//	text, err := client.Policy(ctx, arn)        // GetKeyPolicy
//	err = client.PutPolicy(ctx, arn, planned)   // PutKeyPolicy
//
// Each call goes to the Region of the key's ARN. A [Client] never sets
// BypassPolicyLockoutSafetyCheck: there is no parameter for it. One place (errors.go) gives
// each error of KMS its class, which is one of the enforcer's.
package awskms

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// attempts is how often one call is tried. Few: what stays unanswered goes back
// to the queue, which waits better than a function that is paid for waiting.
const attempts = 3

// patientAttempts is the same for a client that waits itself.
const patientAttempts = 6

// policyName is the only name that a key policy can have.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html
const policyName = "default"

// throttled is the code of the one answer to PutKeyPolicy after which it is tried again. After
// any other (none, or a 5xx) it may have taken effect: another try would replace, unread, what
// somebody put since. https://docs.aws.amazon.com/kms/latest/developerguide/throttling.html
const throttled = "ThrottlingException"

// Client reads and writes key policies. It may be used by several goroutines.
type Client struct {
	api    *kms.Client
	writes *writeLimits
	// onWrite are the options of PutKeyPolicy.
	onWrite func(*kms.Options)
}

// New returns a client that calls as the configuration says (credentials,
// endpoint, HTTP client), each key in its own Region. concurrency is how many such
// clients may write at the same time; they share what KMS takes.
func New(config aws.Config, concurrency int) *Client {
	return newClient(config, concurrency, retry.NewStandard(func(r *retry.StandardOptions) { r.MaxAttempts = attempts }))
}

// NewPatient returns a client for one who reads many keys of one account and Region and can
// wait. While KMS throttles, all calls of the client slow down, and each is tried more often.
func NewPatient(config aws.Config) *Client {
	return newClient(config, 1, retry.NewAdaptiveMode(func(r *retry.AdaptiveModeOptions) {
		r.StandardOptions = append(r.StandardOptions, func(r *retry.StandardOptions) { r.MaxAttempts = patientAttempts })
	}))
}

func newClient(config aws.Config, concurrency int, reader aws.Retryer) *Client {
	writer := retry.NewStandard(func(r *retry.StandardOptions) {
		r.MaxAttempts = attempts
		r.Retryables = []retry.IsErrorRetryable{retry.RetryableErrorCode{Codes: map[string]struct{}{throttled: {}}}}
	})
	return &Client{
		onWrite: func(o *kms.Options) { o.Retryer = writer },
		api:     kms.NewFromConfig(config, func(o *kms.Options) { o.Retryer = reader }),
		writes:  newWriteLimits(concurrency),
	}
}

// Resolve returns the ARN of the key with an id, key ARN, alias name or alias ARN. Of a
// key ARN it is that, without a call; else it is one DescribeKey call's, in the Region of an
// ARN, or the configuration's. Errors are of the classes that [inspect.Keys] has.
func (c *Client) Resolve(ctx context.Context, id string) (string, error) {
	var region []func(*kms.Options)
	if parsed, err := arn.Parse(id); err == nil {
		if strings.HasPrefix(parsed.Resource, "key/") {
			return id, nil
		}
		region = append(region, func(o *kms.Options) { o.Region = parsed.Region })
	}
	out, err := c.api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id}, region...)
	if err != nil {
		return "", classify(err)
	}
	if out.KeyMetadata == nil || aws.ToString(out.KeyMetadata.Arn) == "" {
		return "", fmt.Errorf("%w: DescribeKey did not answer with the ARN of key %q", inspect.ErrRefused, id)
	}
	return *out.KeyMetadata.Arn, nil
}

// Describe implements [inspect.Keys] with one DescribeKey call. A usage that the answer
// leaves out, as servers that stand in for KMS do, is that of the spec where it has only one.
func (c *Client) Describe(ctx context.Context, keyARN string) (rules.Key, error) {
	parsed, region, err := inRegionOf(keyARN)
	if err != nil {
		return rules.Key{}, err
	}
	out, err := c.api.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &keyARN}, region)
	if err != nil {
		return rules.Key{}, classify(err)
	}
	m := out.KeyMetadata
	if m == nil || aws.ToString(m.Arn) != keyARN {
		return rules.Key{}, fmt.Errorf("%w: DescribeKey did not answer with key %s", inspect.ErrRefused, keyARN)
	}
	managed, err := awsManaged(m.KeyManager)
	if err != nil {
		return rules.Key{}, err
	}
	return rules.Key{
		ARN: keyARN, Account: parsed.AccountID, Region: parsed.Region, Partition: parsed.Partition,
		AWSManaged: managed, Created: aws.ToTime(m.CreationDate),
		Type: defaultpolicy.KeyType{
			Spec:        defaultpolicy.KeySpec(m.KeySpec),
			Usage:       defaultpolicy.KeyUsage(m.KeyUsage),
			Origin:      defaultpolicy.Origin(m.Origin),
			MultiRegion: multiRegion(m),
		}.WithImplied(),
	}, nil
}

// awsManaged tells who manages a key. Whether the policy of a key of an unknown
// manager can be changed is not known, so it is an error.
func awsManaged(manager types.KeyManagerType) (bool, error) {
	switch manager {
	case types.KeyManagerTypeAws:
		return true, nil
	case types.KeyManagerTypeCustomer:
		return false, nil
	default:
		return false, fmt.Errorf("%w: DescribeKey answered with the unknown key manager %q", inspect.ErrRefused, manager)
	}
}

// multiRegion reads a key's part in a multi-Region set. An unknown part stays as
// KMS spells it, so that the judgement refuses it.
func multiRegion(m *types.KeyMetadata) defaultpolicy.MultiRegion {
	if !aws.ToBool(m.MultiRegion) {
		return defaultpolicy.SingleRegion
	}
	if m.MultiRegionConfiguration == nil {
		return ""
	}
	switch part := m.MultiRegionConfiguration.MultiRegionKeyType; part {
	case types.MultiRegionKeyTypePrimary:
		return defaultpolicy.Primary
	case types.MultiRegionKeyTypeReplica:
		return defaultpolicy.Replica
	default:
		return defaultpolicy.MultiRegion(part)
	}
}

// Policy implements [inspect.Keys] with one GetKeyPolicy call.
func (c *Client) Policy(ctx context.Context, keyARN string) (string, error) {
	_, region, err := inRegionOf(keyARN)
	if err != nil {
		return "", err
	}
	out, err := c.api.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &keyARN, PolicyName: aws.String(policyName)}, region)
	if err != nil {
		return "", classify(err)
	}
	return aws.ToString(out.Policy), nil
}

// Aliases implements [inspect.Keys] with a ListAliases call for each hundred.
func (c *Client) Aliases(ctx context.Context, keyARN string) ([]string, error) {
	_, region, err := inRegionOf(keyARN)
	if err != nil {
		return nil, err
	}
	var names []string
	pages := kms.NewListAliasesPaginator(c.api, &kms.ListAliasesInput{KeyId: &keyARN, Limit: aws.Int32(aliasesPerPage)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, region)
		if err != nil {
			return nil, classify(err)
		}
		for _, alias := range page.Aliases {
			names = append(names, aws.ToString(alias.AliasName))
		}
	}
	return names, nil
}

// Tags implements [inspect.Keys] with a ListResourceTags call: a key has at most fifty.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html
func (c *Client) Tags(ctx context.Context, keyARN string) (map[string]string, error) {
	_, region, err := inRegionOf(keyARN)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	pages := kms.NewListResourceTagsPaginator(c.api, &kms.ListResourceTagsInput{KeyId: &keyARN, Limit: aws.Int32(50)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx, region)
		if err != nil {
			return nil, classify(err)
		}
		for _, tag := range page.Tags {
			tags[aws.ToString(tag.TagKey)] = aws.ToString(tag.TagValue)
		}
	}
	return tags, nil
}

// PutPolicy implements the enforcer's Keys with one PutKeyPolicy call, after a wait where
// too many came before it. The lockout safety check is on, as it is by default.
func (c *Client) PutPolicy(ctx context.Context, keyARN, policy string) error {
	parsed, region, err := inRegionOf(keyARN)
	if err != nil {
		return err
	}
	if err := c.writes.of(parsed.AccountID, parsed.Region).Wait(ctx); err != nil {
		return fmt.Errorf("waiting to write: %w", err)
	}
	_, err = c.api.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &keyARN, PolicyName: aws.String(policyName), Policy: &policy}, region, c.onWrite)
	return classify(err)
}

// inRegionOf returns the option that sends a call to the Region of a key: the
// event of a replica arrives in the Region of its primary.
func inRegionOf(keyARN string) (arn.ARN, func(*kms.Options), error) {
	parsed, err := arn.Parse(keyARN)
	if err != nil {
		return arn.ARN{}, nil, fmt.Errorf("%w: %q is not an ARN", inspect.ErrRefused, keyARN)
	}
	return parsed, func(o *kms.Options) { o.Region = parsed.Region }, nil
}
