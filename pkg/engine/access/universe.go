package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// universe returns the subjects of a comparison: every principal that a
// statement or a condition names, and for each group of unnamed principals as
// many as conditions on the principal tell apart. The widest groups come first,
// since they matter most, then by type and ARN.
func (r *reader) universe(statements []statement) ([]subject, error) {
	const usual = 20 // subjects: those of two accounts, and some that are named
	u := builder{reader: r, subjects: make([]subject, 0, usual), accounts: map[string]bool{r.key.Account: true}, seen: make(map[string]int, usual), roles: map[string][]string{}, unused: "unnamed"}
	for i := range statements {
		for _, p := range statements[i].Principals.Entries {
			u.mention(p.Text)
			if p.AccountID != "" && (p.Partition == "" || p.Partition == r.key.Partition) {
				u.accounts[p.AccountID] = true
			}
		}
		u.readConditions(&statements[i])
	}
	for i := range statements {
		for _, p := range statements[i].Principals.Entries {
			u.addNamed(&p)
		}
	}
	for _, account := range slices.Sorted(maps.Keys(u.accounts)) {
		if err := u.addAccount(account, otherOfAccount); err != nil {
			return nil, err
		}
	}
	if err := u.addAccount("", otherAccount); err != nil {
		return nil, err
	}
	if err := u.addServices(); err != nil {
		return nil, err
	}
	if err := u.resolveRoles(); err != nil {
		return nil, err
	}
	for i := range u.subjects {
		u.subjects[i].groupID = u.subjects[i].idOfGroup()
	}
	slices.SortFunc(u.subjects, compareSubjects)
	return u.subjects, nil
}

// compareSubjects orders subjects as universe says.
func compareSubjects(a, b subject) int {
	switch {
	case a.group != b.group:
		return cmp.Compare(b.group, a.group)
	case a.kind != b.kind:
		return cmp.Compare(typeOrder(a.kind), typeOrder(b.kind))
	case a.arn != b.arn:
		return cmp.Compare(a.arn, b.arn)
	default:
		return cmp.Or(compareBool(b.roleNamed, a.roleNamed), cmp.Compare(a.roleARN, b.roleARN))
	}
}

// typeOrder puts users first: a witness for an account prefers one.
func typeOrder(t evaluation.PrincipalType) int {
	return slices.Index(typesInOrder, t)
}

var typesInOrder = []evaluation.PrincipalType{evaluation.UserPrincipal, evaluation.RolePrincipal, evaluation.SessionPrincipal, evaluation.FederatedPrincipal, evaluation.RootPrincipal, evaluation.ServicePrincipal}

type builder struct {
	reader   *reader
	accounts map[string]bool
	seen     map[string]int // ARN to index in subjects
	subjects []subject
	unused   string // a name that is part of no text of the policies
	// roles are the ARNs of the roles that statements name, by account/name.
	roles map[string][]string
	// literals are the ARNs that conditions on aws:PrincipalArn name in full.
	literals map[string]bool
	// askedRoles is what conditions ask of the roles of an account.
	askedRoles map[string]*askedRoles
	// conditions on keys that the principal determines, by key in lower case.
	asked map[string][]question
}

// question is a condition on a key that the principal determines.
type question struct {
	condition *policy.Condition
	document  policy.Set
}

// mention makes sure that the unused name is not part of a text.
func (u *builder) mention(text string) {
	for strings.Contains(strings.ToLower(text), u.unused) {
		u.unused += "-principal"
	}
}

// readConditions collects what a statement asks of the principal, and the
// accounts that it names in doing so.
func (u *builder) readConditions(st *statement) {
	for _, c := range st.varying {
		name := keyID(c.Key)
		for _, v := range c.Values {
			u.mention(v)
			if !isDetermined(name) {
				continue
			}
			for part := range strings.SplitSeq(v, ":") {
				if policy.IsAccountID(part) {
					u.accounts[part] = true
				}
			}
		}
		if u.asked == nil {
			u.asked = map[string][]question{}
		}
		u.asked[name] = append(u.asked[name], question{c.Condition, st.document})
	}
}

