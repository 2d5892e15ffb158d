package access

import (
	"errors"
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// Key is the KMS key whose policies are compared.
type Key struct {
	// ARN is the full key ARN, or "" where only the account is known; then a
	// statement whose Resource is not "*" cannot be decided.
	ARN string
	// Partition is aws, aws-cn, aws-us-gov or another.
	Partition string
	// Account is the 12-digit id of the account that owns the key.
	Account string
}

// ParseKeyARN reads arn:partition:kms:region:account:key/id.
// https://docs.aws.amazon.com/kms/latest/developerguide/concepts.html#key-id-key-ARN
func ParseKeyARN(arn string) (Key, error) {
	parts := strings.Split(arn, ":")
	if len(parts) != 6 || parts[0] != "arn" || parts[1] == "" || parts[2] != "kms" || parts[3] == "" ||
		!policy.IsAccountID(parts[4]) || !isKeyResource(parts[5]) {
		return Key{}, fmt.Errorf("%q is not a key ARN; expected arn:aws:kms:region:account-id:key/key-id", arn)
	}
	return Key{ARN: arn, Partition: parts[1], Account: parts[4]}, nil
}

func isKeyResource(resource string) bool {
	id, ok := strings.CutPrefix(resource, "key/")
	if !ok || id == "" || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// ErrUnknownOwner says that the account that owns a key cannot be told from
// its policies.
var ErrUnknownOwner = errors.New("the policies name several accounts, so the key's own account is not clear; give the key ARN")

// InferKey returns what the policies themselves tell about their key: its own
// account decides which principals are foreign. It is the only account they
// name, else the only account principal of the first document that names just
// one. Policies that name no account belong to an account that neither names.
// Anything else is ErrUnknownOwner. The key's ARN stays unknown.
func InferKey(documents ...*policy.Document) (Key, error) {
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
		return Key{}, ErrUnknownOwner
	}
	return Key{Partition: partition, Account: owner}, nil
}

func principalsOf(d *policy.Document) func(yield func(policy.Principal) bool) {
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
		if id := fmt.Sprintf("%012d", n); !named[id] {
			return id
		}
	}
}
