package localaws

import (
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

func TestEveryCallIsRecordedWithCallerKeyAndOutcome(t *testing.T) {
	w := newWorld(t)
	client := w.client(ireland)
	id, arn := newDefaultKey(t, client)
	must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: new("alias/x"), TargetKeyId: &id}))(t)
	describe(t, client, "alias/x")
	wantError(t, put(client, id, "{}"), malformedCode)

	calls := w.cloud.Calls()
	var operations []string
	for _, c := range calls {
		operations = append(operations, c.Operation)
		if c.Identity != w.admin.ARN || c.Account != w.account || c.Region != ireland || c.KeyARN != arn || c.RequestID == "" {
			t.Errorf("call %+v", c)
		}
	}
	if got := strings.Join(operations, " "); got != "CreateKey CreateAlias DescribeKey PutKeyPolicy" {
		t.Errorf("operations %s", got)
	}
	last := w.cloud.Calls("PutKeyPolicy")[0]
	if last.Error != malformedCode || !strings.Contains(string(last.Request), `"Policy":"{}"`) || !last.Time.Equal(w.clock.at) {
		t.Errorf("call %+v", last)
	}
	w.cloud.ResetCalls()
	if calls := w.cloud.Calls(); len(calls) != 0 {
		t.Errorf("calls after the reset %v", calls)
	}
}

func TestCallerIdentityNamesTheSession(t *testing.T) {
	w := newWorld(t)
	job := w.own.AddRole("App", PrincipalOptions{Path: "/ops/"}).Session("job")
	out := must(sts.NewFromConfig(w.cloud.Config(job, virginia)).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{}))(t)
	if *out.Arn != "arn:aws:sts::111122223333:assumed-role/App/job" || *out.Account != w.account ||
		!strings.HasPrefix(*out.UserId, "AROA") || !strings.HasSuffix(*out.UserId, ":job") {
		t.Errorf("identity %s %s %s", *out.Arn, *out.Account, *out.UserId)
	}
	if job.PrincipalARN != "arn:aws:iam::111122223333:role/ops/App" {
		t.Errorf("principal %s", job.PrincipalARN)
	}
}

func TestDeletedPrincipalCannotCall(t *testing.T) {
	w := newWorld(t)
	gone := w.own.AddUser("Gone", PrincipalOptions{Policies: []string{AllowAll}})
	newDefaultKey(t, w.as(gone, virginia))
	w.cloud.DeletePrincipal(gone.PrincipalARN)
	_, err := w.as(gone, virginia).ListKeys(ctx, &kms.ListKeysInput{})
	wantError(t, err, "UnrecognizedClientException")
}

func TestSameSeedGivesTheSameIDs(t *testing.T) {
	one, _ := newDefaultKey(t, newWorld(t).client(virginia))
	two, _ := newDefaultKey(t, newWorld(t).client(virginia))
	if one != two {
		t.Errorf("%s and %s", one, two)
	}
}

func TestIneffectiveStatementsCanBeRefused(t *testing.T) {
	w := newWorldWith(t, Options{RefuseIneffectiveStatements: true})
	id, _ := newDefaultKey(t, w.client(virginia))
	wantError(t, put(w.client(virginia), id, policyOf(w.account, `{"Effect":"Allow","Principal":"*","Action":"kms:*"}`)), malformedCode)
}

func TestConditionKeysOfTheCallAreEvaluated(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	app := w.own.AddRole("App", PrincipalOptions{Path: "/ops/", Policies: []string{AllowAll}})
	id, _ := newDefaultKey(t, client)
	for _, row := range []struct {
		reason, condition string
		caller            Identity
		ok                bool
	}{
		{"caller's account", `{"StringEquals":{"kms:CallerAccount":"111122223333"}}`, app, true},
		{"role ARN with path, not the session", `{"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:role/ops/App"}}`, app, true},
		{"kind of principal", `{"StringEquals":{"aws:PrincipalType":"AssumedRole"}}`, app, true},
		{"key spec", `{"StringEquals":{"kms:KeySpec":"SYMMETRIC_DEFAULT"}}`, app, true},
		{"not through a service", `{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`, app, false},
		{"through a service", `{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}`, app.InvokedBy("s3.amazonaws.com"), true},
		{"loopback address", `{"IpAddress":{"aws:SourceIp":"127.0.0.0/8"}}`, app, true},
		{"bypass parameter left out", `{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"false"}}`, app, false},
		{"no user name in a role session", `{"Null":{"aws:username":"true"}}`, app, true},
	} {
		t.Run(row.reason, func(t *testing.T) {
			policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + w.admin.PrincipalARN + `"},"Action":"kms:*","Resource":"*"},
				{"Effect":"Allow","Principal":{"AWS":"` + app.PrincipalARN + `"},"Action":"kms:DescribeKey","Resource":"*","Condition":` + row.condition + `}]}`
			if err := put(client, id, policy); err != nil {
				t.Fatal(err)
			}
			_, err := w.as(row.caller, virginia).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
			if (err == nil) != row.ok {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestParallelCallsAreSafe(t *testing.T) {
	w := newWorld(t)
	w.cloud.Inject(Fault{Kind: Throttle, Operation: "GetKeyPolicy", Times: 3})
	if err := w.cloud.AddRule([]byte(`{"source":["aws.kms"]}`), func([]byte) {}); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			client := w.client(virginia)
			out, err := client.CreateKey(ctx, &kms.CreateKeyInput{})
			if err != nil {
				t.Error(err)
				return
			}
			_, _ = client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: out.KeyMetadata.KeyId}) // may meet the fault
			if err := put(client, *out.KeyMetadata.KeyId, policyOf(w.account)); err != nil {
				t.Error(err)
			}
			_ = w.cloud.Calls()
			if _, err := w.cloud.Deliver(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if got := len(w.cloud.Calls("CreateKey", "PutKeyPolicy")); got != 16 {
		t.Errorf("%d calls", got)
	}
}

// CloudFormation tags the keys that it makes, in the name of who made the stack.
func TestOnlyAServiceSetsTagsOfAWS(t *testing.T) {
	w := newWorld(t)
	tagged := &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: new("aws:cloudformation:stack-name"), TagValue: new("keys")}}}
	_, err := w.as(w.admin, virginia).CreateKey(ctx, tagged)
	wantError(t, err, "TagException")
	byStack := w.as(w.admin.InvokedBy("cloudformation.amazonaws.com"), virginia)
	made := must(byStack.CreateKey(ctx, tagged))(t)
	list := must(byStack.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: made.KeyMetadata.KeyId}))(t)
	if len(list.Tags) != 1 || *list.Tags[0].TagValue != "keys" {
		t.Errorf("tags %v", list.Tags)
	}
}
