package template

import (
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// path returns the names of the modules in an address, without their indexes.
func path(module string) []string {
	parts := strings.Split(withoutIndexes(module), ".")
	var names []string
	for i := 1; i < len(parts); i += 2 {
		names = append(names, parts[i])
	}
	return names
}

// withoutIndexes returns an address without what stands in brackets.
func withoutIndexes(address string) string {
	var b strings.Builder
	depth, quote := 0, false
	for i := 0; i < len(address); i++ {
		switch c := address[i]; {
		case quote && c == '\\':
			i++
		case depth > 0 && c == '"':
			quote = !quote
		case quote:
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// moduleAt returns the configuration of a module by its path; nil where there is none.
func (t *terraform) moduleAt(path []string) *tfjson.ConfigModule {
	if t.config == nil {
		return nil
	}
	m := t.config.RootModule
	for _, name := range path {
		if m == nil || m.ModuleCalls[name] == nil {
			return nil
		}
		m = m.ModuleCalls[name].Module
	}
	return m
}

// configured returns the configuration of a resource; nil where there is none.
func (t *terraform) configured(r *resource) *tfjson.ConfigResource {
	m := t.moduleAt(path(r.module))
	if m == nil {
		return nil
	}
	for _, c := range m.Resources {
		if c != nil && c.Type == r.kind && c.Name == r.name {
			return c
		}
	}
	return nil
}

// isConfigured tells whether the configuration gives an attribute a value. It may where there
// is no configuration to look at.
func (t *terraform) isConfigured(r *resource, attribute string) bool {
	c := t.configured(r)
	return c == nil || c.Expressions[attribute] != nil
}

// expression says what an attribute refers to.
func (t *terraform) expression(r *resource, attribute string) string {
	text := attribute
	if c := t.configured(r); c != nil {
		if refs := longest(references(c.Expressions[attribute])); len(refs) > 0 {
			text += ", which refers to " + strings.Join(refs, ", ")
		}
	}
	if r.kind == "aws_kms_key_policy" {
		text += " in " + r.address
	}
	return text
}

// references returns what an expression refers to.
func references(e *tfjson.Expression) []string {
	if e == nil || e.ExpressionData == nil {
		return nil
	}
	return e.References
}

// longest leaves out the references that are the start of another one: Terraform lists both
// aws_kms_key.a.arn and aws_kms_key.a.
func longest(refs []string) []string {
	var kept []string
	for _, ref := range refs {
		isPrefix := func(other string) bool { return strings.HasPrefix(other, ref+".") || strings.HasPrefix(other, ref+"[") }
		if !slices.ContainsFunc(refs, isPrefix) && !slices.Contains(kept, ref) {
			kept = append(kept, ref)
		}
	}
	return kept
}

// origin is a resource in the configuration, which may have many instances.
type origin struct {
	path       []string
	kind, name string
	ref        string // the reference as it was written, such as aws_kms_key.a[0].arn
}

// origins follows references through variables and outputs of modules to keys. For what leads
// to anything else there is an origin without a kind.
func (t *terraform) origins(path, refs []string, depth int) []origin {
	var found []origin
	for _, ref := range longest(refs) {
		parts := strings.Split(withoutIndexes(ref), ".")
		switch {
		case isIndex(ref), parts[0] == "var" && len(path) == 0: // a value that the plan has
		case slices.Contains(keyKinds, parts[0]) && len(parts) > 1:
			found = append(found, origin{slices.Clone(path), parts[0], parts[1], ref})
		default:
			next := t.behind(path, parts, depth)
			if next == nil {
				next = []origin{{}}
			}
			found = append(found, next...)
		}
		if len(found) > 100 {
			return append(found, origin{})
		}
	}
	return found
}

// behind returns the origins behind a variable of a module, or an output of one; nil for none.
func (t *terraform) behind(path, parts []string, depth int) []origin {
	switch {
	case depth > 20:
	case parts[0] == "var" && len(parts) > 1:
		above, name := path[:len(path)-1], path[len(path)-1]
		if m := t.moduleAt(above); m != nil && m.ModuleCalls[name] != nil {
			return t.origins(above, references(m.ModuleCalls[name].Expressions[parts[1]]), depth+1)
		}
	case parts[0] == "module" && len(parts) > 2:
		below := append(slices.Clone(path), parts[1])
		if m := t.moduleAt(below); m != nil && m.Outputs[parts[2]] != nil {
			return t.origins(below, references(m.Outputs[parts[2]].Expression), depth+1)
		}
	}
	return nil
}

// isIndex tells whether a reference is the index of the instance that refers.
func isIndex(ref string) bool { return ref == "each.key" || ref == "count.index" }

// referred returns the index of the one key that an attribute of a resource refers to; -1 where
// that is none or not sure.
func (t *terraform) referred(r *resource, attribute string) int {
	c := t.configured(r)
	if c == nil {
		return -1
	}
	refs := references(c.Expressions[attribute])
	byIndex := slices.ContainsFunc(refs, isIndex)
	var candidates []int
	for _, o := range t.origins(path(r.module), refs, 0) {
		if o.kind == "" {
			return -1
		}
		for i := range t.resources {
			key := &t.resources[i]
			if key.isKey() && o.mayBe(key, r, byIndex) && !slices.Contains(candidates, i) {
				candidates = append(candidates, i)
			}
		}
	}
	if len(candidates) != 1 {
		return -1
	}
	return candidates[0]
}

// mayBe tells whether an instance of a key is the one that a resource refers to: in the same
// instance of a module, and with the index that the reference has. byIndex says that the
// reference has the index of the resource itself.
func (o origin) mayBe(key, r *resource, byIndex bool) bool {
	switch {
	case key.kind != o.kind, key.name != o.name, !slices.Equal(path(key.module), o.path):
		return false
	case withoutIndexes(key.module) == withoutIndexes(r.module) && key.module != r.module:
		return false
	}
	if rest, ok := strings.CutPrefix(o.ref, key.kind+"."+key.name+"["); ok {
		return strings.HasPrefix("["+rest, key.index) && key.index != ""
	}
	return !byIndex || key.index == r.index
}

// providerRegion returns the Region of the provider of a resource; "" where it is not known.
func (t *terraform) providerRegion(r *resource) string {
	c := t.configured(r)
	if c == nil || t.config.ProviderConfigs[c.ProviderConfigKey] == nil {
		return ""
	}
	e := t.config.ProviderConfigs[c.ProviderConfigKey].Expressions["region"]
	if e == nil || e.ExpressionData == nil {
		return ""
	}
	if region, ok := e.ConstantValue.(string); ok {
		return region
	}
	if name, ok := strings.CutPrefix(strings.Join(e.References, " "), "var."); ok && t.variables[name] != nil {
		region, _ := t.variables[name].Value.(string)
		return region
	}
	return ""
}
