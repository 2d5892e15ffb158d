// Package catalog is what the field knows about AWS KMS permissions: the actions and
// the condition keys, as AWS documents them. It holds facts only; nothing in it decides.
//
// The state is that of [AsOf]. It is the one place to update when AWS adds an action or a key:
//
//   - [Actions]: actions.go. A test compares it with the operations of the AWS SDK and
//     fails, saying what to do, when the SDK has an operation that the table has not.
//   - [ConditionKeys] with the prefix kms: are in kmskeys.go, the global ones in
//     globalkeys.go. No machine-readable list of them ships with the SDK; compare with the
//     pages below.
//
// What AWS does not document is marked in the table, and always chosen so that an unknown
// counts as possible: a reader of the catalog may then stay silent, never call a working
// policy broken.
//
// Sources, read in November 2026:
//
//   - https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
//   - https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
//   - https://docs.aws.amazon.com/kms/latest/developerguide/conditions-nitro-enclave.html
//   - https://docs.aws.amazon.com/kms/latest/developerguide/conditions-nitro-tpm.html
//   - https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html
//   - https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
package catalog

// AsOf is the month of which the tables are the state.
const AsOf = "2026-11"
