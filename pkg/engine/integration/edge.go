package integration

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// cloudFront is for origin access control with an encrypted bucket. Distributions are in no
// Region. One for GovCloud (US) is set up in an account of the partition aws, which is not the
// account of the key, so there is none.
// https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/setting-up-credentials.html
var cloudFront = Integration{
	Name:        "cloudfront",
	Title:       "Amazon CloudFront origin access control",
	Description: "Distributions of the account read and write objects of an encrypted bucket",
	Source:      "https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		if f.Partition == "aws-us-gov" {
			return nil
		}
		return []policy.Statement{
			allow("AllowCloudFrontServicePrincipalSSE-KMS", service("cloudfront.amazonaws.com"),
				[]string{"kms:Decrypt", "kms:Encrypt", "kms:GenerateDataKey*"}, f.sourceARN("cloudfront", "", "distribution/*")),
		}
	},
}

// route53DNSSEC is for the key-signing keys of hosted zones; Route 53 takes keys in us-east-1
// only. AWS prints both statements without the account first, and bounds the first by
// aws:SourceAccount and aws:SourceArn against the confused deputy; here both are bounded. A
// hosted zone's ARN has no account, so aws:SourceArn alone is not enough.
// https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-configuring-dnssec-cmk-requirements.html
var route53DNSSEC = Integration{
	Name:        "route53-dnssec",
	Title:       "Amazon Route 53 DNSSEC signing",
	Description: "Route 53 signs hosted zones of the account; keys in us-east-1 only",
	Source:      "https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/access-control-managing-permissions.html",
	KeySpec:     eccNISTP256, KeyUsage: signVerify,
	statements: func(f Facts) []policy.Statement {
		if f.Region != "us-east-1" {
			return nil
		}
		principals := service("dnssec-route53.amazonaws.com")
		return []policy.Statement{
			allow("Allow Route 53 DNSSEC Service", principals, []string{"kms:DescribeKey", "kms:GetPublicKey", "kms:Sign"}, f.sourceAccount()),
			allow("Allow Route 53 DNSSEC Service to CreateGrant", principals, []string{"kms:CreateGrant"}, f.sourceAccount(), forAWSResource()),
		}
	},
}
