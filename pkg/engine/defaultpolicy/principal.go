package defaultpolicy

import (
	"errors"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// iamName is the last part of the ARN of a user or role: path and name.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
var iamName = regexp.MustCompile(`^(user|role)/([!-~]+/)*[\w+=,.@-]{1,64}$`)

// owner is the account whose key it is.
type owner struct{ account, partition string }

// root returns the account principal of an account in the owner's partition.
func (o owner) root(account string) policy.Principal {
	return policy.Principal{
		Kind: policy.Account, Partition: o.partition, AccountID: account,
		Text: "arn:" + o.partition + ":iam::" + account + ":root",
	}
}

// administrators reads the key's administrators: users and roles of the owner,
// in the order given, without repetitions.
func (o owner) administrators(list []string) ([]policy.Principal, error) {
	var principals []policy.Principal
	for i, text := range list {
		p, err := o.identity(text)
		if err == nil && p.Kind == policy.Account {
			err = refused(text, "an account cannot administer a key; name a user or role of account "+o.account)
		}
		if err != nil {
			return nil, fail(InvalidAdministrator, "administrator %d: %s", i+1, err.Detail)
		}
		principals = appendNew(principals, p)
	}
	return principals, nil
}

// users reads the key's users: users and roles of the owner, and other accounts
// as root ARN or id, in the order given, without repetitions.
func (o owner) users(list []string) ([]policy.Principal, error) {
	var principals []policy.Principal
	for i, text := range list {
		p, err := o.identity(text)
		if err == nil && p.AccountID == o.account && p.Kind == policy.Account {
			err = refused(text, "the key's own account has the key already; name a user or role of it, or another account")
		}
		if err != nil {
			return nil, fail(InvalidUser, "user %d: %s", i+1, err.Detail)
		}
		principals = appendNew(principals, p)
	}
	return principals, nil
}

// identity reads a principal that the console lets one choose: a user or role of
// the owner, or an account. A user or role of another account is not among them:
// the console asks for account ids, and leaves it to that account's own policies
// which of its identities use the key.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying-external-accounts.html
func (o owner) identity(text string) (policy.Principal, *policy.Error) {
	p, err := policy.ParseAWSPrincipal(text)
	var parse *policy.Error
	switch {
	case errors.As(err, &parse):
		return p, parse
	case p.Partition != "" && p.Partition != o.partition:
		return p, refused(text, "it is of partition "+quoted(p.Partition)+", the key of "+o.partition)
	}
	switch p.Kind {
	case policy.Account:
		return o.root(p.AccountID), nil
	case policy.User, policy.Role:
		switch {
		case !iamName.MatchString(strings.SplitN(text, ":", 6)[5]):
			return p, refused(text, "IAM has no such name; expected user/… or role/…, with a path, and at most 64 letters, digits and +=,.@_-")
		case p.AccountID != o.account:
			return p, refused(text, "it is of another account; the console takes that as the account, "+o.root(p.AccountID).Text)
		}
		return p, nil
	case policy.Session, policy.FederatedUser:
		return p, refused(text, "a session ends; name the role or user behind it")
	case policy.UniqueID:
		return p, refused(text, "the unique id of a deleted user or role; KMS refuses it")
	default:
		return p, refused(text, "everyone is not a choice of the console; name users, roles or accounts")
	}
}

func refused(text, problem string) *policy.Error {
	return &policy.Error{Code: policy.InvalidPrincipal, Detail: "principal " + quoted(text) + ": " + problem}
}

func appendNew(list []policy.Principal, p policy.Principal) []policy.Principal {
	if slices.ContainsFunc(list, func(other policy.Principal) bool { return other.Text == p.Text }) {
		return list
	}
	return append(list, p)
}
