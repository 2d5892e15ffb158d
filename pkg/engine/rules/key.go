package rules

import (
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// Key is what the guardrail knows of a KMS key: a part of its metadata.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
type Key struct {
	// ARN is the full key ARN; Account, Region and Partition are parts of it.
	ARN, Account, Region, Partition string
	// AWSManaged is true for keys that an AWS service manages. Their policy can
	// be read but not changed.
	AWSManaged bool
	// Type decides which default policy AWS generates.
	Type defaultpolicy.KeyType
	// Created is when the key was made; zero where that is not known.
	Created time.Time
	// OrganizationID names the account's organization. It is "" where the account is in none,
	// and where the organization is not known.
	OrganizationID string
	// OrganizationalUnits are the units above the account, by id; nil where not known.
	OrganizationalUnits []string
}

// KeyOf returns what the ARN of a key says of it. It returns the
// error of [policy.ParseKeyARN].
func KeyOf(arn string) (Key, error) {
	k, err := policy.ParseKeyARN(arn)
	if err != nil {
		return Key{}, err //nolint:wrapcheck // it says which ARN, and what an ARN looks like
	}
	return Key{ARN: arn, Account: k.Account, Partition: k.Partition, Region: strings.Split(arn, ":")[3]}, nil
}

// PolicyKey returns what of the key decides about its policy.
func (k Key) PolicyKey() policy.Key {
	key := policy.Key{
		ARN: k.ARN, Partition: k.Partition, Account: k.Account, Region: k.Region,
		Spec: string(k.Type.Spec), Usage: string(k.Type.Usage), Origin: string(k.Type.Origin),
	}
	switch k.Type.MultiRegion {
	case defaultpolicy.SingleRegion:
		key.MultiRegion = "false"
	case defaultpolicy.Primary, defaultpolicy.Replica:
		key.MultiRegion = "true"
	}
	return key
}

// Labels are what people hang on a key. Whoever may name or tag a key writes them.
type Labels struct {
	// Aliases are names such as alias/payments; nil where they were not read.
	Aliases []string
	// Tags are by key; nil where they were not read.
	Tags map[string]string
}
