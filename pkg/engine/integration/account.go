package integration

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// servicesInAccount is the way in which AWS managed keys are used: any principal of the
// account, only through a service in the key's Region, and only by who may use that service.
// AWS documents lists of services; this is any of them, because only AWS services set
// kms:ViaService. Its suffix is .amazonaws.com in all partitions.
var servicesInAccount = Integration{
	Name:        "services-in-account",
	Title:       "AWS services, for principals of the account",
	Description: "Principals of the account use the key through any AWS service in the key's Region",
	Source:      "https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		actions := append([]string{"kms:CreateGrant", "kms:ListGrants"}, useOfTheKey...)
		return []policy.Statement{
			allow("Allow access through AWS services for principals in the account", anyone(), actions,
				f.callerAccount(), when(stringLike, "kms:ViaService", "*."+f.Region+".amazonaws.com")),
		}
	},
}

// autoScaling is for instances with encrypted volumes. It is bounded by its principal, a role
// of the account that only the service can assume. A service-linked role with a suffix of its
// own (AWSServiceRoleForAutoScaling_suffix) is another principal, which no pattern can name.
var autoScaling = Integration{
	Name:        "autoscaling",
	Title:       "Amazon EC2 Auto Scaling",
	Description: "The account's service-linked role of Auto Scaling launches instances with encrypted volumes",
	Source:      "https://docs.aws.amazon.com/autoscaling/ec2/userguide/key-policy-requirements-EBS-encryption.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		principals := f.role("/aws-service-role/autoscaling.amazonaws.com/", "AWSServiceRoleForAutoScaling")
		return []policy.Statement{
			allow("Allow use of the key by Auto Scaling", principals, useOfTheKey),
			allow("Allow attachment of persistent resources by Auto Scaling", principals, []string{"kms:CreateGrant"}, forAWSResource()),
		}
	},
}
