package template

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// terraformKind tells what of Terraform a JSON object is; "" for nothing that has keys.
// https://developer.hashicorp.com/terraform/internals/json-format
func terraformKind(top map[string]json.RawMessage) Kind {
	has := func(name string) bool { _, ok := top[name]; return ok }
	switch {
	case !has("format_version"):
		return ""
	case has("planned_values"), has("resource_changes"):
		return Plan
	case has("values"), len(top) == 1, len(top) == 2 && has("terraform_version"): // the latter two of an empty state
		return State
	default:
		return ""
	}
}

// terraform is what a plan or a state says.
type terraform struct {
	kind      Kind
	resources []resource // those about keys, by address
	config    *tfjson.Config
	variables map[string]*tfjson.PlanVariable
}

// resource is one instance of a resource.
type resource struct {
	address, module, kind, name, index string
	// before and after are the attributes before and after the change; nil where there is none.
	// Of a state, both are the same.
	before, after map[string]any
	// unknown are the attributes that are known after apply.
	unknown map[string]any
	// isCreated is true for a new resource, also for one in place of another; hasLateDeletion is true
	// where that one is deleted after it. isDeferred is true for one of a later plan.
	isCreated, hasLateDeletion, isDeleted, isForgotten, isDeferred bool
}

// keyKinds are the resources that are keys.
// https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/kms_key
var keyKinds = []string{"aws_kms_key", "aws_kms_external_key", "aws_kms_replica_key", "aws_kms_replica_external_key"}

// otherKinds are keys of another provider, whose attributes are not read.
// https://registry.terraform.io/providers/hashicorp/awscc/latest/docs/resources/kms_key
var otherKinds = []string{"awscc_kms_key", "awscc_kms_replica_key"}

// aboutKeys tells whether a resource is a key, or says something of one.
func aboutKeys(kind string) bool {
	return slices.Contains(keyKinds, kind) || slices.Contains(otherKinds, kind) || kind == "aws_kms_key_policy" || kind == "aws_kms_alias"
}

// fromTerraform finds the keys of a plan or state.
func fromTerraform(kind Kind, text []byte) (File, error) {
	t := terraform{kind: kind}
	if kind == Plan {
		var plan tfjson.Plan
		if err := json.Unmarshal(text, &plan); err != nil {
			return File{}, &Error{Detail: "the Terraform plan cannot be read: " + err.Error()}
		}
		var end struct{ Errored bool }
		if err := json.Unmarshal(text, &end); err != nil || end.Errored {
			return File{}, &Error{Detail: "the Terraform plan ended with an error, so it is not complete; plan again"}
		}
		t.config, t.variables = plan.Config, plan.Variables
		t.addPlan(plan)
	} else {
		var state tfjson.State
		if err := json.Unmarshal(text, &state); err != nil {
			return File{}, &Error{Detail: "the Terraform state cannot be read: " + err.Error()}
		}
		if state.Values != nil {
			t.addModule(state.Values.RootModule, 0)
		}
	}
	slices.SortStableFunc(t.resources, func(a, b resource) int { return cmp.Compare(a.address, b.address) })
	return File{Kind: kind, Keys: t.keys()}, nil
}

// addPlan adds the resources of a plan.
func (t *terraform) addPlan(plan tfjson.Plan) {
	for _, change := range plan.ResourceChanges {
		t.addChange(change, false)
	}
	for _, deferred := range plan.DeferredChanges {
		if deferred != nil {
			t.addChange(deferred.ResourceChange, true)
		}
	}
}

// addChange adds a resource of a plan. A deposed object is one that a replacement left to delete.
func (t *terraform) addChange(c *tfjson.ResourceChange, isDeferred bool) {
	if c == nil || c.Change == nil || c.Mode == tfjson.DataResourceMode || !aboutKeys(c.Type) || c.DeposedKey != "" {
		return
	}
	actions := c.Change.Actions
	t.resources = append(t.resources, resource{
		address: c.Address, module: c.ModuleAddress, kind: c.Type, name: c.Name, index: indexOf(c.Index),
		before: attributes(c.Change.Before), after: attributes(c.Change.After), unknown: attributes(c.Change.AfterUnknown),
		isCreated:       slices.Contains(actions, tfjson.ActionCreate),
		hasLateDeletion: len(actions) > 1 && actions[len(actions)-1] == tfjson.ActionDelete,
		isDeleted:       slices.Contains(actions, tfjson.ActionDelete) && !slices.Contains(actions, tfjson.ActionCreate),
		isForgotten:     slices.Contains(actions, tfjson.ActionForget), isDeferred: isDeferred,
	})
}

// addModule adds the resources of a module of a state, and of the modules in it.
func (t *terraform) addModule(m *tfjson.StateModule, depth int) {
	if m == nil || depth > maxDepth {
		return
	}
	for _, r := range m.Resources {
		if r == nil || r.Mode == tfjson.DataResourceMode || !aboutKeys(r.Type) || r.DeposedKey != "" {
			continue
		}
		t.resources = append(t.resources, resource{
			address: r.Address, module: m.Address, kind: r.Type, name: r.Name, index: indexOf(r.Index), before: r.AttributeValues, after: r.AttributeValues,
		})
	}
	for _, child := range m.ChildModules {
		t.addModule(child, depth+1)
	}
}

// attributes returns an object of a plan; nil for anything else.
func attributes(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

// indexOf returns the index of a resource with count or for_each as its address has it.
func indexOf(index any) string {
	if index == nil {
		return ""
	}
	text, err := json.Marshal(index)
	if err != nil {
		return "" // an index is a number or a text
	}
	return "[" + string(text) + "]"
}

// isKey tells whether the resource is a key that is there after the change.
func (r *resource) isKey() bool {
	return slices.Contains(keyKinds, r.kind) && r.isThere()
}

// isThere tells whether the resource is there after the change.
func (r *resource) isThere() bool { return !r.isDeleted && !r.isForgotten }

// text returns an attribute after the change. known is false where it is known after apply.
func (r *resource) text(attribute string) (value string, known bool) {
	if isUnknown(r.unknown[attribute]) {
		return "", false
	}
	value, _ = r.after[attribute].(string)
	return value, true
}

// isUnknown tells whether something in a value is known after apply.
func isUnknown(value any) bool {
	switch v := value.(type) {
	case bool:
		return v
	case map[string]any:
		for _, inner := range v {
			if isUnknown(inner) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, isUnknown)
	}
	return false
}

// was returns an attribute before the change; "" where there was none.
func (r *resource) was(attribute string) string {
	value, _ := r.before[attribute].(string)
	return value
}

// hasChange tells whether the plan changes an attribute.
func (r *resource) hasChange(attribute string) bool {
	after, known := r.text(attribute)
	return !known || after != r.was(attribute)
}

// hasMoved tells whether an aws_kms_key_policy is for another key than before.
func (r *resource) hasMoved() bool {
	return r.was("key_id") != "" && r.isThere() && r.hasChange("key_id")
}

// gone returns the resource that a new one replaces.
func (r *resource) gone() *resource {
	old := *r
	old.isCreated, old.isDeleted = false, true
	return &old
}

// isNamed tells whether an id or ARN is the key's, as it was before the change.
func (r *resource) isNamed(id string) bool {
	if id == "" || r.isCreated {
		return false
	}
	id, _, _ = strings.Cut(id, "#")
	for _, attribute := range []string{"key_id", "arn", "id"} {
		if r.was(attribute) == id {
			return true
		}
	}
	return false
}
