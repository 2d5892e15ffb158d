package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/google/go-cmp/cmp"
)

// deployed is a configuration that repairs and says each key of its deployment.
const deployed = repairing + `deployment:
  notify: {mail: [security@example.com]}
  sweep: {every: 12h}
  archive: {retentionDays: 400, objectLock: compliance}
  concurrency: 9
`

func TestWhatTheFileSaysOfTheDeploymentIsBuilt(t *testing.T) {
	context := configured(t, deployed)
	context["guardrail:sweepHours"] = nil // the tests' own override
	context["guardrail:sweepAsset"] = bundle(t)
	template := newTemplate(t, context)
	for _, row := range []struct {
		key, kind  string
		properties map[string]any
	}{
		{"notify.mail", "AWS::SNS::Subscription", map[string]any{"Protocol": "email", "Endpoint": "security@example.com"}},
		{"sweep.every", "AWS::Events::Rule", map[string]any{"ScheduleExpression": "rate(12 hours)"}},
		{"archive", "AWS::S3::Bucket", map[string]any{"ObjectLockConfiguration": map[string]any{
			"Rule": map[string]any{"DefaultRetention": map[string]any{"Mode": "COMPLIANCE", "Days": 400}},
		}}},
		{"concurrency", "AWS::Lambda::EventSourceMapping", map[string]any{"ScalingConfig": map[string]any{"MaximumConcurrency": 9}}},
		{"concurrency, with the flush", "AWS::Lambda::Function", map[string]any{
			"Environment": map[string]any{"Variables": assertions.Match_ObjectLike(&map[string]any{"GUARDRAIL_CONCURRENCY": "10"})},
		}},
	} {
		t.Run(row.key, func(t *testing.T) {
			expect(t, func() { template.HasResourceProperties(&row.kind, row.properties) })
		})
	}
}

func TestTheContextCountsMoreThanTheFile(t *testing.T) {
	context := configured(t, deployed)
	context["guardrail:sweepHours"] = "6"
	context["guardrail:notifyEmail"] = "ops@example.com"
	context["guardrail:archiveRetentionDays"] = "500"
	path, _ := context["guardrail:config"].(string)
	configuration, err := readConfiguration(path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	got, err := readSettings(context, configuration.Deployment)
	if err != nil || got.SweepHours != 6 || got.ArchiveRetentionDays != 500 || cmp.Diff([]string{"ops@example.com"}, got.NotifyEmail) != "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestALockThatIsOffHasNoRetentionAndDoesNotReplaceTheBucket(t *testing.T) {
	template := newTemplate(t, configured(t, repairing+"deployment: {archive: {objectLock: off}}\n"))
	expect(t, func() {
		template.HasResourceProperties(jsii.String("AWS::S3::Bucket"), map[string]any{
			"ObjectLockEnabled": true, "ObjectLockConfiguration": assertions.Match_Absent(),
		})
	})
}

func TestAnArchiveThatExistsIsUsedAndNotChanged(t *testing.T) {
	template := newTemplate(t, configured(t, repairing+"deployment: {archive: {bucket: kms-archive, owner: 444455556666}}\n"))
	for _, kind := range []string{"AWS::S3::Bucket", "AWS::S3::BucketPolicy"} {
		expect(t, func() { template.ResourceCountIs(&kind, jsii.Number(0)) })
	}
	expect(t, func() {
		template.HasResourceProperties(jsii.String("AWS::Lambda::Function"), map[string]any{"Environment": map[string]any{
			"Variables": assertions.Match_ObjectLike(&map[string]any{"ARCHIVE_BUCKET": "kms-archive", "ARCHIVE_BUCKET_OWNER": "444455556666"}),
		}})
	})
	if got := allowedActions(t, template); !slices.Contains(got, "s3:PutObject") {
		t.Errorf("the role may %q", got)
	}
}

// TestADeploymentThatCannotBeBuiltFailsTheSynthesis: a place in the file, or the context key.
func TestADeploymentThatCannotBeBuiltFailsTheSynthesis(t *testing.T) {
	for _, row := range []struct {
		reason, text string
		context      map[string]any
		want         string
	}{
		{"a mail that is none", repairing + "deployment: {notify: {mail: [security]}}\n", nil, "configuration.yaml:4:30: `security` is not an address"},
		{"an archive that forgets what a budget counts", repairing + "repair: {budget: {window: 3d}}\ndeployment: {archive: {retentionDays: 2}}\n", nil, "configuration.yaml:5:39: `retentionDays` is 2"},
		{"the same by context", repairing + "repair: {budget: {window: 3d}}\n", map[string]any{"guardrail:archiveRetentionDays": "2"}, "context guardrail:archiveRetentionDays: 2 days are shorter"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			context := configured(t, row.text)
			for key, value := range row.context {
				context[key] = value
			}
			if _, err := describe(awscdk.NewApp(appProps(t, context)), "Test", time.Now()); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want an error with %q", err, row.want)
			}
		})
	}
}
