package trail

import "strings"

// operations is the table of the calls that give a key its policy, that change its aliases or tags, or
// that make a grant or put a key out of use, by event name:
// how to find the key in the record of a successful one. To handle another
// operation, add a line here, a name in events/pattern.json and a sample.
var operations = map[string]func(record object, at home) (subject, error){
	"CreateKey":    createdKey,
	"PutKeyPolicy": changedKey,
	"ReplicateKey": replicaKey,

	"CreateAlias":   labelledKey,
	"UpdateAlias":   labelledKey,
	"DeleteAlias":   labelledKey,
	"TagResource":   labelledKey,
	"UntagResource": labelledKey,

	"CreateGrant": grantedKey,

	"DisableKey":                namedKey,
	"ScheduleKeyDeletion":       namedKey,
	"DeleteImportedKeyMaterial": namedKey,
}

// subject is the key that a call was about, and what the record says of it.
type subject struct {
	key     keyRef
	policy  string
	manager string // keyManager, AWS or CUSTOMER, where the record has key metadata
	grant   Grant  // of a CreateGrant call
}

// createdKey: CreateKey, also the one that KMS makes in the Region of a new replica.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-createkey.html
func createdKey(record object, at home) (subject, error) {
	metadata := record.object("responseElements").object("keyMetadata")
	var named claims
	named.addResources(record)
	named.addMetadata(metadata)
	key, err := named.agreed("key")
	if err != nil {
		return subject{}, err
	}
	return subject{
		key:     key,
		policy:  record.object("requestParameters").text("policy"),
		manager: metadata.text("keyManager"),
	}, at.owns(key)
}

// changedKey: PutKeyPolicy.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-put-key-policy.html
func changedKey(record object, at home) (subject, error) {
	parameters := record.object("requestParameters")
	var named claims
	named.addResources(record)
	named.addKeyID(parameters, "keyId", at)
	// Null today; other operations have had the key ARN here since December 2022.
	named.addKeyID(record.object("responseElements"), "keyId", at)
	key, err := named.agreed("key")
	if err != nil {
		return subject{}, err
	}
	return subject{key: key, policy: parameters.text("policy")}, at.owns(key)
}

// labelledKey: CreateAlias, UpdateAlias, DeleteAlias, TagResource and UntagResource. Of UpdateAlias it is
// the key that has the alias now: no record says which one had it before.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-updatealias.html
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-tagresource.html
func labelledKey(record object, at home) (subject, error) {
	parameters := record.object("requestParameters")
	var named claims
	named.addResourcesBut(record, func(arn string) bool { return strings.Contains(arn, ":alias/") })
	named.addKeyID(parameters, "keyId", at)
	named.addKeyID(parameters, "targetKeyId", at)
	named.addKeyID(record.object("responseElements"), "keyId", at)
	key, err := named.agreed("key")
	if err != nil {
		return subject{}, err
	}
	return subject{key: key}, at.owns(key)
}

// namedKey: DisableKey, ScheduleKeyDeletion and DeleteImportedKeyMaterial, which change no policy. People may
// want to hear of them.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-schedule-key-deletion.html
func namedKey(record object, at home) (subject, error) {
	var named claims
	named.addResources(record)
	named.addKeyID(record.object("requestParameters"), "keyId", at)
	named.addKeyID(record.object("responseElements"), "keyId", at)
	key, err := named.agreed("key")
	if err != nil {
		return subject{}, err
	}
	return subject{key: key}, at.owns(key)
}

// grantedKey: CreateGrant.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-creategrant.html
func grantedKey(record object, at home) (subject, error) {
	parameters, response := record.object("requestParameters"), record.object("responseElements")
	var named claims
	named.addResources(record)
	named.addKeyID(parameters, "keyId", at)
	named.addKeyID(response, "keyId", at)
	key, err := named.agreed("key")
	if err != nil {
		return subject{}, err
	}
	grant := Grant{ID: response.text("grantId"), Grantee: printable(parameters.text("granteePrincipal")), Operations: printable(strings.Join(parameters.texts("operations"), ","))}
	if !isGrantID(grant.ID) {
		grant.ID = ""
	}
	return subject{key: key, grant: grant}, at.owns(key)
}

// replicaKey: ReplicateKey, recorded where the primary is; the key is the replica.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-replicate-key.html
func replicaKey(record object, at home) (subject, error) {
	parameters, response := record.object("requestParameters"), record.object("responseElements")
	metadata := response.object("replicaKeyMetadata")

	var named claims
	named.addResources(record)
	named.addKeyID(parameters, "keyId", at)
	primary, replica := named.split(at.region)
	replica.addMetadata(metadata)
	if region := parameters.text("replicaRegion"); region != "" && len(primary.list) > 0 {
		place := parameters.at("replicaRegion")
		key, err := primary.list[0].key.in(place, region)
		replica.add(place, key, err)
	}
	key, err := replica.agreed("replica")
	if err != nil {
		return subject{}, err
	}
	policy := response.text("replicaPolicy")
	if policy == "" {
		policy = parameters.text("policy")
	}
	return subject{key: key, policy: policy, manager: metadata.text("keyManager")}, at.replicated(primary, key)
}

// split sorts claims on keys of one Region from claims on keys elsewhere.
func (c *claims) split(region string) (here, elsewhere claims) {
	elsewhere.err = c.err
	for _, each := range c.list {
		if each.key.region == region {
			here.list = append(here.list, each)
		} else {
			elsewhere.list = append(elsewhere.list, each)
		}
	}
	return here, elsewhere
}

// in is the key with the same id in another Region, named at place: primary and
// replica of a multi-Region key share the id.
func (k keyRef) in(place, region string) (keyRef, error) {
	if !isRegion(region) {
		return keyRef{}, refuse(CodeKeyReference, "%s is not the name of a Region: %s", place, quote(region))
	}
	partition, err := partitionOf(region)
	if err != nil {
		return keyRef{}, err
	}
	return keyRef{partition: partition, region: region, account: k.account, id: k.id}, nil
}

// owns checks that a key lies in the account and Region of the event. The partition
// follows from the Region.
func (h home) owns(key keyRef) error {
	if key.account != h.account || key.region != h.region {
		return refuse(CodeDisagreement, "key %s, but the event is of account %s and Region %s", key, h.account, h.region)
	}
	return nil
}

// replicated checks a replica against the claims on its primary: same account,
// partition and key id, another Region.
func (h home) replicated(primary claims, replica keyRef) error {
	for _, named := range primary.list {
		if err := h.owns(named.key); err != nil {
			return err
		}
		if named.key.id != replica.id {
			return refuse(CodeDisagreement, "replica %s, but the primary at %s is %s: their key ids differ", replica, named.place, named.key)
		}
	}
	if replica.region == h.region {
		return refuse(CodeDisagreement, "replica %s lies in the Region of its primary", replica)
	}
	if replica.account != h.account || replica.partition != h.partition {
		return refuse(CodeDisagreement, "replica %s, but the event is of account %s in partition %s", replica, h.account, h.partition)
	}
	return nil
}
