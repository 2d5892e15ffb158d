package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// story is one key of the demo: how it is made, what happens to it, and what the
// guardrail is expected to do.
type story struct {
	name    string
	keyType defaultpolicy.KeyType
	inChina bool
	// plain: made without a policy, as by the API, in place of the console default.
	plain bool
	// drift returns the policy that somebody puts on the key later; nil for none.
	drift func(w *world, p *place, generated string) string
	// bypass: that somebody also sets the lockout-check bypass.
	bypass  bool
	promise guardrail.Action

	arn           string
	before, after string // the policy that was put on the key, and the last one
	outcomes      []guardrail.Outcome
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
	made, err := api.CreateKey(ctx, in)
	if err != nil {
		return fmt.Errorf("creating the key: %w", err)
	}
	s.arn = aws.ToString(made.KeyMetadata.Arn)
	if s.keyType.MultiRegion == defaultpolicy.Replica {
		replicated, err := api.ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: &s.arn, ReplicaRegion: aws.String("eu-west-1"), Policy: in.Policy})
		if err != nil {
			return fmt.Errorf("replicating the key: %w", err)
		}
		s.arn = aws.ToString(replicated.ReplicaKeyMetadata.Arn)
	}
	return nil
}

// goodKeys returns one key of every type, with the console default.
func goodKeys() []story {
	var list []story
	add := func(t defaultpolicy.KeyType, name string) {
		list = append(list, story{name: name, keyType: t.WithDefaults(), inChina: t.Spec == defaultpolicy.SM2, promise: guardrail.NoAction})
	}
	for _, spec := range defaultpolicy.KeySpecs() {
		for _, usage := range defaultpolicy.UsagesOf(spec) {
			add(defaultpolicy.KeyType{Spec: spec, Usage: usage}, "as generated")
		}
	}
	for _, origin := range defaultpolicy.Origins()[1:] {
		add(defaultpolicy.KeyType{Origin: origin}, "as generated")
	}
	for _, part := range defaultpolicy.MultiRegions()[1:] {
		add(defaultpolicy.KeyType{MultiRegion: part}, "as generated")
	}
	return list
}

// with returns a policy with one more statement.
func with(generated, statement string) string {
	return strings.Replace(generated, `"Statement" : [ `, `"Statement" : [ `+statement+`, `, 1)
}

// driftedKeys returns keys whose policies are not what they should be. The first
// is the one that is shown before and after.
func driftedKeys() []story {
	symmetric := defaultpolicy.KeyType{}.WithDefaults()
	sign := defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.SignVerify}.WithDefaults()
	return []story{
		{name: "made public", keyType: symmetric, promise: guardrail.Repaired, drift: func(_ *world, _ *place, generated string) string {
			return with(generated, `{"Sid":"for the partners","Effect":"Allow","Principal":"*","Action":["kms:Decrypt","kms:ReEncrypt*"],"Resource":"*"}`)
		}},
		{name: "foreign account", keyType: sign, promise: guardrail.Repaired, drift: func(w *world, _ *place, generated string) string {
			return with(generated, `{"Effect":"Allow","Principal":{"AWS":"`+w.stranger+`"},"Action":"kms:Sign","Resource":"*"}`)
		}},
		{name: "open to a service", keyType: symmetric, promise: guardrail.Repaired, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `{"Effect":"Allow","Principal":{"Service":"logs.`+p.region+`.amazonaws.com"},"Action":["kms:Encrypt*","kms:Decrypt*"],"Resource":"*"}`)
		}},
		{name: "a user too many", keyType: defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults(), promise: guardrail.Repaired, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `{"Effect":"Allow","Principal":{"AWS":"`+p.arn("user/mallory")+`"},"Action":"kms:GenerateMac","Resource":"*"}`)
		}},
		{name: "made by the API", keyType: symmetric, plain: true, promise: guardrail.Repaired},
		{name: "deletion denied", keyType: sign, promise: guardrail.Repaired, drift: func(_ *world, _ *place, generated string) string {
			return with(generated, `{"Effect":"Deny","Principal":"*","Action":"kms:ScheduleKeyDeletion","Resource":"*"}`)
		}},
		{name: "through S3 only", keyType: symmetric, promise: guardrail.Reported, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*","Condition":{"StringEquals":{"kms:ViaService":"s3.`+p.region+`.amazonaws.com"}}}`)
		}},
		{name: "reordered, respelled", keyType: symmetric, promise: guardrail.NoAction, drift: func(_ *world, p *place, generated string) string {
			return strings.Replace(strings.Replace(generated, p.arn("root"), p.account, 1), "kms:Encrypt", "KMS:encrypt", 1)
		}},
		{name: "account locked out", keyType: symmetric, bypass: true, promise: guardrail.Reported, drift: func(_ *world, p *place, generated string) string {
			return strings.Replace(generated, p.arn("root"), p.arn("user/mallory"), 1)
		}},
	}
}
