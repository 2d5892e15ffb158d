package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// story is one key of the demo: how it is made, what happens to it, and what the
// guardrail is expected to do.
type story struct {
	name    string
	keyType defaultpolicy.KeyType
	inChina bool // SM2 keys exist there only
	// plain: made without a policy, as by the API, in place of the console default.
	plain bool
	// tags are those that CloudFormation puts on the key, which it makes then.
	tags  map[string]string
	alias string
	// drift returns the policy that somebody puts on the key later; nil for none.
	drift func(w *world, p *place, generated string) string
	// bypass: that somebody also sets the lockout-check bypass.
	bypass bool
	// What the guardrail is expected to say and do. severity is that of the worst finding,
	// "" for none.
	verdict  guardrail.Verdict
	severity rules.Severity
	action   guardrail.Action

	arn           string
	before, after string // the policy that somebody put on the key, and the one after its repair
	outcomes      []guardrail.Outcome
}

// answer is the outcome that tells the story: the first of those with the worst findings.
func (s *story) answer() guardrail.Outcome {
	var worst guardrail.Outcome
	for i, o := range s.outcomes {
		if i == 0 || !worst.Severity.AtLeast(o.Severity) {
			worst = o
		}
	}
	return worst
}

// generated returns the console default for the key.
func (s *story) generated(p *place) string {
	d, err := defaultpolicy.Generate(s.keyType, defaultpolicy.Options{
		Style: defaultpolicy.Console, Account: p.account, Partition: p.partition,
		Administrators: []string{p.arn(keyAdmin)}, Users: []string{p.arn(appRole)},
	})
	if err != nil {
		panic("demo: " + err.Error()) // the table of stories has a key type that does not exist
	}
	return d.Text()
}

// create makes the key, a replica from a primary of its own.
func (s *story) create(ctx context.Context, api *kms.Client, w *world, p *place) error {
	in := &kms.CreateKeyInput{
		KeySpec: types.KeySpec(s.keyType.Spec), KeyUsage: types.KeyUsageType(s.keyType.Usage), Origin: types.OriginType(s.keyType.Origin),
		MultiRegion: aws.Bool(s.keyType.MultiRegion != defaultpolicy.SingleRegion),
	}
	if store := p.stores[s.keyType.Origin]; store != "" {
		in.CustomKeyStoreId = &store
	}
	if s.keyType.Origin == defaultpolicy.ExternalKeyStore {
		in.XksKeyId = aws.String("hsm-key-" + fmt.Sprint(len(w.cloud.Calls())))
	}
	if !s.plain {
		in.Policy = aws.String(s.generated(p))
	}
	if s.tags != nil {
		api = kms.NewFromConfig(w.cloud.Config(p.owner.InvokedBy("cloudformation.amazonaws.com"), p.region))
	}
	for _, key := range slices.Sorted(maps.Keys(s.tags)) {
		in.Tags = append(in.Tags, types.Tag{TagKey: &key, TagValue: aws.String(s.tags[key])})
	}
	made, err := api.CreateKey(ctx, in)
	if err != nil {
		return fmt.Errorf("creating the key: %w", err)
	}
	s.arn = aws.ToString(made.KeyMetadata.Arn)
	if s.alias != "" {
		if _, err := api.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: &s.alias, TargetKeyId: &s.arn}); err != nil {
			return fmt.Errorf("naming the key: %w", err)
		}
	}
	if s.keyType.MultiRegion == defaultpolicy.Replica {
		replicated, err := api.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: &s.arn, ReplicaRegion: aws.String("eu-west-1"), Policy: in.Policy})
		if err != nil {
			return fmt.Errorf("replicating the key: %w", err)
		}
		s.arn = aws.ToString(replicated.ReplicaKeyMetadata.Arn)
	}
	return nil
}
