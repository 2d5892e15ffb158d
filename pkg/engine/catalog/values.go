package catalog

import (
	"slices"
	"strings"
)

// The values that some condition keys have, as AWS spells them. A test compares them with the
// SDK's enumerations. AWS adds values: one that is not here need not be wrong.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
var (
	keySpecs = []string{
		"ECC_NIST_EDWARDS25519", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1", "HMAC_224", "HMAC_256", "HMAC_384", "HMAC_512",
		"ML_DSA_44", "ML_DSA_65", "ML_DSA_87", "ML_KEM_1024", "ML_KEM_512", "ML_KEM_768", "RSA_2048", "RSA_3072", "RSA_4096", "SM2", symmetricDefault,
	}
	keyUsages     = []string{"ENCAPSULATE_DECAPSULATE", "ENCRYPT_DECRYPT", "GENERATE_VERIFY_MAC", "KEY_AGREEMENT", "SIGN_VERIFY"}
	dataPairSpecs = []string{
		"ECC_NIST_EDWARDS25519", "ECC_NIST_P256", "ECC_NIST_P384", "ECC_NIST_P521", "ECC_SECG_P256K1",
		"ML_KEM_1024", "ML_KEM_512", "ML_KEM_768", "RSA_2048", "RSA_3072", "RSA_4096", "SM2",
	}
	grantOperations = []string{
		"CreateGrant", "Decapsulate", "Decrypt", "DeriveSharedSecret", "DescribeKey", "Encapsulate", "Encrypt", "GenerateDataKey",
		"GenerateDataKeyPair", "GenerateDataKeyPairWithoutPlaintext", "GenerateDataKeyWithoutPlaintext", "GenerateMac", "GetPublicKey",
		"ReEncryptFrom", "ReEncryptTo", "RetireGrant", "Sign", "Verify", "VerifyMac",
	}
	signingAlgorithms = []string{
		"ECDSA_SHA_256", "ECDSA_SHA_384", "ECDSA_SHA_512", "ED25519_PH_SHA_512", "ED25519_SHA_512", "ML_DSA_SHAKE_256",
		"RSASSA_PKCS1_V1_5_SHA_256", "RSASSA_PKCS1_V1_5_SHA_384", "RSASSA_PKCS1_V1_5_SHA_512",
		"RSASSA_PSS_SHA_256", "RSASSA_PSS_SHA_384", "RSASSA_PSS_SHA_512", "SM2DSA",
	}
)

// keyValues is by the name of the key in lower case. aws:PrincipalType is AssumedRole for a role too.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
var keyValues = map[string][]string{
	"kms:customermasterkeyspec":  keySpecs,
	"kms:customermasterkeyusage": keyUsages,
	"kms:datakeypairspec":        dataPairSpecs,
	"kms:encryptionalgorithm":    {"RSAES_OAEP_SHA_1", "RSAES_OAEP_SHA_256", "SM2PKE", symmetricDefault},
	"kms:expirationmodel":        {"KEY_MATERIAL_DOES_NOT_EXPIRE", "KEY_MATERIAL_EXPIRES"},
	"kms:grantconstrainttype":    {"EncryptionContextEquals", "EncryptionContextSubset"},
	"kms:grantoperations":        grantOperations,
	"kms:keyagreementalgorithm":  {"ECDH"},
	"kms:keyorigin":              {"AWS_CLOUDHSM", "AWS_KMS", "EXTERNAL", "EXTERNAL_KEY_STORE"},
	"kms:keyspec":                keySpecs,
	"kms:keyusage":               keyUsages,
	"kms:macalgorithm":           {"HMAC_SHA_224", "HMAC_SHA_256", "HMAC_SHA_384", "HMAC_SHA_512"},
	"kms:messagetype":            {"DIGEST", "EXTERNAL_MU", "RAW"},
	"kms:multiregionkeytype":     {"PRIMARY", "REPLICA"},
	"kms:signingalgorithm":       signingAlgorithms,
	"kms:wrappingkeyspec":        {"RSA_2048", "RSA_3072", "RSA_4096", "SM2"},
	"aws:principaltype":          {"Account", "Anonymous", "AssumedRole", "FederatedUser", "User"},
}

// KnownValues returns the values that a condition key, in any case, is known to have; nil
// where there is no such list. The caller owns the slice.
func KnownValues(key string) []string { return slices.Clone(keyValues[strings.ToLower(key)]) }

// contextKeys are the encryption-context keys that AWS services use, from the "encryption
// context" of each service's guide, as of 2026-11. What a caller encrypts itself may have any
// key, so a name that is not here need not be wrong.
// https://docs.aws.amazon.com/kms/latest/developerguide/encrypt_context.html
var contextKeys = []string{
	"PARAMETER_ARN", "SecretARN", "SecretVersionId", "SourceArn",
	"aws:backup:backup-vault", "aws:bedrock-flows:arn", "aws:bedrock:arn", "aws:cloudtrail:arn", "aws:codecommit:id", "aws:comprehend:arn",
	"aws:datazone:domainId", "aws:dynamodb:subscriberId", "aws:dynamodb:tableName", "aws:ebs:id", "aws:elasticfilesystem:filesystem:id",
	"aws:events:event-bus:arn", "aws:fsx:fs-id", "aws:kinesis:arn", "aws:lambda:FunctionArn", "aws:logs:arn", "aws:pi:service",
	"aws:rds:db-id", "aws:rds:dbc-id", "aws:redshift:arn", "aws:redshift:createtime", "aws:s3:arn", "aws:ses:rule-name",
	"aws:ses:message-id", "aws:sns:topicArn", "aws:sqs:arn", "aws:states:executionArn", "aws:states:stateMachineArn",
}

// ContextKeys returns encryption-context keys that AWS services use. The caller owns the slice.
func ContextKeys() []string { return slices.Clone(contextKeys) }
