package catalog

import (
	"slices"
	"strings"
)

// Type is the data type of a condition key's value, as AWS documents it.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
type Type uint8

// The data types.
const (
	String Type = iota + 1
	Numeric
	Date
	// DateOrNumeric: of aws:EpochTime only.
	DateOrNumeric
	Bool
	IP
	ARN
)

// String returns the type in a word or two.
func (t Type) String() string {
	switch t {
	case String:
		return "string"
	case Numeric:
		return "number"
	case Date:
		return "date"
	case DateOrNumeric:
		return "date or number"
	case Bool:
		return "boolean"
	case IP:
		return "IP address"
	case ARN:
		return "ARN"
	default:
		return "unknown"
	}
}

// Caller says whose requests can carry a condition key.
type Caller uint8

// The callers. The zero value leaves it open.
const (
	// AnyCaller: the key does not depend on who calls, or AWS does not say.
	AnyCaller Caller = iota
	// ServiceCaller: only an AWS service principal that calls the key itself.
	ServiceCaller
	// IdentityCaller: only IAM users, roles and their sessions, federated users, root users.
	IdentityCaller
)

// ConditionKey is one condition key, or a family of keys with one prefix.
type ConditionKey struct {
	// Name is as AWS spells it, "kms:ViaService". That of a family ends in its separator:
	// "kms:EncryptionContext:", "aws:PrincipalTag/". Policies may spell it in any case.
	Name string
	// Prefix is true for a family: any text, but some, may follow Name.
	Prefix bool
	Type   Type
	// MultiValued keys may have several values in one request.
	MultiValued bool
	// AccountID is true where a value is a 12-digit account id.
	AccountID bool
	// Actions are the permissions whose requests can carry the key, by name, sorted; empty
	// where all can, or AWS does not say. Use [ConditionKey.AvailableFor].
	Actions []string
	// Required is true where every request for one of Actions carries the key, because the
	// operation fails without it.
	Required bool
	// Caller is whose requests can carry the key, as [AvailabilityOf] has it.
	Caller Caller
	// UsableInKeyPolicy is false where KMS refuses a key policy with the key.
	UsableInKeyPolicy bool
	// Source is the page that describes the key.
	Source string
}

// AvailableFor tells whether a request for a permission (its name without "kms:", as AWS
// spells it) can carry the key. True where AWS does not say.
func (k ConditionKey) AvailableFor(action string) bool {
	return len(k.Actions) == 0 || slices.Contains(k.Actions, action) || slices.Contains(undocumentedKeys, action)
}

// RefusesForAllValues tells whether KMS refuses a key policy with ForAllValues over the key,
// as an OverlyPermissiveCondition: a part of the encryption context, or a tag of the request.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func (k ConditionKey) RefusesForAllValues() bool {
	return k.Name == "kms:EncryptionContext:" || k.Name == "aws:RequestTag/"
}

var conditionKeys = withCallers(slices.Concat(kmsKeys, attestationKeys(), globalKeys))

// withCallers fills in Caller.
func withCallers(keys []ConditionKey) []ConditionKey {
	for i := range keys {
		a := AvailabilityOf(keys[i].Name)
		switch {
		case a.ByService == Never:
			keys[i].Caller = IdentityCaller
		case a.OfIdentity() == Never:
			keys[i].Caller = ServiceCaller
		}
	}
	return keys
}

var (
	keysByName  = indexNames()
	keyFamilies = slices.DeleteFunc(slices.Clone(conditionKeys), func(k ConditionKey) bool { return !k.Prefix })
)

func indexNames() map[string]ConditionKey {
	index := make(map[string]ConditionKey, len(conditionKeys))
	for _, k := range conditionKeys {
		if !k.Prefix {
			index[strings.ToLower(k.Name)] = k
		}
	}
	return index
}

// ConditionKeys returns every key and family that a KMS request can carry: those of KMS,
// then the global ones. The caller owns the slice.
func ConditionKeys() []ConditionKey { return slices.Clone(conditionKeys) }

// LookupConditionKey returns the key of a name, or the family that a name such as
// kms:EncryptionContext:purpose belongs to; case is ignored. A family's bare prefix names
// no key.
func LookupConditionKey(name string) (ConditionKey, bool) {
	if k, ok := keysByName[strings.ToLower(name)]; ok {
		return k, true
	}
	for _, family := range keyFamilies {
		if len(name) > len(family.Name) && strings.EqualFold(name[:len(family.Name)], family.Name) {
			return family, true
		}
	}
	return ConditionKey{}, false
}

// MultiValued tells whether a key, in any case, may have several values in one request.
// False for an unknown name.
func MultiValued(name string) bool {
	for _, multi := range multiValuedKeys {
		if strings.EqualFold(name, multi) {
			return true
		}
	}
	return false
}

var multiValuedKeys = multiValuedNames()

func multiValuedNames() []string {
	var names []string
	for _, k := range conditionKeys {
		if k.MultiValued {
			names = append(names, k.Name)
		}
	}
	return names
}
