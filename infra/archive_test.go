package main

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// stateful are the logical ids of what outlives the stack, or holds what is not yet done. A
// resource whose id changes is made anew, empty, and the old one is forgotten: this list only
// grows.
var stateful = map[string][]string{
	"AWS::S3::Bucket":     {"ArchiveBucket49F1AC64"},
	"AWS::Logs::LogGroup": {"EnforceLogs8D2C5BF0", "SweepLogsA7192123"},
	"AWS::SNS::Topic":     {"FindingsTopic6108FA32"},
	"AWS::SQS::Queue":     {"EventsDeadLetters8A90034E", "EventsQueue7396B467", "FindingsUndeliveredE7AADCC5", "FlushUndeliveredDD86F52D", "KeyEventsUndelivered9C327A12", "SweepUndeliveredF660A827"},
}

func TestEveryModeHasTheSameArchiveAndFlush(t *testing.T) {
	killed := configured(t, repairing)
	killed["guardrail:modeMax"] = "report"
	for _, row := range []struct {
		reason  string
		context map[string]any
	}{
		{"no file reports", nil},
		{"a file that reports", configured(t, byAlias)},
		{"the whole file repairs", configured(t, repairing)},
		{"the kill switch keeps the record, and what is open is still reported", killed},
	} {
		t.Run(row.reason, func(t *testing.T) {
			template := newTemplate(t, sweeping(t, row.context, "24"))
			for kind, want := range stateful {
				got := slices.Sorted(maps.Keys(decodeResources[any](t, template, kind)))
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("logical ids of %s (-want +got):\n%s", kind, diff)
				}
			}
			schedules := 0
			for _, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
				if rule.ScheduleExpression != "" {
					schedules++
				}
			}
			if schedules != 2 {
				t.Errorf("%d schedules, want the sweep and the flush", schedules)
			}
			if outputs := *template.FindOutputs(jsii.String("*"), nil); outputs["ArchiveBucket"] == nil || outputs["RoleArn"] == nil {
				t.Errorf("outputs %v", outputs)
			}
		})
	}
}

func TestArchiveIsPrivateVersionedAndLocked(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	expect(t, func() {
		template.HasResource(jsii.String("AWS::S3::Bucket"), map[string]any{
			"DeletionPolicy":      "Retain",
			"UpdateReplacePolicy": "Retain",
			"Properties": map[string]any{
				// A name of ours could be taken, and would make the bucket irreplaceable.
				"BucketName":              assertions.Match_Absent(),
				"VersioningConfiguration": map[string]any{"Status": "Enabled"},
				"PublicAccessBlockConfiguration": map[string]any{
					"BlockPublicAcls": true, "BlockPublicPolicy": true, "IgnorePublicAcls": true, "RestrictPublicBuckets": true,
				},
				"OwnershipControls": map[string]any{"Rules": []any{map[string]any{"ObjectOwnership": "BucketOwnerEnforced"}}},
				"ObjectLockEnabled": true,
			},
		})
	})
}

