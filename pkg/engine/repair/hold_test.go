package repair_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/repair"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// allows is a statement that gives an action to a principal, under conditions.
func allows(principal, action, conditions string) string {
	return `{"Effect":"Allow","Principal":` + principal + `,"Action":"` + action + `","Resource":"*","Condition":{` + conditions + `}}`
}

const (
	eve           = `{"AWS":"arn:aws:iam::111122223333:user/eve"}`
	serviceLinked = "arn:aws:iam::111122223333:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling"
	viaS3         = `"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`
)

func TestWhatHoldsAPlan(t *testing.T) {
	logs := allows(`{"Service":"logs.us-east-1.amazonaws.com"}`, "kms:Decrypt", "")
	abroad := allows(`{"AWS":"444455556666"}`, "kms:Decrypt", "")
	user := allows(eve, "kms:Sign", "")
	stack := map[string]string{"aws:cloudformation:stack-name": "payments", "aws:cloudformation:stack-id": "arn:aws:cloudformation:us-east-1:111122223333:stack/payments/1"}
	none, all := map[string]string{}, rules.HoldReasons()
	service := []rules.HoldReason{rules.HoldServiceAccess}
	for _, row := range []struct {
		statement string
		tags      map[string]string
		when      []rules.HoldReason
		want      []rules.HoldReason
		detail    string
		because   string
	}{
		{logs, none, all, service, "logs.us-east-1.amazonaws.com lose kms:Decrypt", "a service that the policy names"},
		{logs, none, nil, nil, "", "nobody asked"},
		{public, none, service, nil, "", "services as a part of everyone are nobody's in particular"},
		{abroad, none, all, []rules.HoldReason{rules.HoldCrossAccountAccess}, "account 444455556666 lose kms:Decrypt", "another account that the policy names"},
		{abroad, none, rules.DefaultRepair().HoldWhen, nil, "", "by default, other accounts lose access"},
		{user, none, all, nil, "", "a principal of the account is no reason"},
		{user, stack, all, []rules.HoldReason{rules.HoldCloudFormation}, "change KeyPolicy in stack \"arn:aws:cloudformation:us-east-1:111122223333:stack/payments/1\"", "the stack would bring it back"},
		{user, map[string]string{"aws:cloudformation:stack-name": "payments"}, all, []rules.HoldReason{rules.HoldCloudFormation}, `stack "payments"`, "by name, where there is no id"},
		{user, nil, all, []rules.HoldReason{rules.HoldCloudFormation}, "not known", "tags that could not be read"},
		{logs, stack, all, []rules.HoldReason{rules.HoldServiceAccess, rules.HoldCloudFormation}, "", "all reasons are told"},

		{allows(`{"AWS":"`+serviceLinked+`"}`, "kms:Sign", ""), none, all, service, serviceLinked + " lose kms:Sign", "a service acts through a role that is linked to it"},
		{allows(`{"AWS":["`+serviceLinked+`","arn:aws:iam::111122223333:user/eve"]}`, "kms:Sign", ""), none, all, service, "services: " + serviceLinked + " lose", "of those who lose, the service is told"},
		{allows(`{"AWS":"arn:aws:iam::111122223333:role/service-role/backup"}`, "kms:Sign", ""), none, all, nil, "", "anybody can make a role with this path, and assume it"},
		{allows(eve, "kms:Sign", viaS3), none, all, service, `what is called through "s3.us-east-1.amazonaws.com" loses kms:Sign`, "S3 calls on behalf of the user"},
		{allows(`{"AWS":"444455556666"}`, "kms:Decrypt", viaS3), none, service, service, `through "s3.us-east-1.amazonaws.com"`, "and on behalf of another account"},
		{allows(`"*"`, "kms:Sign", viaS3+`,"StringLike":{"kms:CallerAccount":"111122223333"}`), none, all, service, `through "s3.us-east-1.amazonaws.com"`, "everyone of one account, as in the policies that services generate"},
		{allows(`"*"`, "kms:Sign", viaS3), none, all, nil, "", "public through S3 is nobody's in particular, and critical"},
		{allows(eve, "kms:Sign", `"StringLike":{"KMS:VIASERVICE":["s3.*","rds.\u0000*"]}`), none, all, service, `"s3.*" or "rds.\x00*"`, "condition keys have no case; values are escaped"},
		{allows(eve, "kms:Sign", `"StringNotEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}`), none, all, nil, "", "the condition keeps a service out"},
		{allows(eve, "kms:Sign", `"Null":{"kms:ViaService":"true"}`), none, all, nil, "", "no service is let in"},
		{allows(eve, "kms:Sign", `"Null":{"kms:ViaService":"false"}`), none, all, service, "through any service", "only services are let in"},
		{allows(`{"AWS":"444455556666"}`, "kms:CreateGrant", `"Bool":{"kms:GrantIsForAWSResource":"True"}`), none, service, service, "what makes grants for AWS services loses kms:CreateGrant", "services make grants"},
		{allows(`{"AWS":"444455556666"}`, "kms:CreateGrant", `"Bool":{"kms:GrantIsForAWSResource":"false"}`), none, service, nil, "", "services make none"},
		{allows(eve, "kms:Sign", viaS3), none, []rules.HoldReason{rules.HoldCrossAccountAccess}, nil, "", "nobody asked of services"},
	} {
		c := repairing(func(c *rules.Configuration, _ *rules.Baseline) { c.Repair.HoldWhen = row.when })
		s := snapshot(statements(root, row.statement))
		s.Labels.Tags = row.tags
		j := guardrail.Judge(s, c, today)
		p, err := repair.For(s, j, c, writer)
		if err != nil {
			t.Fatalf("%v: %s", err, row.because)
		}
		var got []rules.HoldReason
		var details []string
		for _, hold := range repair.Holds(p, s, j, c.Repair) {
			got = append(got, hold.Reason)
			details = append(details, hold.Detail)
		}
		if !slices.Equal(got, row.want) || !strings.Contains(strings.Join(details, "\n"), row.detail) {
			t.Errorf("%v %q, want %v %q: %s", got, details, row.want, row.detail, row.because)
		}
	}
}

func TestOnlyTheFirstServicesOfAConditionAreTold(t *testing.T) {
	var list []string
	for _, name := range strings.Split("abcdefghij", "") {
		list = append(list, `"`+name+`.amazonaws.com"`)
	}
	c := repairing(func(*rules.Configuration, *rules.Baseline) {})
	s := snapshot(statements(root, allows(eve, "kms:Sign", `"StringEquals":{"kms:ViaService":[`+strings.Join(list, ",")+`]}`)))
	d, err := repair.Decide(s, guardrail.Judge(s, c, today), c, writer)
	if err != nil || !d.Held || len(d.Holds) != 1 || !strings.Contains(d.Holds[0].Detail, `"h.amazonaws.com" and 2 more loses kms:Sign`) {
		t.Errorf("%+v, %v", d.Holds, err)
	}
}
