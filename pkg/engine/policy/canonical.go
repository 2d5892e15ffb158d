package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
)

// Canonical returns the form that is the same for every spelling of this policy
// that KMS may hand back: it reorders principals, writes an account id as the
// account's root ARN, and may unwrap a list of one. The form has a fixed order
// of elements, sorted lists without duplicates, sorted statements, and in lower
// case what ignores case. Sid, Id and Version stay.
//
// partition is that of the key; it completes account ids to root ARNs.
func (d *Document) Canonical(partition string) string {
	statements := make([]string, len(d.Statements))
	for i := range d.Statements {
		statements[i] = d.Statements[i].canonical(partition)
	}
	slices.Sort(statements)
	version := d.Version
	if version == "" {
		version = Version2008
	}
	return "{" + strconv.Quote(version) + strconv.Quote(d.ID) + strings.Join(statements, "") + "}"
}

// Hash returns the SHA-256 of the canonical form as 64 hexadecimal digits.
func (d *Document) Hash(partition string) string {
	sum := sha256.Sum256([]byte(d.Canonical(partition)))
	return hex.EncodeToString(sum[:])
}

func (s *Statement) canonical(partition string) string {
	principals := make([]string, len(s.Principals.Entries))
	for i, p := range s.Principals.Entries {
		principals[i] = p.canonical(partition)
	}
	return "{" + strconv.Quote(s.SID) + s.Effect.String() +
		"principal" + canonicalList(s.Principals.Negated, principals) +
		"action" + s.Actions.canonical(strings.ToLower) +
		"resource" + s.Resources.canonical(func(v string) string { return v }) +
		CanonicalConditions(s.Conditions) + "}"
}

func (p Principal) canonical(partition string) string {
	if p.Kind == Account && p.Partition == "" {
		return "AWS:arn:" + partition + ":iam::" + p.AccountID + ":root"
	}
	return p.Kind.element() + ":" + p.Text
}

func (l List) canonical(fold func(string) string) string {
	if !l.Present {
		return "-"
	}
	values := make([]string, len(l.Values))
	for i, v := range l.Values {
		values[i] = fold(v)
	}
	return canonicalList(l.Negated, values)
}

// canonicalList sorts values in place.
func canonicalList(negated bool, values []string) string {
	slices.Sort(values)
	values = slices.Compact(values)
	var b strings.Builder
	if negated {
		b.WriteByte('!')
	}
	b.WriteByte('[')
	for _, v := range values {
		b.WriteString(strconv.Quote(v))
	}
	b.WriteByte(']')
	return b.String()
}

// CanonicalConditions returns the canonical form of a condition block: the same
// for two blocks that differ only in order, in the case of condition keys, or
// in repeated values. No condition gives "[]".
func CanonicalConditions(conditions []Condition) string {
	list := make([]string, len(conditions))
	for i, c := range conditions {
		list[i] = c.Operator.String() + " " + strconv.Quote(strings.ToLower(c.Key)) + canonicalList(false, slices.Clone(c.Values))
	}
	slices.Sort(list)
	return "[" + strings.Join(slices.Compact(list), ",") + "]"
}
