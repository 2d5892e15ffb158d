package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

// expiring are the folders of the archive whose objects are replaced or deleted. Those of
// the others are the record of the repairs, and stay.
var expiring = []string{"hours/", "keys/", "pending/", "sweep/"}

// enforcing are the folders of the archive that the function enforce adds to: all but that of
// the sweeps. Who can write there can pretend that a configuration was swept before, so that
// a sweep repairs by it without the first, which only reports.
var enforcing = []string{"generations/*", "hours/*", "keys/*", "pending/*", "records/*"}

// conditional are the folders whose objects package archive never writes over unseen: it
// makes an object only where there is none, or replaces the version that it has read.
var conditional = []string{"generations/*", "hours/*", "keys/*", "records/*"}

// deletable are the folders of the archive whose objects the function enforce deletes.
var deletable = []string{"pending/*"}

// expiryDays is how long a version stays that was replaced or deleted: as short as S3
// has it, since the retention holds it for longer anyway.
const expiryDays = 1

// archiveProps describes the archive.
type archiveProps struct {
	// Function is the function that repairs.
	Function *enforceFunction
	// Existing is the name of a bucket that exists, and Owner its account; "" for a new bucket, and for the account
	// of the stack.
	Existing, Owner string
	// RetentionDays is how long no version of an object can be deleted.
	RetentionDays int
	// Writers are the ARNs of further roles that may write. The roles of the functions always
	// may.
	Writers []string
	// Deployers are the ARNs of the roles that may change the bucket, with * for any characters.
	Deployers []string
	// Sweep is the function that sweeps; nil for none.
	Sweep *sweepFunction
	// ObjectLock says who can delete a version before its retention ends.
	ObjectLock config.ObjectLock
}

// archive keeps each policy that a repair replaced, with what was found and by whose
// change: package archive describes its objects.
type archive struct {
	constructs.Construct
	// Bucket outlives the stack.
	Bucket awss3.IBucket
	// Owner is the account of the bucket, if that is not the account of the stack.
	Owner string
}

// newArchive makes the bucket, tells the function of it, and lets the function use it.
//
// Object Lock keeps every version of an object for the retention. In governance mode, the
// default, an administrator with s3:BypassGovernanceRetention can still delete one, say a
// policy with text that must not be kept; the function cannot. Locked versions do not stand in
// the function's way: it adds versions and delete markers, and never deletes a version.
//
// Of a bucket that exists, the stack changes nothing: its owner sets the policy, the versioning and the lock.
//
// The bucket is encrypted with a key of S3 itself, for the reason of [newQueue]: whoever
// broke a customer key's policy would stop all repairs, that of this key included.
//
// Server access logs stay off: they would be in a second bucket, which must not have such
// a lock, and are delivered as S3 can. Who wants to know who read the archive logs data
// events of the bucket in a trail.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html
func newArchive(scope constructs.Construct, id string, props *archiveProps) *archive {
	this := &archive{Construct: constructs.NewConstruct(scope, &id), Owner: props.Owner}
	if props.Existing != "" {
		this.Bucket = awss3.Bucket_FromBucketName(this.Construct, jsii.String("Existing"), &props.Existing)
		this.serve(props.Function)
		if props.Sweep != nil {
			this.remember(props.Sweep)
		}
		return this
	}
	this.Bucket = awss3.NewBucket(this.Construct, jsii.String("Bucket"), &awss3.BucketProps{
		Versioned:                  jsii.Bool(true),
		ObjectLockEnabled:          jsii.Bool(true),
		ObjectLockDefaultRetention: retention(props),
		BlockPublicAccess:          awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:            awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Encryption:                 awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:                 jsii.Bool(true),
		LifecycleRules:             expiryRules(),
		RemovalPolicy:              awscdk.RemovalPolicy_RETAIN,
	})
	this.serve(props.Function)
	writers := []*string{props.Function.Role.RoleArn()}
	if props.Sweep != nil {
		this.remember(props.Sweep)
		writers = append(writers, props.Sweep.Role.RoleArn())
	}
	this.denyOthers(append(writers, *jsii.Strings(props.Writers...)...))
	this.denyBlindWrites()
	this.denyChanges(props.Deployers)
	return this
}

// retention is the bucket's default; nil for none. The lock itself stays on: S3 cannot take
// it off a bucket, and CloudFormation would replace the bucket.
func retention(props *archiveProps) awss3.ObjectLockRetention {
	days := awscdk.Duration_Days(jsii.Number(props.RetentionDays))
	switch props.ObjectLock {
	case config.Compliance:
		return awss3.ObjectLockRetention_Compliance(days)
	case config.LockOff:
		return nil
	default:
		return awss3.ObjectLockRetention_Governance(days)
	}
}

