package access

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// resolveRoles gives each session the ARN of its role. A session's ARN does not tell the
// path of its role; so where no statement names the role, the session becomes one subject
// for each path that conditions tell apart. The name of a role is unique in its account,
// whatever its path, so that the sessions of a role that is named are that role's.
func (u *builder) resolveRoles() error {
	resolved := make([]subject, 0, len(u.subjects))
	for _, s := range u.subjects {
		if s.kind != evaluation.SessionPrincipal {
			resolved = append(resolved, s)
			continue
		}
		arns, certain, err := u.roleARNs(&s)
		if err != nil {
			return err
		}
		for i, arn := range arns {
			s.roleARN, s.roleNamed = arn, i < certain
			resolved = append(resolved, s)
		}
	}
	u.subjects = resolved
	return nil
}

// roleARNs returns the ARNs that the role of a session may have. The first, as many as
// certain says, are those that a policy names; each of the others stands for more.
func (u *builder) roleARNs(s *subject) (arns []string, certain int, err error) {
	if s.roleARN != "" {
		return []string{s.roleARN}, 0, nil
	}
	if arns = slices.Sorted(slices.Values(u.roles[s.account+"/"+s.name])); len(arns) > 0 {
		return arns, len(arns), nil
	}
	prefix := "arn:" + u.reader.key.Partition + ":iam::"
	plain := prefix + s.account + ":role/" + s.name
	domain := slices.Concat(pattern.Text(prefix+s.account+":role/"), pattern.Any(pattern.InPath), pattern.Text("/"+s.name))
	asked := u.rolesAsked(s.account, prefix)
	for _, l := range asked.literals[s.name] {
		if (l == plain || domain.Matches(l)) && !slices.Contains(arns, l) {
			arns = append(arns, l)
		}
	}
	certain = len(arns)
	if !slices.Contains(arns, plain) {
		arns = append(arns, plain)
	} else {
		arns = append(arns, prefix+s.account+":role/"+u.unused+"/"+s.name)
	}
	if err := u.reader.space.Spend(len(asked.patterns)); err != nil {
		return nil, 0, err
	}
	patterns := slices.DeleteFunc(slices.Clone(asked.patterns), func(p pattern.Pattern) bool { return !pattern.MayMeet(p, domain) })
	if len(patterns) == 0 {
		return arns, certain, nil
	}
	found, err := pattern.Samples(patterns, arns, domain, &u.reader.space.Budget)
	for _, arn := range found {
		if !slices.Contains(arns, arn) {
			arns = append(arns, arn)
		}
	}
	return arns, certain, err
}

// askedRoles is what conditions ask of roles: their ARNs, by the last part of their path,
// and patterns of them.
type askedRoles struct {
	literals map[string][]string
	patterns []pattern.Pattern
}

func (u *builder) rolesAsked(account, prefix string) *askedRoles {
	if u.askedRoles[account] == nil {
		literals, patterns := u.questions(evaluation.RolePrincipal, account, prefix)
		asked := askedRoles{literals: map[string][]string{}, patterns: patterns}
		for _, l := range literals {
			name := l[strings.LastIndexByte(l, '/')+1:]
			asked.literals[name] = append(asked.literals[name], l)
		}
		if u.askedRoles == nil {
			u.askedRoles = map[string]*askedRoles{}
		}
		u.askedRoles[account] = &asked
	}
	return u.askedRoles[account]
}
