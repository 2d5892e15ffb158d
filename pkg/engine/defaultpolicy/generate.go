package defaultpolicy

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// Style is which of the two default policies.
type Style string

// The styles.
const (
	// API is the default of CreateKey and ReplicateKey without a policy.
	API Style = "api"
	// Console is the default of the KMS console.
	Console Style = "console"
)

// Choice decides a point that AWS does not document.
type Choice string

// The choices.
const (
	// ByEvidence takes the form with the better evidence; the package
	// documentation has the table. Variants takes both forms.
	ByEvidence Choice = ""
	// Include takes the form that has the statement or action.
	Include Choice = "include"
	// Omit takes the form that has it not.
	Omit Choice = "omit"
)

// Options say whose default policy is asked for, and in which form.
type Options struct {
	// Style is required.
	Style Style
	// Account is the id of the account that owns the key; required.
	Account string
	// Partition is the partition of the key's ARN, one of Partitions; required.
	Partition string

	// Administrators are ARNs of users and roles of the account. Console only.
	Administrators []string
	// Users are ARNs of users and roles of the account, and other accounts as
	// root ARN or id. Console only.
	Users []string
	// NoAdministratorDelete clears the console's box "Allow key administrators
	// to delete this key".
	NoAdministratorDelete bool
	// Edition is the edition of the console default. Where it is empty, Generate takes
	// the latest and Variants takes all. The API default has had one form, and
	// takes every edition.
	Edition Edition

	// UndocumentedGrants decides about the statement "Allow attachment of
	// persistent resources" of HMAC and asymmetric keys. ByEvidence: asymmetric
	// keys have it, HMAC keys have not. Symmetric encryption keys always have it.
	UndocumentedGrants Choice
	// UndocumentedRotation decides about kms:RotateKeyOnDemand, in editions that
	// know it, for all but single-Region symmetric encryption keys of origin
	// AWS_KMS, which always have it. ByEvidence: all symmetric encryption keys
	// have it, other keys have not.
	UndocumentedRotation Choice
	// RefuseUndocumentedUse makes users of an ML-KEM key an error. Otherwise
	// their actions are those of key agreement, with kms:Encapsulate and
	// kms:Decapsulate in place of kms:DeriveSharedSecret.
	RefuseUndocumentedUse bool
}

// Generate returns the default policy of a key, as AWS writes it: Id, Sids,
// order of statements and actions, one principal as a string. Principals are in
// the order given, without repetitions; an account id is written as root ARN.
//
// Errors are [*Error]s: of [KeyType.ValidateIn], of a code about the field of
// Options at fault; and those of policy.New, for a document too large for KMS.
// Generate does not ask whether the principals exist.
func Generate(t KeyType, o Options) (*policy.Document, error) {
	r, err := newRequest(t, o)
	if err != nil {
		return nil, err
	}
	return r.document(r.forms[0])
}

// request is a validated key type with its options.
type request struct {
	keyType               KeyType
	owner                 owner
	administrators, users []policy.Principal
	mayDelete             bool
	forms                 []form // at least one; the preferred form first
}

func newRequest(t KeyType, o Options) (*request, error) {
	if err := t.ValidateIn(o.Partition); err != nil {
		return nil, err
	}
	if !policy.IsAccountID(o.Account) {
		return nil, fail(InvalidAccount, "account %s: expected an account id of twelve digits", quoted(o.Account))
	}
	if err := o.check(t); err != nil {
		return nil, err
	}
	r := &request{keyType: t, owner: owner{account: o.Account, partition: o.Partition}, mayDelete: !o.NoAdministratorDelete}
	var err error
	if r.administrators, err = r.owner.administrators(o.Administrators); err != nil {
		return nil, err
	}
	if r.users, err = r.owner.users(o.Users); err != nil {
		return nil, err
	}
	if r.forms, err = formsOf(t, o); err != nil {
		return nil, err
	}
	return r, nil
}

