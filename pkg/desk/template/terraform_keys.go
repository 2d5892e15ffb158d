package template

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

const afterApply = "known after apply"

// keys returns the keys with their policies and aliases.
func (t *terraform) keys() []Key {
	var keys []Key
	policies, loose := t.attached("aws_kms_key_policy", "key_id")
	aliases, looseAliases := t.attached("aws_kms_alias", "target_key_id")
	for i := range t.resources {
		r := &t.resources[i]
		if slices.Contains(otherKinds, r.kind) && r.isThere() {
			keys = append(keys, Key{Resource: r.address, Unknown: []Unknown{{Expression: "its policy", Reason: "resources of the provider awscc are not read"}}})
		}
		if !r.isKey() {
			continue
		}
		k := Key{Resource: r.address, Facts: Facts{Aliases: t.aliases(aliases[i])}}
		t.facts(&k, r)
		t.policy(&k, r, k.source(r, policies[i]))
		for _, other := range loose {
			if _, known := other.text("key_id"); !known && len(policies[i]) == 0 && r.isCreated {
				k.Unknown = append(k.Unknown, Unknown{Expression: "the key of " + other.address, Reason: afterApply + ", and it may be this one"})
			}
		}
		if looseAliases != nil && r.isCreated {
			k.Aliases = nil
		}
		keys = append(keys, k.knownOnly())
	}
	for _, r := range loose {
		keys = append(keys, t.alone(r))
	}
	return keys
}

// source returns the resource that says the policy of a key: the key itself, or its
// aws_kms_key_policy.
func (k *Key) source(key *resource, policies []*resource) *resource {
	var there, gone []*resource
	for _, r := range policies {
		if r.isDeleted {
			gone = append(gone, r)
		} else {
			there = append(there, r)
		}
	}
	switch {
	case len(there) > 1:
		k.Problem = &Error{Detail: fmt.Sprintf("the key has %d policies: %s and %s", len(there), there[0].address, there[1].address)}
		return there[0]
	case len(there) == 1:
		if what := contest(key, there[0], gone); what != "" {
			k.Unknown = append(k.Unknown, Unknown{Expression: what, Reason: "the plan changes both"})
		}
		return there[0]
	case len(gone) > 0:
		return gone[0]
	default:
		return key
	}
}

// contest says which of two changes counts, where that is not sure; "" where it is. A key is
// changed before its aws_kms_key_policy, which is written only if it changes. A deletion sets
// the default policy.
func contest(key, source *resource, gone []*resource) string {
	switch {
	case len(gone) > 0:
		return "whether " + gone[0].address + " is deleted before " + source.address + " is written"
	case source.hasLateDeletion:
		return "whether the new " + source.address + " is written before the old one is deleted"
	case source.hasMoved() && !source.isCreated:
		return "which key has the policy of " + source.address
	case !key.isCreated && key.hasChange("policy") && !source.hasChange("policy"):
		return "whether the policy of " + key.address + " or of " + source.address + " counts"
	default:
		return ""
	}
}

// alone returns the key of an aws_kms_key_policy that is for a key elsewhere.
func (t *terraform) alone(r *resource) Key {
	k := Key{Resource: r.address}
	if id, _ := r.text("key_id"); strings.HasPrefix(id, "arn:") {
		k.ARN = id
	}
	t.place(&k, r)
	t.policy(&k, r, r)
	return k.knownOnly()
}

// attached finds the keys that resources of a kind are for, by an attribute. of has the
// resources by the index of their key; loose are those whose key is elsewhere, or is not known.
// An alias of a key elsewhere is left out.
func (t *terraform) attached(kind, attribute string) (of map[int][]*resource, loose []*resource) {
	of = map[int][]*resource{}
	for i := range t.resources {
		r := &t.resources[i]
		if r.kind != kind {
			continue
		}
		id, known := r.text(attribute)
		if !r.isThere() {
			id, known = r.was(attribute), true
		}
		key := t.keyOf(r, attribute, id, known)
		if r.hasMoved() && kind == "aws_kms_key_policy" {
			switch old := t.keyOf(r, attribute, r.was(attribute), true); {
			case old < 0 || old == key:
			case r.isCreated:
				of[old] = append(of[old], r.gone())
			default:
				of[old] = append(of[old], r)
			}
		}
		switch {
		case key >= 0:
			of[key] = append(of[key], r)
		case !r.isThere(), known && kind == "aws_kms_alias":
		default:
			loose = append(loose, r)
		}
	}
	return of, loose
}

// keyOf returns the index of the key that an attribute of a resource names; -1 for none.
func (t *terraform) keyOf(r *resource, attribute, id string, known bool) int {
	if known {
		return slices.IndexFunc(t.resources, func(key resource) bool { return key.isKey() && key.isNamed(id) })
	}
	return t.referred(r, attribute)
}

