package access

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access/internal/pattern"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
)

// accountTypes are the types of principals that an account has; sessions come
// with their roles.
var accountTypes = [...]evaluation.PrincipalType{evaluation.UserPrincipal, evaluation.RolePrincipal, evaluation.FederatedPrincipal, evaluation.RootPrincipal}

// addAccount adds the unnamed principals of an account: for each type, one for
// every combination of conditions on the principal. An empty account stands for
// all accounts that are not named.
func (u *builder) addAccount(account string, group subjectGroup) error {
	for _, kind := range accountTypes {
		arns, err := u.arnsOf(kind, account)
		if err != nil {
			return err
		}
		for _, arn := range arns {
			s := subjectOf(kind, arn, group)
			if u.isLiteral(arn) {
				s.group = named
			}
			u.add(s)
			if kind != evaluation.RolePrincipal {
				continue
			}
			sessions := group
			if s.group == named {
				sessions = otherSession
			}
			u.addSessionsOf(s, sessions)
		}
	}
	return nil
}

// subjectOf reads an ARN that arnsOf returned.
func subjectOf(kind evaluation.PrincipalType, arn string, group subjectGroup) subject {
	rest := arn
	for range pattern.ARNParts - 2 {
		_, rest, _ = strings.Cut(rest, ":")
	}
	account, resource, _ := strings.Cut(rest, ":")
	return subject{kind: kind, arn: arn, group: group, account: account, name: resource[strings.LastIndexByte(resource, '/')+1:]}
}

// isLiteral tells whether a condition names an ARN in full.
func (u *builder) isLiteral(arn string) bool {
	if u.literals == nil {
		literals, _ := u.textsOf("aws:principalarn", nil)
		u.literals = make(map[string]bool, len(literals))
		for _, l := range literals {
			u.literals[l] = !strings.HasSuffix(l, ":root")
		}
	}
	return u.literals[arn]
}

// arnsOf returns the ARNs of the principals of a type and an account that no
// statement names, one for every combination of conditions.
func (u *builder) arnsOf(kind evaluation.PrincipalType, account string) ([]string, error) {
	service := "iam"
	if kind == evaluation.FederatedPrincipal {
		service = "sts"
	}
	prefix := "arn:" + u.reader.key.Partition + ":" + service + "::"
	literals, patterns := u.questions(kind, account, prefix)
	if len(patterns) == 0 && len(literals) == 0 {
		return []string{u.plainARN(kind, account, prefix)}, nil
	}
	named := 0 // how many patterns at the end stand for named accounts
	if account == "" {
		for _, id := range u.sortedAccounts() {
			patterns = append(patterns, append(pattern.Text(prefix+id+":"), pattern.Any(pattern.Anything)...))
			named++
		}
	}
	if kind == evaluation.RootPrincipal && account != "" {
		return []string{prefix + account + ":root"}, nil
	}
	for _, s := range u.subjects {
		if s.kind == kind && strings.HasPrefix(s.arn, prefix+account) {
			literals = append(literals, s.arn) // known, and never to be found again
		}
	}
	found, err := pattern.Samples(patterns, literals, domainOf(kind, account, prefix), &u.reader.space.Budget)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(found, func(arn string) bool {
		return slices.ContainsFunc(patterns[len(patterns)-named:], func(p pattern.Pattern) bool { return p.Matches(arn) })
	}), nil
}

func (u *builder) sortedAccounts() []string {
	var list []string
	for id := range u.accounts {
		list = append(list, id)
	}
	slices.Sort(list)
	return list
}

// plainARN returns the ARN of an unnamed principal where no condition asks.
func (u *builder) plainARN(kind evaluation.PrincipalType, account, prefix string) string {
	if account == "" {
		account = unmentionedAccount(u.accounts)
	}
	switch kind {
	case evaluation.UserPrincipal:
		return prefix + account + ":user/" + u.unused
	case evaluation.RolePrincipal:
		return prefix + account + ":role/" + u.unused
	case evaluation.FederatedPrincipal:
		return prefix + account + ":federated-user/" + u.unused
	default:
		return prefix + account + ":root"
	}
}

// domainOf returns the pattern of all ARNs of a type of principal and an account.
func domainOf(kind evaluation.PrincipalType, account, prefix string) pattern.Pattern {
	p := pattern.Text(prefix + account)
	if account == "" {
		for range 12 {
			p = append(p, pattern.One(pattern.Digit)...)
		}
	}
	switch kind {
	case evaluation.UserPrincipal:
		p = append(p, pattern.Text(":user/")...)
	case evaluation.RolePrincipal:
		p = append(p, pattern.Text(":role/")...)
	case evaluation.FederatedPrincipal:
		return slices.Concat(p, pattern.Text(":federated-user/"), pattern.One(pattern.InPath), pattern.Any(pattern.InPath))
	default:
		return append(p, pattern.Text(":root")...)
	}
	return slices.Concat(p, pattern.Any(pattern.InPath), pattern.One(pattern.InName)) // path and name
}

// questions returns what conditions ask of a principal, as questions about its
// ARN: the account is its fifth part, a user's name the end of it.
func (u *builder) questions(kind evaluation.PrincipalType, account, prefix string) (literals []string, patterns []pattern.Pattern) {
	var known *subject // the principals of one account share its id
	if account != "" {
		known = &subject{kind: kind, account: account, group: otherOfAccount}
	}
	literals, patterns = u.textsOf("aws:principalarn", known)
	if account == "" {
		for _, key := range []string{"kms:calleraccount", "aws:principalaccount"} {
			texts, accountPatterns := u.textsOf(key, nil)
			for _, t := range texts {
				accountPatterns = append(accountPatterns, pattern.Text(t))
			}
			for _, p := range accountPatterns {
				patterns = append(patterns, slices.Concat(pattern.Text(prefix), p.Within(pattern.NotColon), pattern.Text(":"), pattern.Any(pattern.Anything)))
			}
		}
	}
	if kind != evaluation.UserPrincipal {
		return literals, patterns
	}
	names, namePatterns := u.textsOf("aws:username", known)
	for _, n := range names {
		namePatterns = append(namePatterns, pattern.Text(n))
	}
	for _, p := range namePatterns {
		last := p.Within(pattern.InName)
		patterns = append(patterns, append(u.anyUser(account, prefix), last...),
			slices.Concat(u.anyUser(account, prefix), pattern.Any(pattern.InPath), pattern.Text("/"), last))
	}
	return literals, patterns
}

// anyUser returns the pattern of a user's ARN up to its path.
func (u *builder) anyUser(account, prefix string) pattern.Pattern {
	p := domainOf(evaluation.UserPrincipal, account, prefix)
	return slices.Clip(p[:len(p)-2])
}