func (u *builder) add(s subject) {
	if _, ok := u.seen[s.arn]; !ok {
		u.seen[s.arn] = len(u.subjects)
		u.subjects = append(u.subjects, s)
	}
}

// addNamed adds the subject that a policy names, and for a role its sessions.
func (u *builder) addNamed(p *policy.Principal) {
	if p.Partition != "" && p.Partition != u.reader.key.Partition {
		return
	}
	s := subject{arn: p.Text, account: p.AccountID, name: p.Name, session: p.SessionName}
	switch p.Kind {
	case policy.User:
		s.kind = evaluation.UserPrincipal
	case policy.FederatedUser:
		s.kind = evaluation.FederatedPrincipal
	case policy.Service:
		s.kind = evaluation.ServicePrincipal
	case policy.Role:
		s.kind = evaluation.RolePrincipal
		u.addSessionsOf(s, otherSession)
		if id := s.account + "/" + s.name; !slices.Contains(u.roles[id], s.arn) {
			u.roles[id] = append(u.roles[id], s.arn)
		}
	case policy.Session:
		s.kind = evaluation.SessionPrincipal
		u.addSessionsOf(s, otherSession)
	default:
		return // accounts have unnamed subjects; the other kinds are nobody
	}
	u.add(s)
}

// addSessionsOf adds one session that stands for all unnamed sessions of a role.
func (u *builder) addSessionsOf(role subject, group subjectGroup) {
	s := subject{kind: evaluation.SessionPrincipal, account: role.account, name: role.name, session: u.unused + "-session", group: group}
	s.arn = "arn:" + u.reader.key.Partition + ":sts::" + s.account + ":assumed-role/" + s.name + "/" + s.session
	if group == otherOfAccount || group == otherAccount {
		s.roleARN = role.arn
		for _, isUsed := u.seen[s.arn]; isUsed; _, isUsed = u.seen[s.arn] { // two roles of one name, with other paths
			s.session += "x"
			s.arn += "x"
		}
	}
	u.add(s)
}

// addServices adds the services that conditions name, and those that stand for
// the others.
func (u *builder) addServices() error {
	literals, patterns := u.textsOf("aws:principalservicename", nil)
	for _, s := range u.subjects {
		if s.kind == evaluation.ServicePrincipal {
			literals = append(literals, s.arn)
		}
	}
	if len(patterns) == 0 {
		u.add(subject{kind: evaluation.ServicePrincipal, arn: u.unused + ".amazonaws.com", group: otherService})
	}
	if len(patterns)+len(literals) == 0 {
		return nil
	}
	names, err := pattern.Samples(patterns, literals, slices.Concat(pattern.Any(pattern.InService), pattern.Text("."), pattern.Any(pattern.InService)), &u.reader.space.Budget)
	if err != nil {
		return err
	}
	for _, name := range names {
		group := otherService
		if slices.Contains(literals, name) {
			group = named
		}
		if name != "" && (len(patterns) > 0 || group == named) {
			u.add(subject{kind: evaluation.ServicePrincipal, arn: name, group: group})
		}
	}
	return nil
}

// textsOf returns the texts and patterns that conditions ask of a key, for a
// subject whose variables are known (nil: none are).
func (u *builder) textsOf(key string, s *subject) (literals []string, patterns []pattern.Pattern) {
	for _, q := range u.asked[key] {
		read := u.reader.read(q.condition, q.document, s)
		some, more := read.asked.Texts()
		literals, patterns = append(literals, some...), append(patterns, more...)
	}
	return literals, patterns
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

// idOfGroup is the groupID of a subject.
func (s *subject) idOfGroup() string {
	switch s.group {
	case otherOfAccount:
		return s.account
	case otherAccount:
		return "any other account"
	case otherService:
		return "any other service"
	default:
		return s.arn
	}
}
