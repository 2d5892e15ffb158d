package access

import (
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// PrincipalType says what kind of principal makes a request.
type PrincipalType string

// The types of principals that make requests.
const (
	TypeUser      PrincipalType = "user"
	TypeRole      PrincipalType = "role"
	TypeSession   PrincipalType = "session"
	TypeFederated PrincipalType = "federated"
	TypeRoot      PrincipalType = "root"
	TypeService   PrincipalType = "service"
)

// subject is a principal that stands for all principals that neither policy can
// tell from it.
type subject struct {
	kind    PrincipalType
	arn     string // an ARN, or the name of a service
	account string // "" for a service
	name    string // of a user, role or federated user; of a session's role
	session string // of a session
	// roleARN is the ARN of a session's role, where a policy names that role.
	roleARN string
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
func (s *subject) alone() bool { return s.kind == TypeRoot || s.kind == TypeService }

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
		return s.kind == TypeUser && s.arn == p.Text
	case policy.Role:
		return s.kind == TypeRole && s.arn == p.Text ||
			s.kind == TypeSession && s.account == p.AccountID && s.name == p.Name
	case policy.Session:
		return s.kind == TypeSession && s.arn == p.Text
	case policy.FederatedUser:
		return s.kind == TypeFederated && s.arn == p.Text
	case policy.Service:
		return s.kind == TypeService && strings.EqualFold(s.arn, p.Text)
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
func (s *subject) covers(p *policy.Principal, key Key) coverage {
	switch {
	case !s.matchedBy(p, key.Partition):
		return coversNothing
	case s.kind == TypeService: // assumption: "*" with Allow covers services
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
	if s.kind == TypeService {
		return listed(func(p *policy.Principal) bool { return s.matchedBy(p, partition) })
	}
	account := listed(func(p *policy.Principal) bool { return p.Kind == policy.Account && p.AccountID == s.account })
	if s.kind == TypeRoot {
		return account
	}
	role := s.kind != TypeSession || listed(func(p *policy.Principal) bool {
		return p.Kind == policy.Role && p.AccountID == s.account && p.Name == s.name
	})
	itself := listed(func(p *policy.Principal) bool { return p.Text == s.arn })
	return account && role && itself
}
