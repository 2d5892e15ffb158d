// Package template finds KMS keys in the files that people keep policies in: a key policy, an
// answer of aws kms get-key-policy, a CloudFormation template in JSON or YAML, and what
// terraform show -json prints of a plan or a state. What a file is, its content decides, not
// its name.
//
// The package is pure: bytes in, keys out. For each key it gives the policy text that the
// deployment would set, and what the file says of the key. What only the deployment knows is
// never guessed: the key then has no policy, and Unknown names the expressions and their lines.
//
// # CloudFormation
//
// Keys are the resources AWS::KMS::Key and AWS::KMS::ReplicaKey; AWS::KMS::Alias names them.
// Functions are computed where their arguments are known. A parameter counts with its value in
// Place.Parameters, else with its Default, and Key.Assumed says so. The pseudo parameters
// AWS::AccountId, AWS::Region and AWS::Partition come from Place. A resource under a Condition is
// read as if its condition held. A key without KeyPolicy gets the API default.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-kms-key.html
//
// # Terraform
//
// Keys are the resources aws_kms_key, aws_kms_external_key, aws_kms_replica_key and
// aws_kms_replica_external_key, in every module. An aws_kms_key_policy gives one of them its
// policy, an aws_kms_alias its name. What a plan calls known after apply is unknown. A plan also
// tells the policy that a key has before the change.
// https://developer.hashicorp.com/terraform/internals/json-format
package template

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

// Kind is what a file is.
type Kind string

// The kinds.
const (
	Policy         Kind = "key policy"
	Answer         Kind = "answer of aws kms get-key-policy"
	CloudFormation Kind = "CloudFormation template"
	Plan           Kind = "Terraform plan"
	State          Kind = "Terraform state"
)

// Place is what the caller knows of where a file is deployed. "" is not known.
type Place struct {
	Account, Region, Partition string
	// Parameters are values of a template's parameters, by name, and of the pseudo parameters
	// that the other fields do not have, such as AWS::StackName.
	Parameters map[string]string
}

// File is what a file tells.
type File struct {
	Kind Kind
	// Keys are in the order of the file; of Terraform, in the order of their addresses.
	Keys []Key
}

// Key is a KMS key that a file tells of.
type Key struct {
	// Resource is the logical id in a template, or the address in a plan or state; "" for the
	// other kinds.
	Resource string
	// Line is where the resource starts; 0 where the file is for machines.
	Line int
	// Policy is the key policy. It is "" with IsDefault, Unknown and Problem.
	Policy string
	// Lines are the lines of the policy's statements in the file, 0 where a statement has none.
	// They are nil where Policy is the text of the file.
	Lines []int
	// IsDefault is true where the file gives the key no policy, so that KMS sets the API default.
	IsDefault bool
	// Before is the policy before a planned change; "" where there is none, and where it is not known.
	Before string
	// BypassesLockoutCheck is true where the file asks KMS to skip the lockout safety check.
	BypassesLockoutCheck bool
	// Unknown says what of the policy only the deployment knows.
	Unknown []Unknown
	// Assumed says in words which values were assumed: defaults of parameters.
	Assumed []string
	// Problem is why the key cannot be deployed as the file says, or not be read.
	Problem error
	Facts
}

// knownOnly returns the key without a policy where it has no sure one.
func (k Key) knownOnly() Key {
	if k.Unknown != nil || k.Problem != nil {
		k.Policy, k.Lines, k.IsDefault = "", nil, false
	}
	return k
}

// Unknown is an expression that only the deployment knows.
type Unknown struct {
	Expression string
	// Line is 0 where the file is for machines.
	Line int
	// Reason says why, or what to do about it.
	Reason string
}

// String returns the expression, its line and the reason.
func (u Unknown) String() string {
	text := u.Expression
	if u.Line > 0 {
		text += fmt.Sprintf(" on line %d", u.Line)
	}
	if u.Reason != "" {
		text += " (" + u.Reason + ")"
	}
	return text
}

// Facts are what a file says of a key, beside its policy. An empty field is not known.
type Facts struct {
	ARN, Account, Region string
	// Type may have empty fields. TypeKnown is true where the file decides the type, so that
	// empty fields are the defaults of KMS.
	Type      defaultpolicy.KeyType
	TypeKnown bool
	// Aliases start with alias/. They and Tags are nil where the file leaves one open.
	Aliases []string
	Tags    map[string]string
}

// Error is a file, or a key in it, that is not as it must be.
type Error struct {
	// Line and Column count from 1, the column in bytes; 0 where there is no place.
	Line, Column int
	Detail       string
}

// Error returns "line:column: detail", without what is not known.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Detail
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Detail)
}

// Unrecognised is the error of a file that is none of the kinds.
type Unrecognised struct {
	// What says what the file is, and what to do instead.
	What string
	// IsNear is true where the file has to do with keys: someone who names it wants to know why
	// it was not judged.
	IsNear bool
}

// Error returns What.
func (e *Unrecognised) Error() string { return e.What }

// MaxBytes is how long a plan or state may be; no other kind is near it.
const MaxBytes = 32 << 20

// maxTemplateBytes is how long a template may be. CloudFormation takes 1 MB.
// https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
const maxTemplateBytes = 4 << 20

// Read finds the keys in the text of a file. The error is an [*Unrecognised] for a file that is
// none of the kinds, an [*Error] for one that cannot be read, and another one for a key
// policy that is malformed. A key that cannot be read is in the list, with its Problem.
func Read(text []byte, place Place) (File, error) {
	text = []byte(strings.TrimPrefix(string(text), "\uFEFF"))
	if err := checkText(text); err != nil {
		return File{}, err
	}
	if start := strings.TrimLeft(string(text[:min(len(text), 1<<16)]), " \t\r\n"); strings.IndexAny(start, `{["`) == 0 {
		return fromJSON(text, place)
	}
	return fromYAML(text, place)
}
