package main

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/jsii-runtime-go"
	"github.com/timbray/quamina"

	"github.com/kms-guardrail/kms-guardrail/events"
)

// threeRegions guards two Regions beside its home.
const threeRegions = repairing + "notices: [DisableKey]\nrules: [{name: a, match: {tags: {a: b}}}]\n" +
	"deployment: {homeRegion: eu-central-1, regions: [eu-central-1, us-east-1, eu-west-1]}\n"

// newDeployment makes all stacks of a configuration.
func newDeployment(t *testing.T, text string) deployment {
	t.Helper()
	d, err := describe(awscdk.NewApp(appProps(t, configured(t, text))), "Test", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestEachFurtherRegionHasAForwarder(t *testing.T) {
	d := newDeployment(t, threeRegions)
	if got := slices.Sorted(maps.Keys(d.Forwarders)); !slices.Equal(got, []string{"eu-west-1", "us-east-1"}) {
		t.Errorf("forwarders in %q", got)
	}
	if region := *d.Home.Region(); region != "eu-central-1" {
		t.Errorf("the home is in %s", region)
	}
	for region, stack := range d.Forwarders {
		if *stack.Region() != region || *stack.StackName() != "Test-"+region {
			t.Errorf("%s: the stack %s is in %s", region, *stack.StackName(), *stack.Region())
		}
	}
}

func TestARolloutThatReportsHasNoWarnings(t *testing.T) {
	d := newDeployment(t, strings.Replace(threeRegions, "mode: repair", "mode: report", 1))
	for _, stack := range []awscdk.Stack{d.Home, d.Forwarders["us-east-1"]} {
		annotations := assertions.Annotations_FromStack(stack)
		expect(t, func() { annotations.HasNoError(jsii.String("*"), assertions.Match_AnyValue()) })
		expect(t, func() { annotations.HasNoWarning(jsii.String("*"), assertions.Match_AnyValue()) })
	}
}

func TestWithoutFurtherRegionsThereIsNoBus(t *testing.T) {
	for reason, text := range map[string]string{
		"no home is named": repairing, "the home is alone": repairing + "deployment: {homeRegion: eu-central-1}\n",
	} {
		d := newDeployment(t, text)
		expect(t, func() {
			assertions.Template_FromStack(d.Home, nil).ResourceCountIs(jsii.String("AWS::Events::EventBus"), jsii.Number(0))
		})
		if len(d.Forwarders) > 0 {
			t.Errorf("%s: %d forwarders", reason, len(d.Forwarders))
		}
	}
}

// TestAForwarderIsDeployedWithoutBootstrap: seventeen Regions need no preparation.
func TestAForwarderIsDeployedWithoutBootstrap(t *testing.T) {
	template := assertions.Template_FromStack(newDeployment(t, threeRegions).Forwarders["us-east-1"], nil)
	text, err := json.Marshal(template.ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	const most = 51200 // https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
	if len(text) > most {
		t.Errorf("the template has %d bytes, more than CloudFormation takes with a call", len(text))
	}
	for _, word := range []string{"BootstrapVersion", "cdk-hnb659fds", "AWS::Lambda", "AWS::S3"} {
		if strings.Contains(string(text), word) {
			t.Errorf("the template contains %s", word)
		}
	}
}

// matcher matches events against the patterns of rules whose logical id begins with a prefix.
func matcher(t *testing.T, template assertions.Template, prefix string) *quamina.Quamina {
	t.Helper()
	q, err := quamina.New()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for id, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
		if !strings.HasPrefix(id, prefix) {
			continue
		}
		pattern, err := json.Marshal(named(rule.EventPattern))
		if err != nil {
			t.Fatal(err)
		}
		if err := q.AddPattern(id, string(pattern)); err != nil {
			t.Fatalf("%s: %v: %s", id, err, pattern)
		}
		found++
	}
	if found == 0 {
		t.Fatalf("no rule begins with %s", prefix)
	}
	return q
}

func isMatch(t *testing.T, q *quamina.Quamina, event []byte) bool {
	t.Helper()
	matches, err := q.MatchesForEvent(event)
	if err != nil {
		t.Fatal(err)
	}
	return len(matches) > 0
}

// TestAKeyEventIsJudgedWhereverItHappens: what the default bus of the home Region lets through, a forwarder
// lets through as well, and so does the home bus.
func TestAKeyEventIsJudgedWhereverItHappens(t *testing.T) {
	d := newDeployment(t, threeRegions)
	home := assertions.Template_FromStack(d.Home, nil)
	here := matcher(t, home, "KeyEvents")
	forwarder := matcher(t, assertions.Template_FromStack(d.Forwarders["us-east-1"], nil), "KeyEvents")
	onHomeBus := matcher(t, home, "HomeKeyEvents")
	through := 0
	for _, sample := range events.Samples() {
		if !json.Valid(sample.JSON) {
			continue
		}
		want := isMatch(t, here, sample.JSON)
		if got := isMatch(t, forwarder, sample.JSON); got != want {
			t.Errorf("%s: forwarded: %v; matched in the home Region: %v", sample.Name, got, want)
		}
		if got := isMatch(t, onHomeBus, sample.JSON); got != want {
			t.Errorf("%s: matched on the home bus: %v; in the home Region: %v", sample.Name, got, want)
		}
		if want {
			through++
		}
	}
	if through < 10 {
		t.Errorf("only %d samples are key events", through)
	}
}

// TestPeopleHearOfTheOtherRegions: of tampering and of the forwarder's alarm, and only of its own alarm.
func TestPeopleHearOfTheOtherRegions(t *testing.T) {
	d := newDeployment(t, threeRegions)
	home, forwarder := assertions.Template_FromStack(d.Home, nil), assertions.Template_FromStack(d.Forwarders["us-east-1"], nil)
	alarms := slices.Collect(maps.Keys(decodeResources[any](t, forwarder, "AWS::CloudWatch::Alarm")))
	if len(alarms) != 1 {
		t.Fatalf("alarms %q, want one", alarms)
	}
	alarm := func(name, state string) []byte {
		text, err := json.Marshal(map[string]any{
			"source": "aws.cloudwatch", "detail-type": "CloudWatch Alarm State Change", "resources": []string{name},
			"detail": map[string]any{"alarmName": "x", "state": map[string]any{"value": state}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	all, onHomeBus := matcher(t, forwarder, ""), matcher(t, home, "Home")
	for _, row := range []struct {
		reason string
		event  []byte
		want   bool
	}{
		{"a trail stops", call(t, "cloudtrail", "StopLogging", map[string]any{"name": "any"}, "192.0.2.1"), true},
		{"IAM is heard in one Region only", call(t, "iam", "PutRolePolicy", map[string]any{"roleName": "kms-guardrail-eu-central-1"}, "192.0.2.1"), true},
		{"another role", call(t, "iam", "PutRolePolicy", map[string]any{"roleName": "other"}, "192.0.2.1"), false},
		{"the rule of another", call(t, "events", "DisableRule", map[string]any{"name": "other"}, "192.0.2.1"), false},
		{"the alarm of the forwarder", alarm(alarms[0]+".Arn", "ALARM"), true},
		{"the alarm is over", alarm(alarms[0]+".Arn", "OK"), false},
		{"the alarm of somebody else", alarm("other", "ALARM"), false},
	} {
		if got := isMatch(t, all, row.event); got != row.want {
			t.Errorf("%s: forwarded: %v, want %v", row.reason, got, row.want)
		}
		if row.want && !isMatch(t, onHomeBus, row.event) {
			t.Errorf("%s: nobody hears of it in the home Region", row.reason)
		}
	}
}

// TestOnlyRulesOfTheForwarderPutEventsOnTheHomeBus and nothing else may that role do.
func TestOnlyRulesOfTheForwarderPutEventsOnTheHomeBus(t *testing.T) {
	template := assertions.Template_FromStack(newDeployment(t, threeRegions).Forwarders["us-east-1"], nil)
	statements := statementsOf(t, template)
	if len(statements) != 1 || !slices.Equal(statements[0].actions(t), []string{"events:PutEvents"}) ||
		substituted(t, statements[0].Resource) != "arn:aws:events:eu-central-1:${AWS::AccountId}:event-bus/kms-guardrail" {
		t.Errorf("the role may do %+v", statements)
	}
	type trust struct {
		AssumeRolePolicyDocument struct {
			Statement []struct {
				Principal any
				Condition map[string]map[string]any
			}
		}
	}
	for id, role := range decodeResources[trust](t, template, "AWS::IAM::Role") {
		st := role.AssumeRolePolicyDocument.Statement
		if len(st) != 1 || !reflect.DeepEqual(st[0].Principal, any(map[string]any{"Service": "events.amazonaws.com"})) ||
			substituted(t, st[0].Condition["StringEquals"]["aws:SourceAccount"]) != "${AWS::AccountId}" ||
			substituted(t, st[0].Condition["ArnLike"]["aws:SourceArn"]) != "arn:aws:events:us-east-1:${AWS::AccountId}:rule/${AWS::StackName}-*" {
			t.Errorf("%s is trusted to %+v", id, st)
		}
	}
	for id, rule := range decodeResources[ruleProperties](t, template, "AWS::Events::Rule") {
		if len(rule.Targets) != 1 || substituted(t, rule.Targets[0].Arn) != "arn:aws:events:eu-central-1:${AWS::AccountId}:event-bus/kms-guardrail" || rule.Targets[0].DeadLetterConfig.Arn == nil {
			t.Errorf("%s has the targets %+v", id, rule.Targets)
		}
	}
}

func TestPoliciesAreWrittenInTheGuardedRegionsOnly(t *testing.T) {
	var resources []string
	for _, st := range statementsOf(t, assertions.Template_FromStack(newDeployment(t, threeRegions).Home, nil)) {
		if st.Sid == "RepairKeyPolicies" {
			for _, resource := range st.Resource.([]any) {
				resources = append(resources, substituted(t, resource))
			}
		}
	}
	var want []string
	for _, region := range []string{"eu-central-1", "eu-west-1", "us-east-1"} {
		want = append(want, "arn:aws:kms:"+region+":${AWS::AccountId}:key/*")
	}
	if !slices.Equal(resources, want) {
		t.Errorf("%q, want %q", resources, want)
	}
}

func TestTheRoleOfAHomeIsNamedByItsRegion(t *testing.T) {
	const prefix = "arn:${Partition}:iam::${AccountId}:role/kms-guardrail-"
	for _, row := range []struct {
		reason, access, home string
		regions              []string
		want                 int
	}{
		{"a stack in each Region", prefix + "${Region}", "", nil, 0},
		{"one role for keys of all Regions", prefix + "eu-central-1", "eu-central-1", []string{"eu-central-1", "us-east-1"}, 0},
		{"the Region of the key is not the one of the role", prefix + "${Region}", "eu-central-1", []string{"eu-central-1", "us-east-1"}, 1},
		{"the home is the only Region", prefix + "${Region}", "eu-central-1", []string{"eu-central-1"}, 0},
		{"another home", prefix + "us-east-1", "eu-central-1", []string{"eu-central-1", "us-east-1"}, 1},
	} {
		c, err := readConfiguration(configured(t, "version: 1\nbaselines: {standard: {style: api, guardrailAccess: \""+row.access+"\"}}\n")["guardrail:config"].(string), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		names, right := c.foreignAccess(settings{HomeRegion: row.home, Regions: row.regions})
		if len(names) != row.want || row.home != "" && right != prefix+row.home {
			t.Errorf("%s: %q, %s", row.reason, names, right)
		}
	}
}
