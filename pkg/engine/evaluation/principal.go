package evaluation

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// coverage is how much of a principal's access an entry of Principal gives.
type coverage uint8

const (
	nobody  coverage = iota // not this principal
	withIAM                 // what the principal's own account allows as well
	bothIAM                 // whatever IAM policies say
)

// covers tells what one entry of a Principal element gives the caller (semantics 2.2).
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (e *evaluation) covers(p policy.Principal) coverage {
	if p.Partition != "" && p.Partition != e.key.Partition {
		return nobody // an ARN of another partition
	}
	switch p.Kind {
	case policy.Anyone:
		// Assumption: "*" in an Allow covers service principals.
		if e.caller.service || e.caller.account == e.key.Account {
			return bothIAM
		}
		return withIAM
	case policy.Account:
		if e.isAccount(p) {
			return withIAM
		}
	case policy.User, policy.Role, policy.Session, policy.FederatedUser:
		if (e.isItself(p) || e.isRole(p)) && e.caller.account == e.key.Account {
			return bothIAM
		}
		if e.isItself(p) || e.isRole(p) {
			return withIAM
		}
	case policy.Service:
		if e.isItself(p) {
			return bothIAM
		}
	case policy.UniqueID, policy.IdentityProvider, policy.CanonicalUser:
		// A deleted principal, or one that makes no KMS request.
	}
	return nobody
}

// isAccount: the entry is the caller's account.
func (e *evaluation) isAccount(p policy.Principal) bool {
	return p.Kind == policy.Account && e.caller.account != "" && p.AccountID == e.caller.account
}

// isItself: the entry names the very principal that calls. Names are case-sensitive,
// and a Regional service principal is not the global one.
func (e *evaluation) isItself(p policy.Principal) bool {
	switch p.Kind {
	case policy.User:
		return e.request.PrincipalType == UserPrincipal && p.Text == e.request.Principal
	case policy.Role:
		return e.request.PrincipalType == RolePrincipal && p.Text == e.request.Principal
	case policy.Session:
		return e.request.PrincipalType == SessionPrincipal && p.Text == e.request.Principal
	case policy.FederatedUser:
		return e.request.PrincipalType == FederatedPrincipal && p.Text == e.request.Principal
	case policy.Service:
		return e.request.PrincipalType == ServicePrincipal && p.Text == e.request.Principal
	default:
		return false
	}
}

// isRole: the entry is the role that the caller is, or whose session the caller is. A
// session's ARN has the role's name only, without its path.
func (e *evaluation) isRole(p policy.Principal) bool {
	if p.Kind != policy.Role {
		return false
	}
	if e.request.PrincipalType == SessionPrincipal {
		return p.AccountID == e.caller.account && p.Name == e.caller.roleName
	}
	return e.isItself(p)
}

// allowPrincipals matches the principals of an Allow: named, whether they cover the
// caller whatever IAM policies say; covered, whether they do with IAM (semantics 2.2, 2.4).
func (e *evaluation) allowPrincipals(p policy.Principals) (named, covered truth) {
	if p.Negated {
		t := unclear(NotPrincipalWithAllow, "NotPrincipal with Allow: AWS does not support it, and does not say whom it allows")
		return t, t
	}
	most := nobody
	for _, entry := range p.Entries {
		most = max(most, e.covers(entry))
	}
	return is(most == bothIAM), is(most >= withIAM)
}

// denyPrincipals matches the principals of a Deny, which covers both halves of access
// (semantics 2.1, 2.4; 3 for NotPrincipal).
//
// Assumption: a Deny matches principals as an Allow does: an account stands for every
// principal of it, a role for its sessions, "*" for services too.
func (e *evaluation) denyPrincipals(p policy.Principals) truth {
	if p.Negated {
		return e.notPrincipal(p.Entries)
	}
	for _, entry := range p.Entries {
		if e.covers(entry) != nobody {
			return is(true)
		}
	}
	return is(false)
}

// notPrincipal tells whether a Deny with NotPrincipal matches the caller. Read
// literally, it exempts whoever Principal would match; AWS warns that it may check the
// account, then the role or user, then the session, so that each has to be listed.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
func (e *evaluation) notPrincipal(entries []policy.Principal) truth {
	if len(entries) == 0 {
		return unclear(EmptyNegatedList, "NotPrincipal lists nobody")
	}
	listed := false
	for _, entry := range entries {
		listed = listed || e.covers(entry) != nobody
	}
	everyLayer := true
	for _, layer := range e.layers() {
		everyLayer = everyLayer && e.lists(entries, layer)
	}
	if listed == everyLayer {
		return is(!listed)
	}
	return unclear(NotPrincipalLayers, "NotPrincipal lists the principal, but not its account and every other layer of it")
}

// layers are what must be listed for the caller to be exempt for sure: its account, the
// user or role, the session. A federated user's own ARN is its last layer, as the user
// who asked for the session is not part of the request.
func (e *evaluation) layers() []func(policy.Principal) bool {
	switch e.request.PrincipalType {
	case RootPrincipal:
		return []func(policy.Principal) bool{e.isAccount}
	case UserPrincipal, RolePrincipal, FederatedPrincipal:
		return []func(policy.Principal) bool{e.isAccount, e.isItself}
	case SessionPrincipal:
		return []func(policy.Principal) bool{e.isAccount, e.isRole, e.isItself}
	case ServicePrincipal:
		return []func(policy.Principal) bool{e.isItself}
	default: // OtherPrincipal: nothing but "*" can list it
		return []func(policy.Principal) bool{e.isAccount, e.isItself}
	}
}

// lists tells whether an entry stands for a layer; "*" stands for all.
func (e *evaluation) lists(entries []policy.Principal, layer func(policy.Principal) bool) bool {
	for _, entry := range entries {
		ofThisPartition := entry.Partition == "" || entry.Partition == e.key.Partition
		if ofThisPartition && (entry.Kind == policy.Anyone || layer(entry)) {
			return true
		}
	}
	return false
}