// The guardrail must not depend on the keys it guards.
func TestArchiveEncryptsWithoutACustomerKey(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	want := map[string]any{"ServerSideEncryptionConfiguration": []any{
		map[string]any{"ServerSideEncryptionByDefault": map[string]any{"SSEAlgorithm": "AES256"}},
	}}
	for id, bucket := range decodeResources[struct{ BucketEncryption any }](t, template, "AWS::S3::Bucket") {
		if diff := cmp.Diff(any(want), bucket.BucketEncryption); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

func TestArchiveRetentionIsTheSetting(t *testing.T) {
	for _, row := range []struct {
		reason string
		set    map[string]any
		days   float64
	}{
		{"a quarter where nothing is said", nil, 90},
		{"what is said", map[string]any{"guardrail:archiveRetentionDays": "400"}, 400},
	} {
		t.Run(row.reason, func(t *testing.T) {
			context := configured(t, repairing)
			maps.Copy(context, row.set)
			want := map[string]any{
				"ObjectLockEnabled": "Enabled",
				"Rule":              map[string]any{"DefaultRetention": map[string]any{"Mode": "GOVERNANCE", "Days": row.days}},
			}
			for id, bucket := range decodeResources[struct{ ObjectLockConfiguration any }](t, newTemplate(t, context), "AWS::S3::Bucket") {
				if diff := cmp.Diff(any(want), bucket.ObjectLockConfiguration); diff != "" {
					t.Errorf("%s (-want +got):\n%s", id, diff)
				}
			}
		})
	}
}

// The whole list is compared: a rule without a prefix, or one that expires objects that
// are current, would delete the record of the repairs.
func TestOnlyWhatWasReplacedOrDeletedExpires(t *testing.T) {
	var want []any
	for _, folder := range []string{"hours/", "keys/", "pending/", "sweep/"} {
		want = append(want, map[string]any{
			"Prefix": folder, "Status": "Enabled",
			"NoncurrentVersionExpiration": map[string]any{"NoncurrentDays": 1.0},
			"ExpiredObjectDeleteMarker":   true,
		})
	}
	template := newTemplate(t, configured(t, repairing))
	for id, bucket := range decodeResources[struct{ LifecycleConfiguration struct{ Rules []any } }](t, template, "AWS::S3::Bucket") {
		if diff := cmp.Diff(want, bucket.LifecycleConfiguration.Rules); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// The whole policy is compared, in a stack with a sweep and a writer of the file.
func TestArchiveRefusesPlainHTTPOtherWritersAndBlindWrites(t *testing.T) {
	template := newTemplate(t, sweeping(t, configured(t, repairing+"deployment: {archive: {writers: ['arn:aws:iam::111122223333:role/Ops']}}\n"), "24"))
	var bucket string
	for bucket = range decodeResources[any](t, template, "AWS::S3::Bucket") {
	}
	roles := []any{}
	for _, role := range slices.Sorted(maps.Keys(decodeResources[any](t, template, "AWS::IAM::Role"))) {
		roles = append(roles, map[string]any{"Fn::GetAtt": []any{role, "Arn"}})
	}
	arn := map[string]any{"Fn::GetAtt": []any{bucket, "Arn"}}
	objects := func(pattern string) any { return map[string]any{"Fn::Join": []any{"", []any{arn, pattern}}} }
	everybody := map[string]any{"AWS": "*"}
	part := func(name string) any { return map[string]any{"Ref": "AWS::" + name} }
	others := map[string]any{"ArnNotLike": map[string]any{"aws:PrincipalArn": []any{map[string]any{"Fn::Join": []any{"", []any{
		"arn:", part("Partition"), ":iam::", part("AccountId"), ":role/cdk-*-cfn-exec-role-*",
	}}}}}}
	want := []policyStatement{
		{
			Effect: "Deny", Principal: everybody, Action: "s3:*", Resource: []any{arn, objects("/*")},
			Condition: map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		},
		{
			Sid: "WritesOfOthers", Effect: "Deny", Principal: everybody, Action: []any{"s3:DeleteObject", "s3:PutObject"}, Resource: objects("/*"),
			Condition: map[string]any{"ArnNotEquals": map[string]any{"aws:PrincipalArn": append(roles, "arn:aws:iam::111122223333:role/Ops")}},
		},
		{
			Sid: "BlindWrites", Effect: "Deny", Principal: everybody, Action: "s3:PutObject",
			Resource:  []any{objects("/generations/*"), objects("/hours/*"), objects("/keys/*"), objects("/records/*")},
			Condition: map[string]any{"Null": map[string]any{"s3:if-match": "true", "s3:if-none-match": "true"}},
		},
		{
			Sid: "ChangesOfTheBucket", Effect: "Deny", Principal: everybody, Condition: others, Resource: arn,
			Action: []any{"s3:DeleteBucketPolicy", "s3:PutBucketObjectLockConfiguration", "s3:PutBucketPolicy", "s3:PutBucketVersioning", "s3:PutLifecycleConfiguration"},
		},
		{
			Sid: "LossOfVersions", Effect: "Deny", Principal: everybody, Condition: others, Resource: objects("/*"),
			Action: []any{"s3:BypassGovernanceRetention", "s3:DeleteObjectVersion", "s3:PutObjectLegalHold", "s3:PutObjectRetention"},
		},
	}
	for id, policy := range decodeResources[resourcePolicyProperties](t, template, "AWS::S3::BucketPolicy") {
		if diff := cmp.Diff(want, policy.PolicyDocument.Statement); diff != "" {
			t.Errorf("%s (-want +got):\n%s", id, diff)
		}
	}
}

// An object can be deleted only where package archive deletes: the record of a repair
// outlives a function that is taken over. And the record of the sweeps is not its to write.
func TestFunctionMayAddAndDeleteOnlyWhatPackageArchiveDoes(t *testing.T) {
	template := newTemplate(t, configured(t, repairing))
	var bucket string
	for bucket = range decodeResources[any](t, template, "AWS::S3::Bucket") {
	}
	arn := map[string]any{"Fn::GetAtt": []any{bucket, "Arn"}}
	objects := func(pattern string) any { return map[string]any{"Fn::Join": []any{"", []any{arn, pattern}}} }
	want := map[string]any{
		"s3:ListBucket":   arn,
		"s3:GetObject":    objects("/*"),
		"s3:PutObject":    []any{objects("/generations/*"), objects("/hours/*"), objects("/keys/*"), objects("/pending/*"), objects("/records/*")},
		"s3:DeleteObject": objects("/pending/*"),
	}
	got := map[string]any{}
	for _, s := range statementsOf(t, template) {
		for _, action := range s.actions(t) {
			if _, ours := want[action]; ours && s.Effect == "Allow" {
				got[action] = s.Resource
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the role may do in the archive (-want +got):\n%s", diff)
	}
}

// A folder that package archive fills and the role cannot would stop every repair.
func TestEveryFolderOfPackageArchiveIsFilledByOneFunction(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "pkg", "aws", "archive", "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	var want []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range folderConstant.FindAllStringSubmatch(string(text), -1) {
			want = append(want, match[1]+"*")
		}
	}
	got := append([]string{"sweep/*"}, enforcing...)
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-package archive +roles):\n%s", diff)
	}
}

// folderConstant finds constants such as pending = "pending/".
var folderConstant = regexp.MustCompile(`(?m)^(?:const |\t)\w+ += "([a-z]+/)"$`)
