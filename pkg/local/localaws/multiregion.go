package localaws

type replicateKeyInput struct {
	BypassPolicyLockoutSafetyCheck *bool
	Description                    string
	KeyId                          *string
	Policy                         *string
	ReplicaRegion                  string
	Tags                           []tag
}

// replicateKey: https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html
func (c *Cloud) replicateKey(req *request, in replicateKeyInput) (any, error) {
	req.params = in.record()
	primary, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	extra := contextOf("kms:ReplicaRegion", in.ReplicaRegion)
	if err := c.authorize(req, "kms:ReplicateKey", primary, extra); err != nil {
		return nil, err
	}
	if err := c.replicable(req, primary, in.ReplicaRegion); err != nil {
		return nil, err
	}
	replica := &key{
		account: primary.account, region: in.ReplicaRegion, id: primary.id, created: req.time,
		arn:         kmsARN{partitionOf(in.ReplicaRegion), in.ReplicaRegion, primary.account, "key/" + primary.id}.String(),
		description: in.Description, spec: primary.spec, usage: primary.usage, origin: primary.origin, manager: "CUSTOMER",
		state: "Enabled", settling: "Creating", settles: req.time.Add(settlingTime),
		primaryRegion: primary.region, tags: map[string]string{},
	}
	if replica.origin == "EXTERNAL" {
		replica.state = "PendingImport"
	}
	if err := replica.addTags(in.Tags, req.caller); err != nil {
		return nil, err
	}
	// CreateKey and TagResource are permitted in the replica's Region.
	there := *req
	there.region = in.ReplicaRegion
	if err := c.authorizeCreation(&there, replica, in.Tags, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	if err := c.firstPolicy(&there, replica, in.Policy, in.BypassPolicyLockoutSafetyCheck); err != nil {
		return nil, err
	}
	c.keys[replica.arn] = replica
	return c.replicaOutput(req, replica, in), nil
}

// replicable: only a primary key that is ready, into another Region of the
// partition that has no related key.
func (c *Cloud) replicable(req *request, k *key, region string) error {
	if !k.multiRegion() || !k.primary() {
		return refuse("UnsupportedOperationException", "%s is not a multi-Region primary key.", k.arn)
	}
	if err := k.usable(); err != nil {
		return err
	}
	if state := k.stateAt(req.time); state != "Enabled" {
		return refuse("KMSInvalidStateException", "%s is %s.", k.arn, state)
	}
	if region == "" || partitionOf(region) != partitionOf(k.region) {
		return invalid("The Region %q is not a Region of the key's partition.", region)
	}
	for _, relative := range c.family(k) {
		if relative.region == region {
			return refuse("AlreadyExistsException", "The Region %s has a key of the same multi-Region set.", region)
		}
	}
	return nil
}

func (c *Cloud) replicaOutput(req *request, replica *key, in replicateKeyInput) object {
	text := c.render(replica.policy, partitionOf(replica.region))
	recorded := c.recordedMetadata(replica)
	req.elements = object{"replicaKeyMetadata": recorded, "replicaPolicy": text}
	created := createKeyInput{Description: in.Description, KeySpec: replica.spec, KeyUsage: replica.usage,
		MultiRegion: true, Origin: replica.origin, Policy: in.Policy, Tags: in.Tags,
		BypassPolicyLockoutSafetyCheck: in.BypassPolicyLockoutSafetyCheck}
	req.followUps = append(req.followUps, followUp{operation: "CreateKey", region: replica.region, keyARN: replica.arn,
		params: created.record(), elements: object{"keyMetadata": recorded}})
	output := object{"ReplicaKeyMetadata": c.metadata(replica), "ReplicaPolicy": text}
	if len(in.Tags) > 0 {
		req.elements["replicaTags"] = recordedTags(in.Tags)
		output["ReplicaTags"] = in.Tags
	}
	return output
}

type updatePrimaryRegionInput struct {
	KeyId         *string
	PrimaryRegion string
}

// updatePrimaryRegion: https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html
func (c *Cloud) updatePrimaryRegion(req *request, in updatePrimaryRegionInput) (any, error) {
	req.params = object{"keyId": in.KeyId, "primaryRegion": in.PrimaryRegion}
	primary, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	extra := contextOf("kms:PrimaryRegion", in.PrimaryRegion)
	if err := c.authorize(req, "kms:UpdatePrimaryRegion", primary, extra); err != nil {
		return nil, err
	}
	replica, err := c.successor(primary, in.PrimaryRegion)
	if err != nil {
		return nil, err
	}
	there := *req
	there.region = in.PrimaryRegion
	if err := c.authorize(&there, "kms:UpdatePrimaryRegion", replica, extra); err != nil {
		return nil, err
	}
	for _, k := range []*key{primary, replica} {
		if err := k.usable(); err != nil {
			return nil, err
		}
		if state := k.stateAt(req.time); state == "Creating" || state == "PendingImport" {
			return nil, refuse("KMSInvalidStateException", "%s is %s.", k.arn, state)
		}
	}
	for _, relative := range c.family(primary) {
		relative.primaryRegion = in.PrimaryRegion
	}
	for _, k := range []*key{primary, replica} {
		k.settling, k.settles = "Updating", req.time.Add(settlingTime)
	}
	req.elements = object{"keyId": primary.arn}
	req.followUps = append(req.followUps, followUp{operation: "UpdatePrimaryRegion", region: replica.region,
		params: object{"keyId": replica.arn, "primaryRegion": in.PrimaryRegion}, elements: object{"keyId": replica.arn}})
	return nil, nil
}

func (c *Cloud) successor(primary *key, region string) (*key, error) {
	if !primary.multiRegion() || !primary.primary() || primary.region == region {
		return nil, refuse("UnsupportedOperationException", "%s is not a multi-Region primary key outside %s.", primary.arn, region)
	}
	for _, relative := range c.family(primary) {
		if relative.region == region {
			return relative, nil
		}
	}
	return nil, refuse("NotFoundException", "The Region %s has no replica of %s.", region, primary.arn)
}
