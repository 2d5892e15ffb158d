package template

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// template is a CloudFormation template, by section.
type template struct {
	place      Place
	parameters map[string]*node
	mappings   *node
	conditions map[string]*node
	resources  map[string]*node
	order      []entry // the resources in their order
	// referred are the references of a resource that were looked for already.
	referred   map[string][]string
	transforms []*node // those that may change any part of the template
}

// fromTemplate finds the keys of a template.
func fromTemplate(root *node, place Place) (File, error) {
	t := &template{
		place: place, referred: map[string][]string{}, mappings: root.get("Mappings"),
		parameters: byName(root.get("Parameters")), conditions: byName(root.get("Conditions")), resources: byName(root.get("Resources")),
	}
	if resources := root.get("Resources"); resources != nil {
		if resources.kind != mapping {
			return File{}, resources.fail("Resources is no mapping of logical ids")
		}
		t.order = resources.entries
	}
	t.transforms = append(macros(root.get("Transform")), macros(root.get("Resources").get("Fn::Transform"))...)
	f := File{Kind: CloudFormation}
	for _, e := range t.order {
		switch kind, _ := e.value.get("Type").scalar(); {
		case strings.HasPrefix(e.name.text, "Fn::ForEach::") && strings.Contains(textOf(e.value, maxTemplateBytes), "AWS::KMS::"):
			f.Keys = append(f.Keys, Key{Resource: e.name.text, Line: e.name.line, Unknown: []Unknown{{e.name.text, e.name.line, "the loop makes its keys at deployment"}}})
		case kind == "AWS::KMS::Key", kind == "AWS::KMS::ReplicaKey":
			f.Keys = append(f.Keys, t.key(e.name, e.value, kind))
		}
	}
	t.name(f.Keys)
	return f, nil
}

// byName returns the entries of a section.
func byName(section *node) map[string]*node {
	all := map[string]*node{}
	if section != nil {
		for _, e := range section.entries {
			all[e.name.text] = e.value
		}
	}
	return all
}

// macros returns the transforms that are not AWS's own: what they make of a template is known
// at deployment only. AWS's own leave resources of KMS as they are.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/transform-reference.html
func macros(transform *node) []*node {
	if transform == nil {
		return nil
	}
	all := transform.items
	if transform.kind != list {
		all = []*node{transform}
	}
	return slices.DeleteFunc(slices.Clone(all), func(n *node) bool {
		return n.kind == word && slices.Contains([]string{"AWS::Serverless-2016-10-31", "AWS::LanguageExtensions", "AWS::SecretsManager-2020-07-23", "AWS::SecretsManager-2024-09-16", "AWS::CodeDeployBlueGreen"}, n.text)
	})
}

// key reads one key.
func (t *template) key(id, resource *node, kind string) Key {
	k := Key{Resource: id.text, Line: id.line}
	k.Account, k.Region = t.place.Account, t.place.Region
	if cycle := t.cycle(id.text); cycle != nil {
		k.Problem = id.fail("the resources refer to each other in a circle: %s", strings.Join(cycle, ", "))
		return k
	}
	r := t.resolver(resource)
	properties := resource.get("Properties")
	switch {
	case properties != nil && properties.kind != mapping:
		k.Problem = properties.fail("Properties is no mapping")
		return k
	case properties.has("Fn::Transform"):
		r.unknown(properties, "a macro makes them")
	}
	for _, macro := range t.transforms {
		k.Unknown = append(k.Unknown, Unknown{"the transform " + shortened(textOf(macro, 1<<10)), macro.line, "it may rewrite any part of the template"})
	}
	readFacts(r, &k, properties, kind)
	readTags(r, &k, properties.get("Tags"))
	r.unknowns = nil // those of tags leave the tags open only
	readPolicy(r, &k, id, properties.get("KeyPolicy"), kind)
	k.Unknown = append(k.Unknown, r.unknowns...)
	k.Assumed = r.assumed
	k.Problem = r.problem(k.Problem)
	return k.knownOnly()
}