// expiryRules expire what is left behind of objects that were replaced or deleted: old
// versions, once the retention is over, and then the delete marker.
func expiryRules() *[]*awss3.LifecycleRule {
	var rules []*awss3.LifecycleRule
	for _, folder := range expiring {
		rules = append(rules, &awss3.LifecycleRule{
			Prefix:                      jsii.String(folder),
			NoncurrentVersionExpiration: awscdk.Duration_Days(jsii.Number(expiryDays)),
			ExpiredObjectDeleteMarker:   jsii.Bool(true),
		})
	}
	return &rules
}

// serve grants what package archive calls. Without ListBucket, S3 would answer
// AccessDenied where an object does not exist, and nothing could be told apart.
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html
func (a *archive) serve(function *enforceFunction) {
	a.name(function.Function)
	allow(function.Role, "ListTheArchive", &[]*string{a.Bucket.BucketArn()}, "s3:ListBucket")
	allow(function.Role, "ReadTheArchive", &[]*string{a.Bucket.ArnForObjects(jsii.String("*"))}, "s3:GetObject")
	allow(function.Role, "AddToTheArchive", a.objects(enforcing), "s3:PutObject")
	allow(function.Role, "DeleteInTheArchive", a.objects(deletable), "s3:DeleteObject")
}

// name tells a function of the bucket, and whose it must be.
func (a *archive) name(function awslambda.Function) {
	function.AddEnvironment(jsii.String("ARCHIVE_BUCKET"), a.Bucket.BucketName(), nil)
	if a.Owner != "" {
		function.AddEnvironment(jsii.String("ARCHIVE_BUCKET_OWNER"), &a.Owner, nil)
	}
}

// denyOthers denies writing to all but some roles, whatever their own policies allow: who can
// write to a ledger can have the guardrail believe that a repair is done, or undo one.
// Reading stays as the account has it, and so do lifecycle rules, which are no request.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
func (a *archive) denyOthers(writers []*string) {
	arns := []any{}
	for _, writer := range writers {
		arns = append(arns, writer)
	}
	a.deny("WritesOfOthers", jsii.Strings("s3:PutObject", "s3:DeleteObject"), a.objects([]string{"*"}),
		map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": arns}})
}

// denyBlindWrites denies a write that does not say which version it replaces, so that even a
// role that may write cannot undo a concurrent one.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes-enforce.html
func (a *archive) denyBlindWrites() {
	a.deny("BlindWrites", jsii.Strings("s3:PutObject"), a.objects(conditional),
		map[string]any{"Null": map[string]any{"s3:if-match": "true", "s3:if-none-match": "true"}})
}

// denyChanges denies to all but the deployers what would lose the record of the repairs: another
// bucket policy, lifecycle, lock or versioning, and the end of a version before its retention.
// The account's root user can always delete a bucket policy, so nobody is locked out for good.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html
func (a *archive) denyChanges(deployers []string) {
	arns := []any{}
	placeholders := strings.NewReplacer("${Partition}", *awscdk.Aws_PARTITION(), "${AccountId}", *awscdk.Aws_ACCOUNT_ID())
	for _, arn := range deployers {
		arns = append(arns, placeholders.Replace(arn))
	}
	others := map[string]any{"ArnNotLike": map[string]any{"aws:PrincipalArn": arns}}
	a.deny("ChangesOfTheBucket", jsii.Strings(
		"s3:DeleteBucketPolicy", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:PutLifecycleConfiguration",
	), &[]*string{a.Bucket.BucketArn()}, others)
	a.deny("LossOfVersions", jsii.Strings(
		"s3:BypassGovernanceRetention", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold", "s3:PutObjectRetention",
	), a.objects([]string{"*"}), others)
}

func (a *archive) deny(sid string, actions, resources *[]*string, conditions map[string]any) {
	a.Bucket.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        &sid,
		Effect:     awsiam.Effect_DENY,
		Principals: &[]awsiam.IPrincipal{awsiam.NewAnyPrincipal()},
		Actions:    actions,
		Resources:  resources,
		Conditions: &conditions,
	}))
}

// objects returns the ARNs of all objects that match.
func (a *archive) objects(patterns []string) *[]*string {
	var arns []*string
	for _, pattern := range patterns {
		arns = append(arns, a.Bucket.ArnForObjects(&pattern))
	}
	return &arns
}

// remember lets the function that sweeps keep its last sweep in the archive, and nothing
// else, and tells it of the bucket.
func (a *archive) remember(function *sweepFunction) {
	a.name(function.Function)
	allow(function.Role, "ListTheArchive", &[]*string{a.Bucket.BucketArn()}, "s3:ListBucket")
	allow(function.Role, "RememberTheSweep", &[]*string{a.Bucket.ArnForObjects(jsii.String("sweep/*"))}, "s3:GetObject", "s3:PutObject")
}
