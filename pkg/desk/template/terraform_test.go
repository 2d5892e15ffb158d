package template_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
)

// Values of the plans below.
const (
	oneKey, otherKey = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
	otherPolicy      = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"kms:*","Resource":"*"}}`
)

type object = map[string]any

// change is one resource of a plan; nil for before or after is none.
func change(address string, before, after, unknown object, actions ...string) object {
	parts := strings.Split(address, ".")
	kind, name, _ := strings.Cut(strings.Join(parts[len(parts)-2:], "."), ".")
	name, index, isIndexed := strings.Cut(name, "[")
	c := object{
		"address": address, "mode": "managed", "type": kind, "name": name,
		"change": object{"actions": actions, "before": before, "after": after, "after_unknown": unknown},
	}
	if len(parts) > 2 {
		c["module_address"] = strings.Join(parts[:len(parts)-2], ".")
	}
	if isIndexed {
		var value any
		if json.Unmarshal([]byte(strings.TrimSuffix(index, "]")), &value) == nil {
			c["index"] = value
		}
	}
	return c
}

// live is a key that is there, under a policy.
func live(id, policy string) object {
	return object{"arn": "arn:aws:kms:eu-central-1:111122223333:key/" + id, "key_id": id, "customer_master_key_spec": "SYMMETRIC_DEFAULT", "policy": policy, "tags_all": object{}}
}

// attached is an aws_kms_key_policy.
func attached(id string) object { return object{"key_id": id, "policy": otherPolicy} }

// expression is the configuration of a resource with one attribute that refers to something.
func expression(address, attribute string, references ...string) object {
	kind, name, _ := strings.Cut(address, ".")
	return object{"address": address, "mode": "managed", "type": kind, "name": name, "provider_config_key": "aws", "expressions": object{attribute: object{"references": references}}}
}

func module(resources ...object) object { return object{"resources": resources} }

func TestWhichPolicyAPlanGivesAKey(t *testing.T) {
	key := change("aws_kms_key.k", live(oneKey, accountPolicy), live(oneKey, accountPolicy), nil, "no-op")
	fresh := func(address string) object {
		return change(address, nil, object{"customer_master_key_spec": "SYMMETRIC_DEFAULT", "tags_all": object{}}, object{"arn": true, "key_id": true, "policy": true, "multi_region": true}, "create")
	}
	policyOf := func(address string) object {
		return change(address, nil, object{"policy": otherPolicy}, object{"key_id": true}, "create")
	}
	bypassing := attached(oneKey)
	bypassing["bypass_policy_lockout_safety_check"] = true
	root := func(resources ...object) object { return object{"root_module": module(resources...)} }
	noPolicy := expression("aws_kms_key.k", "description")

	tests := []struct {
		because string
		changes []object
		config  object
		want    string // of each key: own, other or default policy, or what is unknown
	}{
		{"its own", []object{key}, nil, "own"},
		{"the resource for the policy counts", []object{key, change("aws_kms_key_policy.p", attached(oneKey), attached(oneKey), nil, "no-op")}, nil, "other"},
		{"by ARN, too", []object{key, change("aws_kms_key_policy.p", nil, attached(live(oneKey, "")["arn"].(string)), nil, "create")}, nil, "other"},
		{"of a key elsewhere", []object{key, change("aws_kms_key_policy.p", nil, attached(otherKey), nil, "create")}, nil, "own, other"},
		{"deleting it sets the default", []object{key, change("aws_kms_key_policy.p", attached(oneKey), nil, nil, "delete")}, nil, "default"},
		{"but where it bypasses the lockout check, nothing", []object{key, change("aws_kms_key_policy.p", bypassing, nil, nil, "delete")}, nil, "other"},
		{"forgetting it leaves it", []object{key, change("aws_kms_key_policy.p", attached(oneKey), nil, nil, "forget")}, nil, "other"},
		{"two", []object{key, change("aws_kms_key_policy.p", nil, attached(oneKey), nil, "create"), change("aws_kms_key_policy.q", nil, attached(oneKey), nil, "create")}, nil, "! the key has 2 policies: aws_kms_key_policy.p and aws_kms_key_policy.q"},
		{"one goes and one comes", []object{key, change("aws_kms_key_policy.p", attached(oneKey), nil, nil, "delete"), change("aws_kms_key_policy.q", nil, attached(oneKey), nil, "create")}, nil, "? whether aws_kms_key_policy.p is deleted before aws_kms_key_policy.q is written"},
		{"from one key to another", []object{key, change("aws_kms_key.l", live(otherKey, accountPolicy), live(otherKey, accountPolicy), nil, "no-op"), change("aws_kms_key_policy.p", attached(oneKey), attached(otherKey), nil, "update")}, nil, "? which key has the policy of aws_kms_key_policy.p, ? which key has the policy of aws_kms_key_policy.p"},
		{"from one key to another, by a new resource", []object{key, change("aws_kms_key.l", live(otherKey, accountPolicy), live(otherKey, accountPolicy), nil, "no-op"), change("aws_kms_key_policy.p", attached(oneKey), attached(otherKey), nil, "delete", "create")}, nil, "default, other"},
		{"a new resource for the same key", []object{key, change("aws_kms_key_policy.p", attached(oneKey), attached(oneKey), nil, "delete", "create")}, nil, "other"},
		{"which is made before the old one is deleted", []object{key, change("aws_kms_key_policy.p", attached(oneKey), attached(oneKey), nil, "create", "delete")}, nil, "? whether the new aws_kms_key_policy.p is written before the old one is deleted"},
		{"the key's own changes, the other does not", []object{change("aws_kms_key.k", live(oneKey, otherPolicy), live(oneKey, accountPolicy), nil, "update"), change("aws_kms_key_policy.p", attached(oneKey), attached(oneKey), nil, "no-op")}, nil, "? whether the policy of aws_kms_key.k or of aws_kms_key_policy.p counts"},
		{"a key that is deleted", []object{change("aws_kms_key.k", live(oneKey, accountPolicy), nil, nil, "delete")}, nil, ""},
		{"a key that is forgotten", []object{change("aws_kms_key.k", live(oneKey, accountPolicy), nil, nil, "forget")}, nil, ""},
		{"a data source", []object{{"address": "data.aws_kms_key.k", "mode": "data", "type": "aws_kms_key", "name": "k", "change": object{"actions": []string{"read"}}}}, nil, ""},
		{"what a replacement leaves to delete", []object{{"address": "aws_kms_key.k", "mode": "managed", "type": "aws_kms_key", "name": "k", "deposed": "1234", "change": object{"actions": []string{"delete"}}}}, nil, ""},

		{"a new key without a policy", []object{fresh("aws_kms_key.k")}, root(noPolicy), "default"},
		{"without a configuration to look at", []object{fresh("aws_kms_key.k")}, nil, "? multi_region"},
		{"a policy that is known after apply", []object{fresh("aws_kms_key.k")}, root(expression("aws_kms_key.k", "policy", "aws_iam_role.r.arn", "aws_iam_role.r")), "? policy, which refers to aws_iam_role.r.arn"},
		{"by reference", []object{fresh("aws_kms_key.k"), policyOf("aws_kms_key_policy.p")}, root(noPolicy, expression("aws_kms_key_policy.p", "key_id", "aws_kms_key.k.id", "aws_kms_key.k")), "other"},
		{"a local value may be any key", []object{fresh("aws_kms_key.k"), policyOf("aws_kms_key_policy.p")}, root(noPolicy, expression("aws_kms_key_policy.p", "key_id", "local.key")), "? the key of aws_kms_key_policy.p, other"},
		{"one of two keys", []object{fresh("aws_kms_key.k"), fresh("aws_kms_key.l"), policyOf("aws_kms_key_policy.p")}, root(noPolicy, expression("aws_kms_key.l", "description"), expression("aws_kms_key_policy.p", "key_id", "aws_kms_key.k.id", "aws_kms_key.k", "aws_kms_key.l.id", "aws_kms_key.l")), "? the key of aws_kms_key_policy.p, ? the key of aws_kms_key_policy.p, other"},
		{"by the same index", []object{fresh("aws_kms_key.k[0]"), fresh("aws_kms_key.k[1]"), policyOf("aws_kms_key_policy.p[1]"), policyOf("aws_kms_key_policy.p[0]")}, root(noPolicy, expression("aws_kms_key_policy.p", "key_id", "aws_kms_key.k", "count.index")), "other, other"},
		{"by an index", []object{fresh("aws_kms_key.k[0]"), fresh("aws_kms_key.k[1]"), policyOf("aws_kms_key_policy.p")}, root(noPolicy, expression("aws_kms_key_policy.p", "key_id", "aws_kms_key.k[1].id", "aws_kms_key.k[1]", "aws_kms_key.k")), "default, other"},
		{"by an index that is not known", []object{fresh("aws_kms_key.k[0]"), fresh("aws_kms_key.k[1]"), policyOf("aws_kms_key_policy.p")}, root(noPolicy, expression("aws_kms_key_policy.p", "key_id", "aws_kms_key.k", "each.value")), "? the key of aws_kms_key_policy.p, ? the key of aws_kms_key_policy.p, other"},
		{
			"through an output of a module", []object{fresh("module.m.aws_kms_key.k"), policyOf("aws_kms_key_policy.p")},
			object{"root_module": object{
				"resources": []object{expression("aws_kms_key_policy.p", "key_id", "module.m.id", "module.m")},
				"module_calls": object{"m": object{"module": object{
					"resources": []object{noPolicy}, "outputs": object{"id": object{"expression": object{"references": []string{"aws_kms_key.k.key_id", "aws_kms_key.k"}}}},
				}}},
			}}, "other",
		},
		{
			"through a variable of a module", []object{fresh("aws_kms_key.k"), policyOf("module.m.aws_kms_key_policy.p")},
			object{"root_module": object{
				"resources": []object{noPolicy},
				"module_calls": object{"m": object{
					"expressions": object{"id": object{"references": []string{"aws_kms_key.k.key_id", "aws_kms_key.k"}}},
					"module":      module(expression("aws_kms_key_policy.p", "key_id", "var.id")),
				}},
			}}, "other",
		},
		{
			"an output that leads to itself", []object{fresh("module.m.aws_kms_key.k"), policyOf("aws_kms_key_policy.p")},
			object{"root_module": object{
				"resources": []object{expression("aws_kms_key_policy.p", "key_id", "module.m.id", "module.m")},
				"module_calls": object{"m": object{
					"expressions": object{"x": object{"references": []string{"module.m.id"}}},
					"module":      object{"resources": []object{noPolicy}, "outputs": object{"id": object{"expression": object{"references": []string{"var.x"}}}}},
				}},
			}}, "? the key of aws_kms_key_policy.p, other",
		},
	}
	for _, test := range tests {
		t.Run(test.because, func(t *testing.T) {
			text, err := json.Marshal(object{"format_version": "1.2", "planned_values": object{}, "resource_changes": test.changes, "configuration": test.config})
			if err != nil {
				t.Fatal(err)
			}
			f, err := template.Read(text, here)
			if err != nil {
				t.Fatal(err)
			}
			checkKeys(t, f)
			var got []string
			for _, k := range f.Keys {
				got = append(got, policyOfKey(k))
			}
			if s := strings.Join(got, ", "); s != test.want {
				t.Errorf("got %s, want %s", s, test.want)
			}
		})
	}
}

// policyOfKey says in a word which policy a key has.
func policyOfKey(k template.Key) string {
	switch {
	case k.Problem != nil:
		return "! " + k.Problem.Error()
	case k.Unknown != nil:
		return "? " + k.Unknown[0].Expression
	case k.IsDefault:
		return "default"
	case k.Policy == accountPolicy:
		return "own"
	case k.Policy == otherPolicy:
		return "other"
	default:
		return k.Policy
	}
}