// readFacts reads what kind of key it is.
func readFacts(r *resolver, k *Key, properties *node, kind string) {
	if kind == "AWS::KMS::ReplicaKey" {
		k.Type.MultiRegion = defaultpolicy.Replica // spec, usage and origin are those of the primary
		return
	}
	k.TypeKnown = true
	k.Type.Spec = defaultpolicy.KeySpec(r.text(properties.get("KeySpec")))
	k.Type.Usage = defaultpolicy.KeyUsage(r.text(properties.get("KeyUsage")))
	k.Type.Origin = defaultpolicy.Origin(r.text(properties.get("Origin")))
	k.Type.MultiRegion = defaultpolicy.SingleRegion
	if isTrue(r.text(properties.get("MultiRegion"))) {
		k.Type.MultiRegion = defaultpolicy.Primary
	}
	k.BypassesLockoutCheck = isTrue(r.text(properties.get("BypassPolicyLockoutSafetyCheck")))
	k.Unknown = append(k.Unknown, r.unknowns...)
}

// isTrue tells whether a text is one that YAML 1.1 reads as true.
func isTrue(text string) bool {
	return slices.Contains([]string{"true", "yes", "on", "y"}, strings.ToLower(text))
}

// readTags reads the tags of a key.
func readTags(r *resolver, k *Key, tags *node) {
	k.Tags = map[string]string{}
	before := len(r.unknowns)
	all := r.resolve(tags)
	if len(r.unknowns) > before {
		k.Tags = nil
		return
	}
	if all == nil {
		return
	}
	for _, tag := range all.items {
		name, ok := tag.get("Key").scalar()
		value, okValue := tag.get("Value").scalar()
		if !ok || !okValue {
			r.broken(tag.fail("a tag without Key and Value"))
			return
		}
		k.Tags[name] = value
	}
}

// readPolicy reads the policy of a key.
func readPolicy(r *resolver, k *Key, id, property *node, kind string) {
	if property == nil && kind == "AWS::KMS::ReplicaKey" {
		r.broken(id.fail("the replica key has no KeyPolicy, which CloudFormation requires"))
		return
	}
	value := r.resolve(property)
	switch {
	case len(r.unknowns) > 0 || r.err != nil:
	case value == nil:
		k.IsDefault = true
	case value.kind == word:
		r.broken(value.fail("KeyPolicy is a text; CloudFormation takes the policy as a value, so write it without quotes"))
	case value.kind != mapping:
		r.broken(value.fail("KeyPolicy is no policy"))
	default:
		k.Policy, k.Lines = policyText(value)
		if _, err := policy.Parse(k.Policy); err != nil {
			r.broken(malformed(value, k, err))
		}
	}
}

// name gives each key its aliases.
func (t *template) name(keys []Key) {
	for i := range keys {
		keys[i].Aliases = []string{}
	}
	for _, e := range t.order {
		if kind, _ := e.value.get("Type").scalar(); kind != "AWS::KMS::Alias" {
			continue
		}
		properties := e.value.get("Properties")
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Resource == target(properties.get("TargetKeyId")) })
		if i < 0 {
			continue // the alias of a key that is not in the template
		}
		r := t.resolver(e.value)
		name := r.text(properties.get("AliasName"))
		switch {
		case r.err != nil || len(r.unknowns) > 0 || !strings.HasPrefix(name, "alias/"):
			keys[i].Aliases = nil
		case keys[i].Aliases != nil:
			keys[i].Aliases = append(keys[i].Aliases, name)
		}
	}
}

// target returns the logical id that a value refers to; "" where it refers to none.
func target(n *node) string {
	if n == nil || n.kind != mapping || len(n.entries) != 1 {
		return ""
	}
	argument := n.entries[0].value
	switch n.entries[0].name.text {
	case "Ref":
		return argument.text
	case "Fn::GetAtt":
		if argument.kind == list && len(argument.items) > 0 {
			return argument.items[0].text
		}
		resource, _, _ := strings.Cut(argument.text, ".")
		return resource
	case "Fn::Sub":
		if inner, ok := strings.CutPrefix(argument.text, "${"); ok && strings.HasSuffix(inner, "}") {
			resource, _, _ := strings.Cut(strings.TrimSuffix(inner, "}"), ".")
			return resource
		}
	}
	return ""
}
