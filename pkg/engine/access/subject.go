package access

import (
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// subject is a principal that stands for all principals that neither policy can
// tell from it.
type subject struct {
	kind    evaluation.PrincipalType
	arn     string // an ARN, or the name of a service
	account string // "" for a service
	name    string // of a user, role or federated user; of a session's role
	session string // of a session
	// roleARN is the ARN of a session's role; roleNamed tells whether a policy
	// names that role.
	roleARN   string
	roleNamed bool
	// groupID is the same for the unnamed principals of one account, or of all
	// other accounts, and for unnamed services.
	groupID string
	group   subjectGroup
}

// subjectGroup says for whom a subject stands.
type subjectGroup uint8

const (
	// named: a policy names this principal.
	named subjectGroup = iota
	// otherSession: the sessions of a named role that no policy names.
	otherSession
	// otherOfAccount: the principals of this type of a named account that no policy names.
	otherOfAccount
	// otherService: all services that no policy names.
	otherService
	// otherAccount: the principals of this type of all accounts that no policy names.
	otherAccount
)

// alone tells whether the subject's own account always allows its requests: a
// root user needs no IAM policy, and a service has none.
func (s *subject) alone() bool {
	return s.kind == evaluation.RootPrincipal || s.kind == evaluation.ServicePrincipal
}

// matchedBy tells whether a principal of a policy names the subject, directly or
// through its account, its role, or "*". Whether the principal's own account
// must allow the request too is a question for covers.
func (s *subject) matchedBy(p *policy.Principal, partition string) bool {
	if p.Partition != "" && p.Partition != partition {
		return false // assumption: an ARN of another partition names nobody
	}
	switch p.Kind {
	case policy.Anyone:
		return true
	case policy.Account:
		return s.account == p.AccountID
	case policy.User:
		return s.kind == evaluation.UserPrincipal && s.arn == p.Text
	case policy.Role:
		return s.kind == evaluation.RolePrincipal && s.arn == p.Text ||
			s.kind == evaluation.SessionPrincipal && s.account == p.AccountID && s.name == p.Name
	case policy.Session:
		return s.kind == evaluation.SessionPrincipal && s.arn == p.Text
	case policy.FederatedUser:
		return s.kind == evaluation.FederatedPrincipal && s.arn == p.Text
	case policy.Service:
		return s.kind == evaluation.ServicePrincipal && s.arn == p.Text
	default: // unique ids, identity providers, canonical users: nobody
		return false
	}
}

// coverage says which half of a subject's requests an Allow covers: those that
// the subject's own account allows through IAM, or also those it does not.
type coverage uint8

const (
	coversNothing coverage = iota
	// coversDelegated: only with a permission of the principal's own account.
	coversDelegated
	// coversDirect: with and without it.
	coversDirect
)

// covers returns what an Allow for p covers of the subject. The account
// principal delegates to IAM; a principal that is named is allowed directly, in
// the key's own account; in another account, IAM must allow it too.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
func (s *subject) covers(p *policy.Principal, key policy.Key) coverage {
	switch {
	case !s.matchedBy(p, key.Partition):
		return coversNothing
	case s.kind == evaluation.ServicePrincipal: // assumption: "*" with Allow covers services
		return coversDirect
	case p.Kind == policy.Account || s.account != key.Account:
		return coversDelegated
	default:
		return coversDirect
	}
}

// layersListed tells whether a NotPrincipal list exempts the subject in the
// pessimistic reading: its account, its user or role, and its session must each
// be listed. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (s *subject) layersListed(entries []policy.Principal, partition string) bool {
	listed := func(match func(p *policy.Principal) bool) bool {
		return slices.ContainsFunc(entries, func(p policy.Principal) bool {
			return (p.Kind == policy.Anyone || p.Partition == "" || p.Partition == partition) && (p.Kind == policy.Anyone || match(&p))
		})
	}
	if s.kind == evaluation.ServicePrincipal {
		return listed(func(p *policy.Principal) bool { return s.matchedBy(p, partition) })
	}
	account := listed(func(p *policy.Principal) bool { return p.Kind == policy.Account && p.AccountID == s.account })
	if s.kind == evaluation.RootPrincipal {
		return account
	}
	role := s.kind != evaluation.SessionPrincipal || listed(func(p *policy.Principal) bool {
		return p.Kind == policy.Role && p.AccountID == s.account && p.Name == s.name
	})
	itself := listed(func(p *policy.Principal) bool { return p.Text == s.arn })
	return account && role && itself
}
