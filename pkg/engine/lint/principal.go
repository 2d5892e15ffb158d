package lint

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func checkPrincipals(s *statement) {
	if s.Principals.Negated {
		s.notPrincipal()
	}
	for i, p := range s.Principals.Entries {
		s.checkPrincipal(i, p)
	}
	switch {
	case s.Principals.Negated:
	case len(s.Principals.Entries) == 0:
		s.report(s.places.start, DeadStatement, "the statement names no principal, so no request matches it")
	case !slices.ContainsFunc(s.Principals.Entries, s.mayBeSomebody):
		s.report(s.places.start, DeadStatement, "nobody is any of the principals, so no request matches the statement")
	}
	if s.Effect == policy.Allow && !s.Principals.Negated {
		s.checkBoundary()
	}
}

func (s *statement) notPrincipal() {
	if s.Effect == policy.Allow {
		s.report(s.places.principal(0), NotPrincipalWithAllow,
			"AWS does not support NotPrincipal with Allow; it would allow everyone who is not listed, in every account")
		return
	}
	s.report(s.places.principal(0), NotPrincipalWithDeny,
		`NotPrincipal denies every principal with a permissions boundary, listed or not, and a session unless its role and account are listed too; `+
			`use Principal "*" with ArnNotEquals on aws:PrincipalArn`)
}

// checkPrincipal reports an entry that nobody can be.
func (s *statement) checkPrincipal(i int, p policy.Principal) {
	at := s.places.principal(i)
	switch {
	case p.Kind == policy.UniqueID:
		s.report(at, DeadPrincipal, "%s is what is left of a deleted user or role; KMS refuses to store it again", quote(p.Text))
	case p.Kind == policy.IdentityProvider || p.Kind == policy.CanonicalUser:
		s.report(at, UnsupportedPrincipal, "no request to KMS is made by %s; name the role that its users assume", quote(p.Text))
	case s.isForeignPartition(p):
		s.report(at, ForeignPartitionPrincipal, "%s is in another partition than the key (%s), so it is nobody here", quote(p.Text), s.key.Partition)
	}
}

// mayBeSomebody tells whether an entry is none that checkPrincipal reports.
func (s *statement) mayBeSomebody(p policy.Principal) bool {
	return p.Kind != policy.UniqueID && p.Kind != policy.IdentityProvider && p.Kind != policy.CanonicalUser && !s.isForeignPartition(p)
}

func (s *statement) isForeignPartition(p policy.Principal) bool {
	return p.Partition != "" && s.key.Partition != "" && p.Partition != s.key.Partition
}

// checkBoundary looks for access that is given to sessions themselves.
func (s *statement) checkBoundary() {
	if s.key.Account == "" {
		return
	}
	for i, p := range s.Principals.Entries {
		isSession := p.Kind == policy.Session || p.Kind == policy.FederatedUser
		if isSession && p.AccountID == s.key.Account && !s.isForeignPartition(p) {
			s.report(s.places.principal(i), BypassesBoundary,
				"what a session is given directly is not limited by a permissions boundary or session policy; name the role instead of %s", quote(p.Text))
		}
	}
	if !slices.ContainsFunc(s.Principals.Entries, func(p policy.Principal) bool { return p.Kind == policy.Anyone }) {
		return
	}
	for i, c := range s.Conditions {
		if strings.EqualFold(c.Key, "aws:PrincipalArn") && !c.Operator.Negated && slices.ContainsFunc(c.Values, s.isOwnIdentity) {
			s.report(s.places.condition(i), BypassesBoundary,
				"everyone (*) with a condition on aws:PrincipalArn is not limited by a permissions boundary or session policy; name the principal instead of *")
		}
	}
}

// isOwnIdentity tells whether a value of a condition is the ARN, or a pattern of ARNs, of
// users or roles of the key's own account.
func (s *statement) isOwnIdentity(value string) bool {
	parts := strings.SplitN(value, ":", 6)
	return len(parts) == 6 && parts[4] == s.key.Account && (parts[2] == "iam" || parts[2] == "sts") && parts[5] != "root"
}

func checkCrossAccount(s *statement) {
	if s.Effect != policy.Allow || s.Principals.Negated || s.Actions.Negated || s.key.Account == "" {
		return
	}
	var foreign []string
	for _, p := range s.Principals.Entries {
		if p.AccountID != "" && p.AccountID != s.key.Account && !s.isForeignPartition(p) {
			foreign = append(foreign, p.Text)
		}
	}
	if len(foreign) == 0 {
		return
	}
	for i, value := range s.Actions.Values {
		// A pattern that covers other actions too was hardly meant for these.
		if len(s.matching[i]) > 0 && !slices.ContainsFunc(s.matching[i], worksAcrossAccounts) {
			s.report(s.places.action(i), NoCrossAccountUse, "%s works only in the key's own account, so it has no effect for %s", quote(value), quoteAll(foreign))
		}
	}
}