// aliases returns the names of aliases; nil where one is not known.
func (t *terraform) aliases(of []*resource) []string {
	names := []string{}
	for _, r := range of {
		if !r.isThere() {
			continue
		}
		name, known := r.text("name")
		if !known || !strings.HasPrefix(name, "alias/") {
			return nil
		}
		names = append(names, name)
	}
	return names
}

// policy reads the policy of a key from the resource that says it: the key, or its
// aws_kms_key_policy.
func (t *terraform) policy(k *Key, key, source *resource) {
	k.Lines = []int{}
	k.BypassesLockoutCheck = source.after["bypass_policy_lockout_safety_check"] == true
	if !key.isCreated && t.kind == Plan {
		if k.Before = key.was("policy"); k.Before == "" { // the plan has read it from AWS
			k.Before = source.was("policy")
		}
	}
	text, known := source.text("policy")
	switch {
	case key.isDeferred || source.isDeferred:
		k.Unknown = append(k.Unknown, Unknown{Expression: "the change of " + source.address, Reason: "deferred to a later plan"})
	case source.isForgotten, source.isDeleted && source.before["bypass_policy_lockout_safety_check"] == true: // the provider leaves it
		k.Policy = source.was("policy")
	case source.isDeleted: // the provider then sets the API default
		k.IsDefault = true
	case !known && source == key && !t.isConfigured(source, "policy"), known && text == "":
		k.IsDefault = true
	case !known:
		k.Unknown = append(k.Unknown, Unknown{Expression: t.expression(source, "policy"), Reason: afterApply})
	default:
		k.Policy = text
	}
	var problem *policy.Error
	if _, err := policy.Parse(k.Policy); k.Policy != "" && errors.As(err, &problem) {
		k.Problem = &Error{Detail: fmt.Sprintf("the key policy is malformed: %s (%s)", problem.Detail, problem.Code)}
	}
}

// facts reads what kind of key it is, and where.
func (t *terraform) facts(k *Key, r *resource) {
	if !r.isCreated {
		k.ARN = r.was("arn")
	}
	t.place(k, r)
	t.keyType(k, r)
	k.Tags = tagsOf(r)
	for _, attribute := range []string{"customer_master_key_spec", "key_spec", "key_usage", "multi_region", "custom_key_store_id"} {
		if isUnknown(r.unknown[attribute]) && t.isConfigured(r, attribute) {
			k.Unknown = append(k.Unknown, Unknown{Expression: t.expression(r, attribute), Reason: afterApply})
		}
	}
}

// place reads account and Region: from the ARN, else from the resource or its provider.
func (t *terraform) place(k *Key, r *resource) {
	if key, err := policy.ParseKeyARN(k.ARN); err == nil {
		k.Account, k.Region = key.Account, strings.Split(k.ARN, ":")[3]
		return
	}
	k.ARN = ""
	if k.Region, _ = r.text("region"); k.Region == "" {
		k.Region = t.providerRegion(r)
	}
}

// keyType reads the type of a key. CreateKey has defaults for what is left out; the type of a
// replica is the one of its primary.
func (t *terraform) keyType(k *Key, r *resource) {
	k.Type.Spec = defaultpolicy.KeySpec(first(r, "customer_master_key_spec", "key_spec"))
	k.Type.Usage = defaultpolicy.KeyUsage(first(r, "key_usage"))
	k.Type.MultiRegion, k.TypeKnown = defaultpolicy.SingleRegion, true
	switch {
	case strings.Contains(r.kind, "external"):
		k.Type.Origin = defaultpolicy.External
	case first(r, "xks_key_id") != "":
		k.Type.Origin = defaultpolicy.ExternalKeyStore
	case first(r, "custom_key_store_id") != "":
		k.Type.Origin = defaultpolicy.AWSCloudHSM
	}
	if r.after["multi_region"] == true {
		k.Type.MultiRegion = defaultpolicy.Primary
	}
	if !strings.Contains(r.kind, "replica") {
		return
	}
	k.TypeKnown = k.Type.Spec != ""
	id, known := r.text("primary_key_arn")
	if primary := t.keyOf(r, "primary_key_arn", id, known); primary >= 0 && t.resources[primary].kind != r.kind {
		var p Key
		t.keyType(&p, &t.resources[primary])
		k.Type, k.TypeKnown = p.Type, p.TypeKnown
	}
	k.Type.MultiRegion = defaultpolicy.Replica
}

// first returns the first attribute that has a text.
func first(r *resource, names ...string) string {
	for _, name := range names {
		if text, _ := r.text(name); text != "" {
			return text
		}
	}
	return ""
}

// tagsOf returns the tags of a key, with the ones of the provider's default_tags; nil where one
// is not known.
func tagsOf(r *resource) map[string]string {
	name := "tags_all"
	if _, ok := r.after[name]; !ok && !isUnknown(r.unknown[name]) {
		name = "tags"
	}
	if isUnknown(r.unknown[name]) {
		return nil
	}
	tags := map[string]string{}
	for key, value := range attributes(r.after[name]) {
		text, ok := value.(string)
		if !ok {
			return nil
		}
		tags[key] = text
	}
	return tags
}
