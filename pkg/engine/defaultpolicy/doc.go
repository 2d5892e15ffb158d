// Package defaultpolicy generates the default key policy that AWS gives a KMS
// key of a certain type.
//
// There are two defaults, called styles:
//
//   - [API]: CreateKey or ReplicateKey without a policy, by SDK, CLI or
//     CloudFormation. One statement that gives the key to its account, the same
//     for every [KeyType].
//   - [Console]: the KMS console's wizard. The account statement, then one for
//     the administrators, and two for the users: use of the key, and grants for
//     AWS services. Statements for nobody are left out. Actions depend on the
//     key type, and on when the key was made: see [Edition].
//
// [Generate] makes one document: the one AWS would write today, or at the named
// edition. [Variants] makes every document that counts as the console default,
// to recognise one; the guide is silent or dated on some points, and there each
// form counts:
//
//	point                       key types                     default form
//	grants statement            HMAC                          left out
//	grants statement            asymmetric, all usages        written
//	kms:RotateKeyOnDemand       symmetric encryption, except  written
//	                            single-Region of AWS_KMS,
//	                            where it is documented
//	kms:RotateKeyOnDemand       HMAC, asymmetric              left out
//	actions of the key's users  ML-KEM                        as for key agreement, with
//	                                                          Encapsulate and Decapsulate
//
// [Options] has a field for each point. The evidence:
//
//   - Grants: the guide gives users both statements, the second one "for most key
//     types". Its page on HMAC keys said that those have only the first; the page
//     is left in the guide for China. Policies copied from the console, which is
//     weaker evidence, have both for RSA encryption and for ECC signing.
//     https://docs.amazonaws.cn/en_us/kms/latest/developerguide/hmac-authz.html
//   - RotateKeyOnDemand: the guide prints the list of single-Region symmetric
//     encryption keys, names what is added to it for imported key material and
//     for multi-Region keys, and calls the default in custom key stores identical.
//     Of other keys it says nothing; a policy copied from the console in 2025, of
//     a multi-Region signing key, is without the action.
//     https://docs.aws.amazon.com/kms/latest/developerguide/authorize-key-store.html
//   - ML-KEM: KMS has it since October 2026; the guide's page on the default key
//     policy does not mention it yet.
//     https://docs.aws.amazon.com/kms/latest/APIReference/API_Encapsulate.html
//
// Signing with ML-DSA, Ed25519 or SM2 has no paragraph of its own in the guide,
// which goes by key usage; so does this package.
//
// Some pages of the guide print other Sids for the account statement ("Enable IAM
// policies", "EnableIAMUserPermissions"). KMS writes "Enable IAM User
// Permissions"; neither Sid nor Id has an effect on access.
//
// What the console does not generate is not a default: a role of another
// account as a user, a session, "*". Those are errors, not policies. A replica
// made in the console starts with its primary's policy, whatever that is at the
// time; the console default of a replica is what it would be for the primary.
//
// Everything about the policies is from the guide unless said otherwise.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
package defaultpolicy
