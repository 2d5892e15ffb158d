package guardrail

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
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
	return policy.Key{ARN: k.ARN, Partition: k.Partition, Account: k.Account}
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
)

// Snapshot is a key at one moment.
type Snapshot struct {
	Key Key
	// Policy is the text of the key policy.
	Policy   string
	Evidence Evidence
}

// Mode says what the guardrail may do.
type Mode string

// The modes.
const (
	// Report never writes.
	Report Mode = "report"
	// Repair replaces a policy that is proved to differ.
	Repair Mode = "repair"
)

// Yardstick is what a key's policy is held against: the default policy that AWS
// generates for the key's type, with these administrators and users.
type Yardstick struct {
	Mode Mode
	// Style is the API default or the console default.
	Style defaultpolicy.Style
	// Administrators and Users are ARNs, for the console default.
	Administrators, Users []string
}

// Baseline generates the default policy for a key. The API default is the same
// for every key type, so for that style the type may be unknown (zero). Errors
// are those of [defaultpolicy.Generate].
func (y Yardstick) Baseline(k Key) (*policy.Document, error) {
	keyType := k.Type
	if y.Style == defaultpolicy.API && keyType == (defaultpolicy.KeyType{}) {
		keyType = keyType.WithDefaults()
	}
	return defaultpolicy.Generate(keyType, defaultpolicy.Options{
		Style: y.Style, Partition: k.Partition, Account: k.Account,
		Administrators: y.Administrators, Users: y.Users,
	})
}

// Hash returns the SHA-256 of the yardstick's settings as 64 hexadecimal digits.
func (y Yardstick) Hash() string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %q", y.Mode, y.Style, y.Administrators, y.Users))
	return hex.EncodeToString(sum[:])
}
