package trail_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/trail"
)

// identityEvent is a PutKeyPolicy event with a userIdentity, and more members of the record.
func identityEvent(t *testing.T, identity string, more ...string) []byte {
	t.Helper()
	var event map[string]any
	sample, err := events.Read("put-key-policy-by-id")
	if err == nil {
		err = json.Unmarshal(sample, &event)
	}
	if err != nil {
		t.Fatal(err)
	}
	detail, _ := event["detail"].(map[string]any)
	detail["userIdentity"] = json.RawMessage(identity)
	for i := 0; i < len(more); i += 2 {
		detail[more[i]] = json.RawMessage(more[i+1])
	}
	text, err := json.Marshal(event)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestEveryKindOfCallerIsReadWholly has one row for each form of the userIdentity element.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func TestEveryKindOfCallerIsReadWholly(t *testing.T) {
	const account = "111122223333"
	for _, row := range []struct {
		kind, identity string
		more           []string
		want           trail.Actor
	}{
		{"a user", `{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ops/alice","accountId":"111122223333","accessKeyId":"EXAMPLE_KEY_ID","userName":"alice"}`, nil,
			trail.Actor{Type: "IAMUser", ARN: "arn:aws:iam::111122223333:user/ops/alice", Account: account, AccessKeyID: "EXAMPLE_KEY_ID"}},
		{
			"a role with a path, in the console, with MFA and a source identity",
			`{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Owner/ana","accountId":"111122223333","sessionContext":{"sourceIdentity":"ana@example.com","sessionIssuer":{"type":"Role","arn":"arn:aws:iam::111122223333:role/teams/Owner"},"attributes":{"mfaAuthenticated":"true"}}}`,
			[]string{"sessionCredentialFromConsole", `"true"`},
			trail.Actor{Type: "AssumedRole", ARN: "arn:aws:sts::111122223333:assumed-role/Owner/ana", Account: account, Role: "arn:aws:iam::111122223333:role/teams/Owner", SourceIdentity: "ana@example.com", Console: true, MFA: true},
		},
		{
			"a user of IAM Identity Center",
			`{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ana","accountId":"111122223333","onBehalfOf":{"userId":"94482488-3041-7011-be92-4a2fd2a6c9e8","identityStoreArn":"arn:aws:identitystore::111122223333:identitystore/d-1"}}`, nil,
			trail.Actor{Type: "AssumedRole", ARN: "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_1/ana", Account: account, OnBehalfOf: "94482488-3041-7011-be92-4a2fd2a6c9e8"},
		},
		{"a web identity", `{"type":"WebIdentityUser","identityProvider":"accounts.google.com","userName":"u"}`, nil, trail.Actor{Type: "WebIdentityUser", Provider: "accounts.google.com"}},
		{
			"a role by web identity", `{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Ci/run","accountId":"111122223333","sessionContext":{"webIdFederationData":{"federatedProvider":"arn:aws:iam::111122223333:oidc-provider/ci.example.com"}}}`, nil,
			trail.Actor{Type: "AssumedRole", ARN: "arn:aws:sts::111122223333:assumed-role/Ci/run", Account: account, Provider: "arn:aws:iam::111122223333:oidc-provider/ci.example.com"},
		},
		{"a user by SAML", `{"type":"SAMLUser","identityProvider":"EXAMPLE_IDP","userName":"u"}`, nil, trail.Actor{Type: "SAMLUser", Provider: "EXAMPLE_IDP"}},
		{"another account", `{"type":"AWSAccount","accountId":"444455556666","principalId":"EX_PRINCIPAL_ID"}`, nil, trail.Actor{Type: "AWSAccount", Account: "444455556666"}},
		{"a service", `{"type":"AWSService","invokedBy":"s3.amazonaws.com"}`, nil, trail.Actor{Type: "AWSService", InvokedBy: "s3.amazonaws.com"}},
		{"the root user", `{"type":"Root","arn":"arn:aws:iam::111122223333:root","accountId":"111122223333","sessionContext":{"sessionIssuer":{}}}`, nil,
			trail.Actor{Type: "Root", ARN: "arn:aws:iam::111122223333:root", Account: account}},
		{"nobody", `{}`, nil, trail.Actor{}},
		{"nothing at all", `null`, nil, trail.Actor{}},
	} {
		event, err := trail.Decode(identityEvent(t, row.identity, row.more...))
		if err != nil {
			t.Errorf("%s: %v", row.kind, err)
			continue
		}
		ignored := cmpopts.IgnoreFields(trail.Actor{}, "SourceIP", "UserAgent", "EventID", "EventTime")
		if diff := cmp.Diff(row.want, event.Actor, ignored); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.kind, diff)
		}
	}
}

// TestWhatIsForPeopleVoidsNoEvent: each member of the caller may have any type, and the key is judged all the
// same.
func TestWhatIsForPeopleVoidsNoEvent(t *testing.T) {
	whole := `{"type":"AssumedRole","arn":"a","accountId":"b","accessKeyId":"c","invokedBy":"d","identityProvider":"e","onBehalfOf":{"userId":"f"},` +
		`"sessionContext":{"sourceIdentity":"g","sessionIssuer":{"arn":"h"},"attributes":{"mfaAuthenticated":"true"},"webIdFederationData":{"federatedProvider":"i"}}}`
	var identity map[string]any
	if err := json.Unmarshal([]byte(whole), &identity); err != nil {
		t.Fatal(err)
	}
	tried := 0
	var walk func(path string, at map[string]any)
	walk = func(path string, at map[string]any) {
		for name, value := range at {
			for _, wrong := range []any{7, true, []any{"x"}, map[string]any{"y": 1}, nil} {
				at[name] = wrong
				text, err := json.Marshal(identity)
				if err != nil {
					t.Fatal(err)
				}
				if event, err := trail.Decode(identityEvent(t, string(text))); err != nil || event.KeyARN == "" {
					t.Errorf("%s%s: %v: %v", path, name, wrong, err)
				}
				tried++
			}
			if at[name] = value; fmt.Sprintf("%T", value) == "map[string]interface {}" {
				walk(path+name+".", value.(map[string]any))
			}
		}
	}
	walk("", identity)
	for _, member := range []string{"sourceIPAddress", "userAgent", "sessionCredentialFromConsole"} {
		if event, err := trail.Decode(identityEvent(t, whole, member, `{"x":1}`)); err != nil || event.KeyARN == "" {
			t.Errorf("%s: %v", member, err)
		}
	}
	if tried < 60 {
		t.Errorf("only %d members were tried", tried)
	}
}
