package trail

import "strings"

// claim is a key with the place of the record that names it.
type claim struct {
	place string
	key   keyRef
}

// claims are all the places of a record that name the key, and the first of them that
// could not be read, if any.
type claims struct {
	list []claim
	err  error
}

// agreed returns the one key that all claims name. wanted says in the message what the
// claims are about.
func (c *claims) agreed(wanted string) (keyRef, error) {
	if c.err != nil {
		return keyRef{}, c.err
	}
	if len(c.list) == 0 {
		return keyRef{}, refuse(CodeNoKey, "the record names no %s in resources, requestParameters or responseElements", wanted)
	}
	first := c.list[0]
	for _, other := range c.list[1:] {
		if other.key != first.key {
			return keyRef{}, refuse(CodeDisagreement, "%s is %s, but %s is %s", first.place, first.key, other.place, other.key)
		}
	}
	return first.key, nil
}

func (c *claims) add(place string, key keyRef, err error) {
	if err != nil && c.err == nil {
		c.err = err
	}
	c.list = append(c.list, claim{place, key})
}

// addResources adds the KMS keys under resources. Resources of another type are
// passed over; an entry without a type counts when it looks like a key.
func (c *claims) addResources(record object) { c.addResourcesBut(record, nil) }

// addResourcesBut is addResources without the resources whose ARN is none of a key, although CloudTrail
// gives them the type.
func (c *claims) addResourcesBut(record object, isOther func(arn string) bool) {
	for _, resource := range record.objects("resources") {
		arn, kind := resource.text("ARN"), resource.text("type")
		if kind == "" && strings.Contains(arn, ":key/") {
			kind = "AWS::KMS::Key"
		}
		if kind != "AWS::KMS::Key" || isOther != nil && isOther(arn) {
			continue
		}
		key, err := parseKeyARN(resource.at("ARN"), arn)
		if err == nil {
			err = sameText(resource.at("ARN"), key, resource, "accountId", key.account)
		}
		c.add(resource.at("ARN"), key, err)
	}
}

// addMetadata adds the key that key metadata describes, if there is any.
func (c *claims) addMetadata(metadata object) {
	arn, place := metadata.text("arn"), metadata.at("arn")
	if arn == "" {
		return
	}
	key, err := parseKeyARN(place, arn)
	if err == nil {
		err = sameText(place, key, metadata, "keyId", key.id)
	}
	// CloudTrail lowers the first letter of AWSAccountId; KMS's own documentation has both.
	for _, name := range []string{"aWSAccountId", "AWSAccountId"} {
		if err == nil {
			err = sameText(place, key, metadata, name, key.account)
		}
	}
	c.add(place, key, err)
}

// addKeyID adds the key in a member, if it is there: a key ARN, or the id of a key in the
// account and Region of the event.
func (c *claims) addKeyID(from object, member string, at home) {
	keyID, place := from.text(member), from.at(member)
	switch {
	case keyID == "":
	case strings.HasPrefix(keyID, "arn:"):
		key, err := parseKeyARN(place, keyID)
		c.add(place, key, err)
	case !isID(keyID):
		c.add(place, keyRef{}, refuse(CodeKeyReference, "%s is neither a key id nor a key ARN: %s", place, quote(keyID)))
	default:
		c.add(place, keyRef{partition: at.partition, region: at.region, account: at.account, id: keyID}, nil)
	}
}

// sameText checks a member that repeats a part of the key found at place; the member
// may be absent.
func sameText(place string, key keyRef, from object, name, want string) error {
	if got := from.text(name); got != "" && got != want {
		return refuse(CodeDisagreement, "%s is %s, but %s is %s", place, key, from.at(name), quote(got))
	}
	return nil
}
