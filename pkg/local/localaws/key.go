package localaws

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// key is one KMS key in one Region.
type key struct {
	account, region, id string
	arn                 string
	created             time.Time
	description         string
	spec, usage, origin string
	manager             string // "CUSTOMER" or "AWS"
	state               string // the lasting state; see stateAt
	settles             time.Time
	settling            string // "Creating" or "Updating" until settles
	deletion            time.Time
	window              int // days; set while a deletion waits
	primaryRegion       string
	store               *customKeyStore
	xksKeyID            string
	tags                map[string]string
	policy              *keyPolicy
	previous            *keyPolicy // for stale reads
}

// settlingTime is how long "Creating" and "Updating" last: AWS says "a few seconds".
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
const settlingTime = 3 * time.Second

func (k *key) multiRegion() bool { return k.primaryRegion != "" }

func (k *key) primary() bool { return k.primaryRegion == k.region }

func (k *key) stateAt(now time.Time) string {
	if now.Before(k.settles) {
		return k.settling
	}
	return k.state
}

// family returns a multi-Region key and its relatives, in order of Region.
func (c *Cloud) family(k *key) []*key {
	var all []*key
	for _, arn := range slices.Sorted(maps.Keys(c.keys)) {
		other := c.keys[arn]
		if k.multiRegion() && other.id == k.id && other.account == k.account {
			all = append(all, other)
		}
	}
	return all
}

// metadata is KeyMetadata as KMS answers it.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_KeyMetadata.html
func (c *Cloud) metadata(k *key) object {
	state := k.stateAt(c.now())
	m := object{
		"AWSAccountId": k.account, "KeyId": k.id, "Arn": k.arn, "CreationDate": epoch(k.created),
		"Enabled": state == "Enabled" || (state == "Updating" && k.state == "Enabled"), "Description": k.description,
		"KeyUsage": k.usage, "KeyState": state, "Origin": k.origin, "KeyManager": k.manager,
		"KeySpec": k.spec, "CustomerMasterKeySpec": k.spec, "MultiRegion": k.multiRegion(),
	}
	name, algorithms := algorithmsOf(k.spec, k.usage)
	m[name] = algorithms
	if k.multiRegion() {
		m["MultiRegionConfiguration"] = c.multiRegionConfiguration(k)
	}
	if !k.deletion.IsZero() {
		m["DeletionDate"] = epoch(k.deletion)
	}
	if k.state == "PendingReplicaDeletion" {
		m["PendingDeletionWindowInDays"] = k.window
	}
	if k.store != nil {
		m["CustomKeyStoreId"] = k.store.id
		if k.store.cluster != "" {
			m["CloudHsmClusterId"] = k.store.cluster
		}
	}
	if k.xksKeyID != "" {
		m["XksKeyConfiguration"] = object{"Id": k.xksKeyID}
	}
	return m
}

func (c *Cloud) multiRegionConfiguration(k *key) object {
	kind := "REPLICA"
	if k.primary() {
		kind = "PRIMARY"
	}
	replicas := []object{}
	configuration := object{"MultiRegionKeyType": kind}
	for _, relative := range c.family(k) {
		entry := object{"Arn": relative.arn, "Region": relative.region}
		if relative.primary() {
			configuration["PrimaryKey"] = entry
		} else {
			replicas = append(replicas, entry)
		}
	}
	configuration["ReplicaKeys"] = replicas
	return configuration
}

// idKinds says which identifiers an operation takes besides a key id and ARN.
type idKinds int

const (
	idOrARN  idKinds = iota
	anyAlias         // alias names and alias ARNs too
)

// find returns the key that an identifier names, which may be a key of
// another account. The errors are those that KMS gives for a key of the
// caller's own account.
// https://docs.aws.amazon.com/kms/latest/developerguide/find-cmk-id-arn.html
func (c *Cloud) find(req *request, given *string, kinds idKinds) (*key, error) {
	if given == nil || *given == "" {
		return nil, invalid("1 validation error detected: Value at 'keyId' failed to satisfy constraint: Member must not be null")
	}
	arn := kmsARN{partitionOf(req.region), req.region, req.caller.account.ID, "key/" + *given}
	isAlias := strings.HasPrefix(*given, "alias/")
	if isAlias {
		arn.resource = *given
	}
	if strings.HasPrefix(*given, "arn:") {
		var ok bool
		if arn, ok = parseKMSARN(*given); !ok {
			return nil, refuse("InvalidArnException", "Invalid arn %s", *given)
		}
		isAlias = strings.HasPrefix(arn.resource, "alias/")
		if arn.region != req.region {
			return nil, refuse("NotFoundException", "Invalid arn %s", arn.region)
		}
	}
	if isAlias {
		return c.findAlias(req, arn, kinds, *given)
	}
	id, isKey := strings.CutPrefix(arn.resource, "key/")
	if !isKey || !keyIDForm.MatchString(id) {
		return nil, refuse("NotFoundException", "Invalid keyId '%s'", *given)
	}
	req.keyARN = arn.String()
	k := c.keys[req.keyARN]
	if k == nil {
		return nil, c.missing(req, arn, "Key '%s' does not exist")
	}
	return k, nil
}

func (c *Cloud) findAlias(req *request, arn kmsARN, kinds idKinds, given string) (*key, error) {
	if kinds != anyAlias {
		if given == arn.resource {
			return nil, refuse("NotFoundException", "Invalid keyId '%s'", given)
		}
		return nil, refuse("InvalidArnException", "%s is not the ARN of a key", given)
	}
	a := c.aliases[arn.String()]
	if a == nil {
		return nil, c.missing(req, arn, "Alias %s is not found.")
	}
	req.keyARN = a.target.arn
	return a.target, nil
}

// missing is the error for what does not exist. A caller from another account
// is not told that.
func (c *Cloud) missing(req *request, arn kmsARN, format string) error {
	if arn.account != req.caller.account.ID {
		return denied(req, "kms:"+req.operation, arn.String(), crossAccountReason)
	}
	return refuse("NotFoundException", format, arn.String())
}

// findOwn returns a key of the caller's own account: most operations cannot
// be used across accounts.
func (c *Cloud) findOwn(req *request, given *string) (*key, error) {
	k, err := c.find(req, given, idOrARN)
	if err != nil {
		return nil, err
	}
	if k.account != req.caller.account.ID {
		return nil, denied(req, "kms:"+req.operation, k.arn, crossAccountReason)
	}
	return k, nil
}

type describeKeyInput struct{ KeyId *string }

// describeKey: https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html
func (c *Cloud) describeKey(req *request, in describeKeyInput) (any, error) {
	k, err := c.find(req, in.KeyId, anyAlias)
	if err != nil {
		return nil, err
	}
	if err := c.authorize(req, "kms:DescribeKey", k, nil); err != nil {
		return nil, err
	}
	return object{"KeyMetadata": c.metadata(k)}, nil
}
