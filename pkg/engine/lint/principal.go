package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

func checkPrincipals(s *statement) {
	if s.Principals.Negated {
		s.notPrincipal()
	}
	for i, p := range s.Principals.Entries {
		if p.Kind == policy.Service {
			s.checkService(i, p)
		} else {
			s.checkPrincipal(i, p)
		}
	}
	switch {
	case s.Principals.Negated:
	case len(s.Principals.Entries) == 0:
		s.dead(s.whole(), "", "the statement names no principal")
	case !slices.ContainsFunc(s.Principals.Entries, s.mayBeSomebody):
		s.dead(s.whole(), "", "nobody is any of the principals")
	}
	if s.Effect == policy.Allow && !s.Principals.Negated {
		s.checkBoundary()
	}
}

func (s *statement) notPrincipal() {
	if s.Effect == policy.Allow {
		s.report(s.principal(0), NotPrincipalWithAllow, "",
			"AWS does not support NotPrincipal with Allow; it would allow everyone who is not listed, in every account")
		return
	}
	s.report(s.principal(0), NotPrincipalWithDeny, "",
		`NotPrincipal denies every principal with a permissions boundary, listed or not, and a session unless its role and account are listed too; `+
			`use Principal "*" with ArnNotEquals on aws:PrincipalArn`)
}

// checkPrincipal reports an entry that nobody can be.
func (s *statement) checkPrincipal(i int, p policy.Principal) {
	switch {
	case p.Kind == policy.UniqueID:
		s.report(s.principal(i), DeadPrincipal, "", "%s", s.deleted(p))
	case p.Kind == policy.IdentityProvider || p.Kind == policy.CanonicalUser:
		s.report(s.principal(i), UnsupportedPrincipal, "", "no request to KMS is made by %s; name the role that its users assume", quote(p.Text))
	case s.isForeignPartition(p):
		s.report(s.principal(i), ForeignPartitionPrincipal, "", "%s is in another partition than the key (%s), so it is nobody here", quote(p.Text), s.key.Partition)
	}
}

// deleted says who was deleted, what that changed, and what to do.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func (s *statement) deleted(p policy.Principal) string {
	kind := "user"
	if strings.HasPrefix(p.Text, "AROA") {
		kind = "role"
	}
	lost := "its access was lost with it"
	switch {
	case s.Principals.Negated:
		lost = "the exception for it is void"
	case s.Effect == policy.Deny:
		lost = "the Deny reaches nobody through it"
	}
	return fmt.Sprintf("%s is the id of a %s that was deleted; %s, and the id does not tell its name. "+
		"A new %s of the same name does not get it back: name it by its ARN. KMS refuses to store the id again", quote(p.Text), kind, lost, kind)
}

// mayBeSomebody tells whether an entry is none that checkPrincipal reports.
func (s *statement) mayBeSomebody(p policy.Principal) bool {
	return p.Kind != policy.UniqueID && p.Kind != policy.IdentityProvider && p.Kind != policy.CanonicalUser && !s.isForeignPartition(p) &&
		!s.isElsewhere(p)
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
			s.report(s.principal(i), BypassesBoundary, "",
				"what a session is given directly is not limited by a permissions boundary or session policy; name the role instead of %s", quote(p.Text))
		}
	}
	if !slices.ContainsFunc(s.Principals.Entries, func(p policy.Principal) bool { return p.Kind == policy.Anyone }) {
		return
	}
	for i, c := range s.Conditions {
		if strings.EqualFold(c.Key, "aws:PrincipalArn") && !c.Operator.Negated && slices.ContainsFunc(c.Values, s.isOwnIdentity) {
			s.report(s.conditionKey(i), BypassesBoundary, "",
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
			s.report(s.action(i), NoCrossAccountUse, "", "%s works only in the key's own account, so it has no effect for %s", quote(value), quoteAll(foreign))
		}
	}
}
