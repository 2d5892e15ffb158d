package integration

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// cloudWatchLogs is for encrypted log groups and query results. AWS bounds log groups by the
// encryption context, with ArnLike or ArnEquals, which mean the same, and query results by
// aws:SourceArn and aws:SourceAccount. kms:DescribeKey carries no encryption context; AWS
// lists it beside the condition nevertheless, so it is here too.
//
// The principal is that of the key's Region. In China, AWS's CDK gives it the suffix
// .amazonaws.com.cn; the guide prints one suffix for all Regions, so both count there.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatchLogs-Insights-Query-Encrypt.html
var cloudWatchLogs = Integration{
	Name:        "cloudwatch-logs",
	Title:       "Amazon CloudWatch Logs",
	Description: "CloudWatch Logs in the key's Region encrypts log groups and query results of the account",
	Source:      "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		principals := service("logs." + f.Region + ".amazonaws.com")
		if f.Partition == "aws-cn" {
			principals = service("logs."+f.Region+".amazonaws.com.cn", "logs."+f.Region+".amazonaws.com")
		}
		context := when(arnLike, "kms:EncryptionContext:aws:logs:arn", f.arn("logs", f.Region, "*"))
		return []policy.Statement{
			allow("Allow CloudWatch Logs by log group", principals, useOfTheKey, context),
			allow("Allow CloudWatch Logs by source ARN", principals, useOfTheKey, f.sourceARN("logs", f.Region, "*")),
			allow("Allow CloudWatch Logs by source account", principals, useOfTheKey, f.sourceAccount()),
		}
	},
}

// cloudTrail is for encrypted trails. A trail may have its home in any Region.
//
// AWS bounds encryption by the encryption context and advises aws:SourceArn; aws:SourceAccount
// is supported. It prints kms:Decrypt, for buckets with a bucket key, without a condition; here
// it is bounded, as AWS advises. kms:DescribeKey, which the CloudTrail console writes without a
// condition, gives metadata only, and is as the console writes it. Event data stores are left out: they support none of these conditions.
//
// Readers of the log files are principals of the account. AWS bounds kms:Decrypt to what any
// trail encrypted, and the console bounds it, with kms:ReEncryptFrom, to trails of the account;
// the first covers the second but for kms:ReEncryptFrom. The console also lets the account's
// principals make an alias during setup.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/default-kms-key-policy.html
var cloudTrail = Integration{
	Name:        "cloudtrail",
	Title:       "AWS CloudTrail trails",
	Description: "CloudTrail encrypts the log files of the account's trails; principals of the account read them",
	Source:      "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-kms-key-policy-for-cloudtrail.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		const context = "kms:EncryptionContext:aws:cloudtrail:arn"
		principals := service("cloudtrail.amazonaws.com")
		all := []string{"kms:GenerateDataKey*", "kms:Decrypt"}
		ofTrail := when(stringLike, context, f.arn("cloudtrail", "*", "trail/*"))
		return []policy.Statement{
			allow("Allow CloudTrail to encrypt logs", principals, []string{"kms:GenerateDataKey*"}, ofTrail),
			allow("Allow CloudTrail by source ARN", principals, all, f.sourceARN("cloudtrail", "*", "trail/*")),
			allow("Allow CloudTrail by source account", principals, all, f.sourceAccount()),
			allow("Allow CloudTrail to describe key", principals, []string{"kms:DescribeKey"}),
			allow("Enable CloudTrail log decrypt permissions", anyone(), []string{"kms:Decrypt"},
				f.callerAccount(), when(null, context, "false")),
			allow("Allow principals in the account to re-encrypt log files", anyone(), []string{"kms:ReEncryptFrom"},
				f.callerAccount(), ofTrail),
			allow("Allow alias creation during setup", anyone(), []string{"kms:CreateAlias"},
				f.callerAccount(), when(stringEquals, "kms:ViaService", "ec2."+f.Region+".amazonaws.com")),
		}
	},
}

// logDelivery is for logs that services deliver to an encrypted bucket, VPC flow logs among
// them. Logs may come from any Region. The page on flow logs prints the statement without a
// condition; here it is bounded as on the page of CloudWatch Logs.
// https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-s3-cmk-policy.html
var logDelivery = Integration{
	Name:        "log-delivery",
	Title:       "Log delivery to Amazon S3",
	Description: "The log delivery service writes logs of the account's resources to an encrypted bucket",
	Source:      "https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-infrastructure-V2-S3.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		principals := service("delivery.logs.amazonaws.com")
		return []policy.Statement{
			allow("Allow log delivery by source ARN", principals, useOfTheKey, f.sourceARN("logs", "*", "*")),
			allow("Allow log delivery by source account", principals, useOfTheKey, f.sourceAccount()),
		}
	},
}
