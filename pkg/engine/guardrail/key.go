package guardrail

import (
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
	// OrganizationID is that of the account, "" where it is in none or that is not known.
	OrganizationID string
	// OrganizationalUnits are the units above the account, by id; nil where not known.
	OrganizationalUnits []string
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

// Evidence says where the judged policy comes from.
type Evidence string

// The kinds of evidence.
const (
	// LivePolicy: read from the key.
	LivePolicy Evidence = "live"
	// EventPolicy: the text that an event carries. It was the key's policy at
	// best once; nothing is written because of it.
	EventPolicy Evidence = "event"
	// FilePolicy: a file at a desk, judged as if it were the key's policy. It is in
	// outcomes only.
	FilePolicy Evidence = "file"
)

// Trigger says what made the guardrail look at a key.
type Trigger string

// The triggers.
const (
	ByEvent   Trigger = "event"
	BySweep   Trigger = "sweep"
	ByCommand Trigger = "command"
)

// Snapshot is a key at one moment.
type Snapshot struct {
	Key    Key
	Labels Labels
	// Policy is the text of the key policy.
	Policy   string
	Evidence Evidence
	Trigger  Trigger
	// Writer is the ARN of the role that would write a repair, the guardrail's own in the
	// key's account; "" where unknown.
	Writer string
	// BypassedLockoutCheck is true where the caller who set this policy asked KMS to
	// skip the check that it can still be changed.
	BypassedLockoutCheck bool
	// FirstSweep is true where a sweep found the key and no sweep was completed under
	// this configuration yet: then none may repair.
	FirstSweep bool
}

// Mode says what the guardrail may do.
type Mode string

// The modes.
const (
	// Report never writes.
	Report Mode = "report"
	// Repair replaces a policy that is proved to be outside its limits.
	Repair Mode = "repair"
)
