package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/box"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// conditionWords says in words when a difference shows; "" for always.
func (c *comparison) conditionWords(boxes []box.Box) string {
	const most = 3
	var words []string
	for i, b := range boxes {
		if len(words) == most {
			words = append(words, fmt.Sprintf("in %d more cases", len(boxes)-i))
			break
		}
		text := c.reader.space.words(b)
		if text == "" {
			return ""
		}
		if !slices.Contains(words, text) {
			words = append(words, text)
		}
	}
	return strings.Join(words, "; or ")
}

// principalWords names the subjects of rows, groups in words.
func (c *comparison) principalWords(rows []row) []string {
	roles := map[string]bool{}
	for _, r := range rows {
		if r.subject.kind == evaluation.RolePrincipal {
			roles[r.subject.arn] = true
		}
	}
	var words []string
	for _, group := range groupBy(rows, func(r row) string { return r.subject.groupID }) {
		if s := group[0].subject; s.group == otherSession && roles[s.roleARN] {
			continue // to name a role is to name its sessions
		}
		words = append(words, c.groupWords(group)...)
	}
	return words
}

// groupWords names the subjects of one group.
func (c *comparison) groupWords(rows []row) []string {
	s := rows[0].subject
	other := "" // beside named ones, a group is "every other"
	if slices.ContainsFunc(c.subjects, func(n subject) bool { return n.group == named && n.account == s.account }) {
		other = "other "
	}
	switch s.group {
	case named:
		return []string{s.arn}
	case otherSession:
		return []string{"every other session of role " + s.name + " of account " + s.account}
	case otherService:
		if c.count(s, func(*subject) bool { return true }) > 1 {
			return []string{"services such as " + s.arn}
		}
		return []string{"every " + other + "AWS service"}
	case otherAccount:
		return c.accountWords(rows, "", "any other account")
	default:
		return c.accountWords(rows, other, "account "+s.account)
	}
}

// accountWords names unnamed principals of one account, or of all other accounts:
// all of them, all of a type, or those like an example.
func (c *comparison) accountWords(rows []row, other, of string) []string {
	s := rows[0].subject
	all := c.count(s, func(*subject) bool { return true })
	roots := c.count(s, func(o *subject) bool { return o.kind == evaluation.RootPrincipal })
	withRoot := slices.ContainsFunc(rows, func(r row) bool { return r.subject.kind == evaluation.RootPrincipal })
	switch {
	case len(rows) == all:
		return []string{"every " + other + "principal of " + of}
	case len(rows) == all-roots && !withRoot:
		return []string{"every " + other + "principal of " + of + " but its root user"}
	}
	var words []string
	for _, ofKind := range groupBy(rows, func(r row) evaluation.PrincipalType { return r.subject.kind }) {
		kind := ofKind[0].subject.kind
		if len(ofKind) == c.count(s, func(o *subject) bool { return o.kind == kind }) {
			words = append(words, "every "+other+typeWords(kind)+" of "+of)
			continue
		}
		for _, r := range ofKind {
			words = append(words, typeWords(kind)+"s such as "+r.subject.arn)
		}
	}
	return words
}

// count returns how many subjects of the same group satisfy a condition.
func (c *comparison) count(s *subject, counts func(*subject) bool) int {
	n := 0
	for i := range c.subjects {
		if o := &c.subjects[i]; o.groupID == s.groupID && counts(o) {
			n++
		}
	}
	return n
}

func typeWords(t evaluation.PrincipalType) string {
	switch t {
	case evaluation.SessionPrincipal:
		return "role session"
	case evaluation.FederatedPrincipal:
		return "federated user"
	case evaluation.RootPrincipal:
		return "root user"
	default:
		return string(t)
	}
}

// words says a box as a person would.
func (sp *space) words(b box.Box) string {
	var parts []string
	for i := 0; i < len(b); i++ {
		d := &sp.about[b[i].Dimension]
		switch {
		case d.key == nil: // opaque
		case d.key.multi:
			parts = append(parts, d.multiWords(b[i].In))
		default:
			parts = append(parts, d.singleWords(b[i].In))
		}
	}
	return strings.Join(parts, " and ")
}

func (d *dimension) multiWords(in box.Classes) string {
	class := d.key.classes[d.element]
	has := " has a value "
	if in.Has(without) {
		has = " has no value "
	}
	for i, p := range d.key.predicates {
		if p.Asks() && class.Holds[i] {
			return d.key.name + has + p.Words
		}
	}
	return d.key.name + has + "of another kind"
}

// singleWords says in which classes a single-valued key is: as one predicate or
// its opposite where that says it, else by an example.
func (d *dimension) singleWords(in box.Classes) string {
	k := d.key
	orAbsent := ""
	if in.Has(absent) {
		orAbsent = " or absent"
	}
	present := in.AndNot(box.Single(absent, len(k.classes)+1))
	everything := box.Full(len(k.classes) + 1).AndNot(box.Single(absent, len(k.classes)+1))
	switch {
	case present.Empty():
		return k.name + " is absent"
	case everything.AndNot(present).Empty():
		return k.name + " is present" + orAbsent
	}
	for i, p := range k.predicates {
		holds := k.holding[i]
		switch {
		case holds.Empty():
		case slices.Equal(holds, present):
			return k.name + " is " + p.Words + orAbsent
		case slices.Equal(everything.AndNot(holds), present):
			return k.name + " is not " + p.Words + orAbsent
		}
	}
	for i, c := range k.classes {
		if present.Has(i+1) && !c.Doubtful {
			return k.name + " is such as " + c.Sample + orAbsent
		}
	}
	return k.name + " is present"
}
