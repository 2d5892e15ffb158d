package access

import (
	"errors"
	"strconv"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// ErrUnknownOwner says that the account that owns a key cannot be told from
// its policies.
var ErrUnknownOwner = errors.New("the policies name several accounts, so the key's own account is not clear; give the key ARN")

// InferKey returns what the policies themselves tell about their key: its own
// account decides which principals are foreign. It is the only account they
// name, else the only account principal of the first document that names just
// one. Policies that name no account belong to an account that neither names.
// Anything else is ErrUnknownOwner. The key's ARN stays unknown.
func InferKey(documents ...policy.Set) (policy.Key, error) {
	partition := "aws"
	named := map[string]bool{}
	var owner string
	for _, d := range documents {
		roots := map[string]bool{}
		for p := range principalsOf(d) {
			if p.Partition != "" {
				partition = p.Partition
			}
			if p.AccountID != "" {
				named[p.AccountID] = true
			}
			if p.Kind == policy.Account {
				roots[p.AccountID] = true
			}
		}
		if len(roots) == 1 && owner == "" {
			owner = only(roots)
		}
	}
	switch {
	case len(named) == 1:
		owner = only(named)
	case len(named) == 0:
		owner = unmentionedAccount(named)
	case owner == "":
		return policy.Key{}, ErrUnknownOwner
	}
	return policy.Key{Partition: partition, Account: owner}, nil
}

func principalsOf(d policy.Set) func(yield func(policy.Principal) bool) {
	return func(yield func(policy.Principal) bool) {
		for i := range d.Statements {
			for _, p := range d.Statements[i].Principals.Entries {
				if !yield(p) {
					return
				}
			}
		}
	}
}

// only returns the element of a set of one.
func only(set map[string]bool) string {
	for element := range set {
		return element
	}
	return ""
}

// unmentionedAccount returns an account id that is not in named.
func unmentionedAccount(named map[string]bool) string {
	for n := 999999999999; ; n-- {
		if id := strconv.Itoa(n); !named[id] {
			return id
		}
	}
}
