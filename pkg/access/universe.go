package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// universe returns the subjects of a comparison: every principal that a
// statement names, and for each group of unnamed principals one that stands for
// it. The widest groups come first, since they matter most, then by type and ARN.
func universe(key Key, documents ...*policy.Document) []subject {
	u := builder{key: key, accounts: map[string]bool{key.Account: true}, seen: map[string]int{}, unused: "unnamed"}
	for _, d := range documents {
		for p := range principalsOf(d) {
			for strings.Contains(strings.ToLower(p.Text), u.unused) {
				u.unused += "-principal"
			}
			if p.AccountID != "" && (p.Partition == "" || p.Partition == key.Partition) {
				u.accounts[p.AccountID] = true
			}
		}
	}
	for _, d := range documents {
		for p := range principalsOf(d) {
			u.addNamed(&p)
		}
	}
	for account := range u.accounts {
		u.addUnnamed(account, otherOfAccount)
	}
	u.addUnnamed(unmentionedAccount(u.accounts), otherAccount)
	u.add(subject{kind: TypeService, arn: u.unused + ".amazonaws.com", group: otherService})
	u.resolveRoles()
	slices.SortFunc(u.subjects, func(a, b subject) int {
		return cmp.Or(cmp.Compare(b.group, a.group), cmp.Compare(typeOrder(a.kind), typeOrder(b.kind)), cmp.Compare(a.arn, b.arn))
	})
	return u.subjects
}

// typeOrder puts users first: a witness for an account prefers one.
func typeOrder(t PrincipalType) int {
	return slices.Index([]PrincipalType{TypeUser, TypeRole, TypeSession, TypeFederated, TypeRoot, TypeService}, t)
}

type builder struct {
	key      Key
	accounts map[string]bool
	seen     map[string]int // ARN to index in subjects
	subjects []subject
	unused   string // a name that is part of no named principal
}

func (u *builder) add(s subject) {
	if _, ok := u.seen[s.arn]; !ok {
		u.seen[s.arn] = len(u.subjects)
		u.subjects = append(u.subjects, s)
	}
}

// addNamed adds the subject that a policy names, and for a role its sessions.
func (u *builder) addNamed(p *policy.Principal) {
	if p.Partition != "" && p.Partition != u.key.Partition {
		return
	}
	s := subject{arn: p.Text, account: p.AccountID, name: p.Name, session: p.SessionName}
	switch p.Kind {
	case policy.User:
		s.kind = TypeUser
	case policy.FederatedUser:
		s.kind = TypeFederated
	case policy.Service:
		s.kind, s.arn = TypeService, strings.ToLower(p.Text)
	case policy.Role:
		s.kind = TypeRole
		u.addSessionsOf(p)
	case policy.Session:
		s.kind = TypeSession
		u.addSessionsOf(p)
	default:
		return // accounts have unnamed subjects; the other kinds are nobody
	}
	u.add(s)
}

// addSessionsOf adds one session that stands for all unnamed sessions of a role.
func (u *builder) addSessionsOf(p *policy.Principal) {
	prefix := "arn:" + u.key.Partition + ":sts::" + p.AccountID + ":assumed-role/" + p.Name + "/"
	u.add(subject{
		kind: TypeSession, arn: prefix + u.unused + "-session", account: p.AccountID,
		name: p.Name, session: u.unused + "-session", group: otherSession,
	})
}

// addUnnamed adds a subject of each type for the principals of an account that
// no policy names.
func (u *builder) addUnnamed(account string, group subjectGroup) {
	iam, sts := "arn:"+u.key.Partition+":iam::"+account+":", "arn:"+u.key.Partition+":sts::"+account+":"
	name, session := u.unused, u.unused+"-session"
	for _, s := range []subject{
		{kind: TypeUser, arn: iam + "user/" + name, name: name},
		{kind: TypeRole, arn: iam + "role/" + name, name: name},
		{kind: TypeSession, arn: sts + "assumed-role/" + name + "/" + session, name: name, session: session},
		{kind: TypeFederated, arn: sts + "federated-user/" + name, name: name},
		{kind: TypeRoot, arn: iam + "root"},
	} {
		s.account, s.group = account, group
		u.add(s)
	}
}

// resolveRoles gives each session the ARN of its role: the role of that name
// that a policy names, whatever its path, else one without a path.
func (u *builder) resolveRoles() {
	roles := map[string]string{} // account/name to ARN
	for _, s := range u.subjects {
		id := s.account + "/" + s.name
		if arn, ok := roles[id]; s.kind == TypeRole && (!ok || s.arn < arn) {
			roles[id] = s.arn
		}
	}
	for i := range u.subjects {
		s := &u.subjects[i]
		if s.kind != TypeSession {
			continue
		}
		if s.roleARN = roles[s.account+"/"+s.name]; s.roleARN == "" {
			s.roleARN = "arn:" + u.key.Partition + ":iam::" + s.account + ":role/" + s.name
		}
	}
}
