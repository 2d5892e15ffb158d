package localaws

import (
	"regexp"
	"strings"
	"time"
)

// alias is a name of a key in one account and Region.
type alias struct {
	name, arn string
	target    *key
	created   time.Time
}

// https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html#KMS-CreateAlias-request-AliasName
var aliasForm = regexp.MustCompile(`^alias/[a-zA-Z0-9/_-]+$`)

type createAliasInput struct {
	AliasName   string
	TargetKeyId *string
}

// createAlias: https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html
func (c *Cloud) createAlias(req *request, in createAliasInput) (any, error) {
	req.params = object{"aliasName": in.AliasName, "targetKeyId": in.TargetKeyId}
	if err := checkAliasName(in.AliasName); err != nil {
		return nil, err
	}
	if in.TargetKeyId != nil && strings.Contains(*in.TargetKeyId, "alias/") {
		return nil, invalid("Aliases must refer to keys. Not aliases")
	}
	k, err := c.findOwn(req, in.TargetKeyId)
	if err != nil {
		return nil, err
	}
	arn := kmsARN{partitionOf(k.region), k.region, k.account, in.AliasName}.String()
	// CreateAlias is permitted twice: on the alias, where only an identity
	// policy can, and on the key.
	// https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html
	if err := c.authorizeResource(req, "kms:CreateAlias", arn, nil); err != nil {
		return nil, err
	}
	if err := c.authorize(req, "kms:CreateAlias", k, contextOf("kms:RequestAlias", in.AliasName)); err != nil {
		return nil, err
	}
	if c.aliases[arn] != nil {
		return nil, refuse("AlreadyExistsException", "An alias with the name %s already exists", arn)
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	c.addAlias(k, in.AliasName)
	req.aliasARN = arn
	return nil, nil
}

func checkAliasName(name string) error {
	switch {
	case !strings.HasPrefix(name, "alias/"):
		return invalid(`Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html`)
	case strings.HasPrefix(name, "alias/aws/"): // reserved for AWS managed keys
		return refuse("NotAuthorizedException", "")
	case !aliasForm.MatchString(name) || len(name) > 256:
		return invalid("1 validation error detected: Value '%s' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$", name)
	}
	return nil
}

func (c *Cloud) addAlias(k *key, name string) {
	arn := kmsARN{partitionOf(k.region), k.region, k.account, name}.String()
	c.aliases[arn] = &alias{name: name, arn: arn, target: k, created: c.now()}
}

type tagResourceInput struct {
	KeyId *string
	Tags  []tag
}

// tagResource: https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html
func (c *Cloud) tagResource(req *request, in tagResourceInput) (any, error) {
	req.params = object{"keyId": in.KeyId, "tags": recordedTags(in.Tags)}
	if in.Tags == nil {
		return nil, invalid("1 validation error detected: Value at 'tags' failed to satisfy constraint: Member must not be null")
	}
	k, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	context := contextOf()
	setTags(context, in.Tags)
	if err := c.authorize(req, "kms:TagResource", k, context); err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	return nil, k.addTags(in.Tags, req.caller)
}

// addTags sets tags on the key, all or none. The prefix aws: is for AWS services, such as
// CloudFormation, which put their tags on what they make in a caller's name.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
// https://docs.aws.amazon.com/kms/latest/developerguide/tagging-keys.html
func (k *key) addTags(tags []tag, caller *credential) error {
	seen := map[string]bool{}
	total := len(k.tags)
	for _, t := range tags {
		switch {
		case t.TagKey == "" || len([]rune(t.TagKey)) > 128 || len([]rune(t.TagValue)) > 256:
			return refuse("TagException", "A tag key has 1 to 128 characters and a tag value 0 to 256.")
		case strings.HasPrefix(strings.ToLower(t.TagKey), "aws:") && caller.invokedBy == "":
			return refuse("TagException", "The tag key prefix aws: is reserved.")
		case seen[t.TagKey]:
			return refuse("TagException", "The tag key %s occurs twice.", t.TagKey)
		}
		seen[t.TagKey] = true
		if _, have := k.tags[t.TagKey]; !have {
			total++
		}
	}
	if total > 50 {
		return refuse("LimitExceededException", "A key has at most 50 tags.")
	}
	for _, t := range tags {
		k.tags[t.TagKey] = t.TagValue
	}
	return nil
}
