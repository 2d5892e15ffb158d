package localaws

import "slices"

type tag struct{ TagKey, TagValue string }

type createKeyInput struct {
	BypassPolicyLockoutSafetyCheck *bool
	CustomKeyStoreId               string
	CustomerMasterKeySpec          string
	Description                    string
	KeySpec                        string
	KeyUsage                       string
	MultiRegion                    bool
	Origin                         string
	Policy                         *string
	Tags                           []tag
	XksKeyId                       string
}

// createKey: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html
func (c *Cloud) createKey(req *request, in createKeyInput) (any, error) {
	twoSpecs := in.KeySpec != "" && in.CustomerMasterKeySpec != ""
	in.setDefaults()
	req.params = in.record()
	if twoSpecs {
		return nil, invalid("You cannot specify KeySpec and CustomerMasterKeySpec in the same request. CustomerMasterKeySpec is deprecated.")
	}
	if err := in.check(req.region); err != nil {
		return nil, err
	}
	k := &key{
		account: req.caller.account.ID, region: req.region, created: req.time, description: in.Description,
		spec: in.KeySpec, usage: in.KeyUsage, origin: in.Origin, manager: "CUSTOMER", state: "Enabled",
		tags: map[string]string{}, xksKeyID: in.XksKeyId,
	}
	var err error
	if k.store, err = c.findStore(k, in.CustomKeyStoreId); err != nil {
		return nil, err
	}
	if err := k.addTags(in.Tags, req.caller); err != nil {
		return nil, err
	}
	k.id = c.uuid()
	if in.MultiRegion {
		k.id, k.primaryRegion = "mrk-"+c.randomHex(32), req.region
	}
	if in.Origin == "EXTERNAL" { // no key material yet
		k.state = "PendingImport"
	}
	k.arn = kmsARN{partitionOf(k.region), k.region, k.account, "key/" + k.id}.String()
	if err := c.authorizeCreation(req, k, in.Tags, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	if err := c.firstPolicy(req, k, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	c.keys[k.arn] = k
	req.keyARN = k.arn
	req.elements = object{"keyMetadata": c.recordedMetadata(k)}
	return object{"KeyMetadata": c.metadata(k)}, nil
}

// setDefaults fills in what the API reference gives as default.
func (in *createKeyInput) setDefaults() {
	if in.KeySpec == "" {
		in.KeySpec = in.CustomerMasterKeySpec
	}
	if in.KeySpec == "" {
		in.KeySpec = symmetricDefault
	}
	if in.KeyUsage == "" && in.KeySpec == symmetricDefault {
		in.KeyUsage = encryptDecrypt
	}
	if in.Origin == "" {
		in.Origin = "AWS_KMS"
	}
}

// check validates the combination of spec, usage, origin, multi-Region and
// key store.
func (in *createKeyInput) check(region string) error {
	if err := checkSpec(in.KeySpec, in.KeyUsage, region); err != nil {
		return err
	}
	if !slices.Contains(origins, in.Origin) {
		return notInEnum("origin", in.Origin, origins)
	}
	if len([]rune(in.Description)) > 8192 {
		return invalid("1 validation error detected: Value at 'description' failed to satisfy constraint: Member must have length less than or equal to 8192")
	}
	return in.checkStore()
}

// checkStore: a key of a custom key store is a single-Region symmetric
// encryption key, and only such a key names a store.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html#KMS-CreateKey-request-CustomKeyStoreId
func (in *createKeyInput) checkStore() error {
	custom := in.Origin == "AWS_CLOUDHSM" || in.Origin == "EXTERNAL_KEY_STORE"
	switch {
	case custom && in.CustomKeyStoreId == "":
		return invalid("The origin %s needs a CustomKeyStoreId.", in.Origin)
	case !custom && in.CustomKeyStoreId != "":
		return invalid("The origin %s does not take a CustomKeyStoreId.", in.Origin)
	case in.Origin == "EXTERNAL_KEY_STORE" && in.XksKeyId == "":
		return invalid("The origin EXTERNAL_KEY_STORE needs an XksKeyId.")
	case in.Origin != "EXTERNAL_KEY_STORE" && in.XksKeyId != "":
		return invalid("The origin %s does not take an XksKeyId.", in.Origin)
	case custom && in.KeySpec != symmetricDefault:
		return refuse("UnsupportedOperationException", "A custom key store holds only symmetric encryption keys.")
	case custom && in.MultiRegion:
		return refuse("UnsupportedOperationException", "A custom key store holds only single-Region keys.")
	}
	return nil
}

// authorizeCreation: CreateKey, and TagResource where tags are given, are
// permitted by identity policies alone.
// https://docs.aws.amazon.com/kms/latest/developerguide/customer-managed-policies.html#iam-policy-example-create-key
func (c *Cloud) authorizeCreation(req *request, k *key, tags []tag, bypass *bool) error {
	context := keyContext(c, k)
	setBool(context, "kms:BypassPolicyLockoutSafetyCheck", bypass)
	setTags(context, tags)
	if err := c.authorizeByIdentity(req, "kms:CreateKey", context); err != nil {
		return err
	}
	if len(tags) > 0 {
		return c.authorizeByIdentity(req, "kms:TagResource", context)
	}
	return nil
}
