package enforcer_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
)

// memory is a Keys for what embedded KMS cannot have: keys with the ARNs of the samples,
// and policies that KMS would not store. TestKeysContract holds it against embedded KMS.
type memory struct {
	mu    sync.Mutex
	keys  map[string]*memoryKey
	calls []string
}

type memoryKey struct {
	key     rules.Key
	policy  string
	aliases []string
	tags    map[string]string
	denied  bool
}

func (m *memory) add(k rules.Key, text string) *memoryKey {
	if m.keys == nil {
		m.keys = map[string]*memoryKey{}
	}
	m.keys[k.ARN] = &memoryKey{key: k, policy: text}
	return m.keys[k.ARN]
}

func (m *memory) find(operation, arn string) (*memoryKey, error) {
	m.calls = append(m.calls, operation)
	k := m.keys[arn]
	switch {
	case k == nil:
		return nil, fmt.Errorf("%w: %s", inspect.ErrNotFound, arn)
	case k.denied:
		return nil, fmt.Errorf("%w: %s", inspect.ErrAccessDenied, operation)
	default:
		return k, nil
	}
}

func (m *memory) Describe(_ context.Context, arn string) (rules.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.find("DescribeKey", arn)
	if err != nil {
		return rules.Key{}, err
	}
	return k.key, nil
}

func (m *memory) Policy(_ context.Context, arn string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.find("GetKeyPolicy", arn)
	if err != nil {
		return "", err
	}
	return k.policy, nil
}

func (m *memory) Aliases(_ context.Context, arn string) ([]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.find("ListAliases", arn)
	if err != nil {
		return nil, err
	}
	return k.aliases, nil
}

func (m *memory) Tags(_ context.Context, arn string) (map[string]string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.find("ListResourceTags", arn)
	if err != nil {
		return nil, err
	}
	return k.tags, nil
}

func (m *memory) PutPolicy(_ context.Context, arn, text string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	k, err := m.find("PutKeyPolicy", arn)
	if err != nil {
		return err
	}
	if _, err := policy.Parse(text); err != nil {
		return fmt.Errorf("%w: %w", inspect.ErrRefused, err)
	}
	k.policy = text
	return nil
}

// contract is what the enforcer takes for granted of a Keys.
type contract struct {
	keys enforcer.Keys
	// plain is a symmetric key with the policy good, managed an AWS managed key, denied a
	// key that refuses the guardrail, and none a key that does not exist.
	plain, managed, denied, none string
}

func TestKeysContract(t *testing.T) {
	for name, newContract := range map[string]func(*testing.T) contract{"embedded KMS": embeddedContract, "memory": memoryContract} {
		t.Run(name, func(t *testing.T) {
			c := newContract(t)
			checkReads(t, c)
			checkWrites(t, c)
			checkRefusals(t, c)
		})
	}
}

func embeddedContract(t *testing.T) contract {
	t.Helper()
	w := newWorld(t, report)
	plain := w.create(t, &kms.CreateKeyInput{Policy: &good})
	return contract{
		keys: awskms.New(w.cloud.Config(w.guardrail, virginia), 1), plain: plain,
		managed: w.account.AddAWSManagedKey(virginia, "s3"),
		denied:  w.create(t, &kms.CreateKeyInput{Policy: &lockedOut}),
		none:    plain[:len(plain)-8] + "00000000",
	}
}

func memoryContract(t *testing.T) contract {
	t.Helper()
	m := &memory{}
	for _, id := range []string{"plain", "managed", "denied"} {
		k := memoryKeyOf(id)
		k.AWSManaged = id == "managed"
		m.add(k, good).denied = id == "denied"
	}
	return contract{
		keys: m, plain: memoryKeyOf("plain").ARN, managed: memoryKeyOf("managed").ARN,
		denied: memoryKeyOf("denied").ARN, none: memoryKeyOf("none").ARN,
	}
}

// memoryKeyOf is a symmetric key with an id.
func memoryKeyOf(id string) rules.Key {
	return rules.Key{
		ARN: "arn:aws:kms:us-east-1:111122223333:key/" + id, Account: account, Region: virginia, Partition: "aws",
		Type: defaultpolicy.KeyType{}.WithDefaults(),
	}
}

func checkReads(t *testing.T, c contract) {
	t.Helper()
	k, err := c.keys.Describe(t.Context(), c.plain)
	want := rules.Key{ARN: c.plain, Account: account, Region: virginia, Partition: "aws", Type: defaultpolicy.KeyType{}.WithDefaults()}
	want.Created = k.Created // memory knows no time
	if diff := cmp.Diff(want, k); err != nil || diff != "" {
		t.Errorf("described as %+v, %v", k, err)
	}
	if k, err := c.keys.Describe(t.Context(), c.managed); err != nil || !k.AWSManaged {
		t.Errorf("an AWS managed key is described as %+v, %v", k, err)
	}
	if text, err := c.keys.Policy(t.Context(), c.plain); err != nil || hash(t, text) != hash(t, good) {
		t.Errorf("policy %s, %v", text, err)
	}
}

func checkWrites(t *testing.T, c contract) {
	t.Helper()
	if err := c.keys.PutPolicy(t.Context(), c.plain, public); err != nil {
		t.Fatal(err)
	}
	if text, err := c.keys.Policy(t.Context(), c.plain); err != nil || hash(t, text) != hash(t, public) {
		t.Errorf("after a write, policy %s, %v", text, err)
	}
	if err := c.keys.PutPolicy(t.Context(), c.plain, "nonsense"); !errors.Is(err, inspect.ErrRefused) {
		t.Errorf("nonsense: %v", err)
	}
	if text, err := c.keys.Policy(t.Context(), c.plain); err != nil || hash(t, text) != hash(t, public) {
		t.Errorf("after a refused write, policy %s, %v", text, err)
	}
}

func checkRefusals(t *testing.T, c contract) {
	t.Helper()
	for arn, want := range map[string]error{c.denied: inspect.ErrAccessDenied, c.none: inspect.ErrNotFound} {
		_, describeErr := c.keys.Describe(t.Context(), arn)
		_, policyErr := c.keys.Policy(t.Context(), arn)
		putErr := c.keys.PutPolicy(t.Context(), arn, good)
		for operation, err := range map[string]error{"Describe": describeErr, "Policy": policyErr, "PutPolicy": putErr} {
			if !errors.Is(err, want) {
				t.Errorf("%s of %s: %v, want %v", operation, arn, err, want)
			}
		}
	}
}
