package guardtest

import (
	"fmt"
	"strings"
)

// Key policies that KMS takes from the administrator of a [World].
var (
	// ToAccount gives the account the key: the statement of the API default.
	ToAccount = Allow(`{"AWS":"arn:aws:iam::`+Account+`:root"}`, "kms:*")
	// Good is the default policy that the API gives a key.
	Good = Document(ToAccount)
	// Public and PublicToo let everyone do something: two policies to be repaired.
	Public    = Document(ToAccount, Allow(`"*"`, "kms:Decrypt"))
	PublicToo = Document(ToAccount, Allow(`"*"`, "kms:Encrypt"))
	// LockedOut leaves the account no way to the key but the role Admin.
	LockedOut = Document(Allow(`{"AWS":"`+Admin+`"}`, "kms:*"))
)

// Document is the text of a policy of some statements.
func Document(statements ...string) string {
	return `{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`
}

// Allow is the text of a statement that allows a principal, which is given as JSON, an action.
func Allow(principal, action string) string {
	return fmt.Sprintf(`{"Effect":"Allow","Principal":%s,"Action":%q,"Resource":"*"}`, principal, action)
}
