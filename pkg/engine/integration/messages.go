package integration

import "github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"

// s3Notifications is for event notifications to encrypted topics and queues. S3's own page
// prints the statement without a condition; here it is bounded as the guides of SNS and SQS
// advise. A bucket's ARN has no account, so aws:SourceArn alone is not enough.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
var s3Notifications = Integration{
	Name:        "s3-notifications",
	Title:       "Amazon S3 event notifications",
	Description: "Buckets of the account send event notifications to encrypted SNS topics and SQS queues",
	Source:      "https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		return []policy.Statement{
			allow("Allow S3 event notifications by source account", service("s3.amazonaws.com"), sendEncrypted, f.sourceAccount()),
		}
	},
}

// snsToSQS is for topics with subscribed queues that are encrypted. A topic may be in another
// Region than the queue and its key. The first example of AWS has no condition; here it is
// bounded as the same page advises against the confused deputy. Topics in a Region that is
// not enabled by default send to other Regions as another principal, which is left out.
// https://docs.aws.amazon.com/sns/latest/dg/sns-cross-region-delivery.html
var snsToSQS = Integration{
	Name:        "sns-to-sqs",
	Title:       "Amazon SNS topics to Amazon SQS queues",
	Description: "Topics of the account deliver messages to encrypted SQS queues",
	Source:      "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		principals := service("sns.amazonaws.com")
		return []policy.Statement{
			allow("Allow SNS to encrypted queues by source ARN", principals, sendEncrypted, f.sourceARN("sns", "*", "*")),
			allow("Allow SNS to encrypted queues by source account", principals, sendEncrypted, f.sourceAccount()),
		}
	},
}

// cloudWatchAlarms is for alarms that notify an encrypted topic, which is in the alarm's
// Region. The older example of AWS has no condition; here it is bounded as AWS bounds the
// topic's own policy. Where an alarm's name is not ASCII, AWS advises the account alone.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
var cloudWatchAlarms = Integration{
	Name:        "cloudwatch-alarms",
	Title:       "Amazon CloudWatch alarms",
	Description: "Alarms of the account in the key's Region notify encrypted SNS topics",
	Source:      "https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html",
	KeySpec:     symmetricDefault, KeyUsage: encryptDecrypt,
	statements: func(f Facts) []policy.Statement {
		principals := service("cloudwatch.amazonaws.com")
		return []policy.Statement{
			allow("Allow CloudWatch alarms by source ARN", principals, sendEncrypted, f.sourceARN("cloudwatch", f.Region, "alarm:*")),
			allow("Allow CloudWatch alarms by source account", principals, sendEncrypted, f.sourceAccount()),
		}
	},
}
