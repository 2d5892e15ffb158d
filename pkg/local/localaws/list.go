package localaws

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strings"
)

// page returns the part of a list that a paginated operation answers: items
// after the marker, at most limit (or the default) of them. The items are
// sorted by their name, which must be unique.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
func page[T any](items []T, name func(T) string, limit *int, standard, most int, marker *string) (part []T, next string, err error) {
	size := standard
	if limit != nil {
		size = *limit
	}
	if size < 1 || size > most {
		return nil, "", invalid("1 validation error detected: Value '%d' at 'limit' failed to satisfy constraint: Member must have value between 1 and %d", size, most)
	}
	slices.SortFunc(items, func(a, b T) int { return cmp.Compare(name(a), name(b)) })
	if marker != nil {
		after, err := base64.URLEncoding.DecodeString(*marker)
		if err != nil || len(after) == 0 {
			return nil, "", refuse("InvalidMarkerException", "The marker is not valid.")
		}
		items = slices.DeleteFunc(items, func(item T) bool { return name(item) <= string(after) })
	}
	if len(items) <= size {
		return items, "", nil
	}
	return items[:size], base64.URLEncoding.EncodeToString([]byte(name(items[size-1]))), nil
}

// listOutput is the answer of a paginated operation.
func listOutput(name string, items []object, next string) object {
	output := object{name: items, "Truncated": next != ""}
	if next != "" {
		output["NextMarker"] = next
	}
	return output
}

type listInput struct {
	KeyId  *string
	Limit  *int
	Marker *string
}

// listKeys: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html
func (c *Cloud) listKeys(req *request, in listInput) (any, error) {
	if err := c.authorizeByIdentity(req, "kms:ListKeys", nil); err != nil {
		return nil, err
	}
	own := []*key{}
	for _, k := range c.keys {
		if k.account == req.caller.account.ID && k.region == req.region {
			own = append(own, k)
		}
	}
	part, next, err := page(own, func(k *key) string { return k.id }, in.Limit, 100, 1000, in.Marker)
	if err != nil {
		return nil, err
	}
	entries := []object{}
	for _, k := range part {
		entries = append(entries, object{"KeyId": k.id, "KeyArn": k.arn})
	}
	return listOutput("Keys", entries, next), nil
}

// listAliases: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html
func (c *Cloud) listAliases(req *request, in listInput) (any, error) {
	if err := c.authorizeByIdentity(req, "kms:ListAliases", nil); err != nil {
		return nil, err
	}
	var target *key
	if in.KeyId != nil {
		var err error
		if target, err = c.findOwn(req, in.KeyId); err != nil {
			return nil, err
		}
	}
	own := []*alias{}
	for _, a := range c.aliases {
		k := a.target
		if k.account == req.caller.account.ID && k.region == req.region && (target == nil || target == k) {
			own = append(own, a)
		}
	}
	part, next, err := page(own, func(a *alias) string { return a.name }, in.Limit, 50, 100, in.Marker)
	if err != nil {
		return nil, err
	}
	entries := []object{}
	for _, a := range part {
		entries = append(entries, object{"AliasName": a.name, "AliasArn": a.arn, "TargetKeyId": a.target.id,
			"CreationDate": epoch(a.created), "LastUpdatedDate": epoch(a.created)})
	}
	return listOutput("Aliases", entries, next), nil
}

// listResourceTags: https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html
func (c *Cloud) listResourceTags(req *request, in listInput) (any, error) {
	k, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	if err := c.authorize(req, "kms:ListResourceTags", k, nil); err != nil {
		return nil, err
	}
	part, next, err := page(k.tagList(), func(t tag) string { return t.TagKey }, in.Limit, 50, 50, in.Marker)
	if err != nil {
		return nil, err
	}
	entries := []object{}
	for _, t := range part {
		entries = append(entries, object{"TagKey": t.TagKey, "TagValue": t.TagValue})
	}
	return listOutput("Tags", entries, next), nil
}

func (k *key) tagList() []tag {
	tags := []tag{}
	for name, value := range k.tags {
		tags = append(tags, tag{name, value})
	}
	slices.SortFunc(tags, func(a, b tag) int { return strings.Compare(a.TagKey, b.TagKey) })
	return tags
}