// check tells whether the options fit each other and the key type.
func (o *Options) check(t KeyType) error {
	for _, c := range []Choice{o.UndocumentedGrants, o.UndocumentedRotation} {
		if c != ByEvidence && c != Include && c != Omit {
			return fail(InvalidOption, "unknown choice %s; known are %s, and none", quoted(string(c)), join([]Choice{Include, Omit}))
		}
	}
	switch {
	case o.Style != API && o.Style != Console:
		return fail(UnknownStyle, "unknown style %s; known are %s", quoted(string(o.Style)), join([]Style{API, Console}))
	case o.Style == API && len(o.Administrators)+len(o.Users) > 0:
		return fail(InvalidOption, "the API default names neither administrators nor users; the style %s does", Console)
	case o.RefuseUndocumentedUse && t.Usage == EncapsulateDecapsulate && len(o.Users) > 0:
		return fail(UndocumentedUse, "AWS does not document what the users of a key of type %s may do; name none, or accept the actions by analogy", t)
	}
	return nil
}

// document writes the policy in one form.
func (r *request) document(f form) (*policy.Document, error) {
	statements := []policy.Statement{
		statement("Enable IAM User Permissions", []policy.Principal{r.owner.root(r.owner.account)}, []string{"kms:*"}),
	}
	if len(r.administrators) > 0 {
		statements = append(statements,
			statement("Allow access for Key Administrators", r.administrators, r.administratorActions(f)))
	}
	if len(r.users) > 0 {
		statements = append(statements, statement("Allow use of the key", r.users, userActions(r.keyType)))
		if f.grants {
			grants := statement("Allow attachment of persistent resources", r.users,
				[]string{"kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"})
			grants.Conditions = []policy.Condition{{Operator: boolOperator, Key: "kms:GrantIsForAWSResource", Values: []string{"true"}}}
			statements = append(statements, grants)
		}
	}
	return policy.New(policy.Version2012, f.id, statements...)
}

var boolOperator, _ = policy.ParseOperator("Bool")

func statement(sid string, principals []policy.Principal, actions []string) policy.Statement {
	return policy.Statement{
		SID: sid, Effect: policy.Allow, Principals: policy.Principals{Entries: principals},
		Actions: policy.Values(actions...), Resources: policy.Values("*"),
	}
}

// administratorActions returns the administrators' actions in the order of the
// guide. It does not print where kms:ImportKeyMaterial stands; policies copied
// from the console have it before the tags.
func (r *request) administratorActions(f form) []string {
	actions := []string{
		"kms:Create*", "kms:Describe*", "kms:Enable*", "kms:List*", "kms:Put*",
		"kms:Update*", "kms:Revoke*", "kms:Disable*", "kms:Get*", "kms:Delete*",
	}
	if r.keyType.Origin == External {
		actions = append(actions, "kms:ImportKeyMaterial")
	}
	if f.edition >= Edition2017 {
		actions = append(actions, "kms:TagResource", "kms:UntagResource")
	}
	if f.edition >= Edition2015 && r.mayDelete {
		actions = append(actions, "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion")
	}
	if r.keyType.MultiRegion != SingleRegion {
		actions = append(actions, "kms:ReplicateKey", "kms:UpdatePrimaryRegion")
	}
	if f.rotation {
		actions = append(actions, "kms:RotateKeyOnDemand")
	}
	return actions
}

// userActions returns what users of a key may do with it, apart from grants.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#key-policy-users-crypto
func userActions(t KeyType) []string {
	switch t.Usage {
	case EncryptDecrypt:
		if t.Spec == SymmetricDefault {
			return []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"}
		}
		return []string{"kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:DescribeKey", "kms:GetPublicKey"}
	case SignVerify:
		return []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign", "kms:Verify"}
	case GenerateVerifyMAC:
		return []string{"kms:DescribeKey", "kms:GenerateMac", "kms:VerifyMac"}
	case KeyAgreement:
		return []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:DeriveSharedSecret"}
	case EncapsulateDecapsulate:
		return []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Encapsulate", "kms:Decapsulate"}
	default:
		return nil // a usage without actions here is not valid
	}
}
