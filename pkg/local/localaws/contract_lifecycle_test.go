package localaws

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const (
	apiReplicateKey  = "https://docs.aws.amazon.com/kms/latest/APIReference/API_ReplicateKey.html"
	apiUpdatePrimary = "https://docs.aws.amazon.com/kms/latest/APIReference/API_UpdatePrimaryRegion.html"
	apiScheduleDel   = "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html"
	docKeyState      = "https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html"
	docEvaluation    = "https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html"
	docPermissions   = "https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html"
	motoReplicas     = "gets replicas wrong"
	motoAccess       = "has no identities and decides almost nothing by policy"
)

// newPrimary creates a multi-Region primary key in Virginia.
func newPrimary(t *testing.T, w world) (id, arn string) {
	t.Helper()
	return newKey(t, w.client(virginia), &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
}

func replicate(w world, id, region string) (*kms.ReplicateKeyOutput, error) {
	return w.client(virginia).ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: &id, ReplicaRegion: &region})
}

func describe(t *testing.T, client *kms.Client, id string) *types.KeyMetadata {
	t.Helper()
	return must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id}))(t).KeyMetadata
}

var multiRegionCases = []contractCase{
	{"MultiRegionKeyIsAPrimaryWithItsOwnKindOfID", apiCreateKey + "#KMS-CreateKey-request-MultiRegion", "", func(t *testing.T, w world) {
		m := must(w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{MultiRegion: aws.Bool(true)}))(t).KeyMetadata
		if !strings.HasPrefix(*m.KeyId, "mrk-") || !*m.MultiRegion || m.MultiRegionConfiguration == nil ||
			m.MultiRegionConfiguration.MultiRegionKeyType != types.MultiRegionKeyTypePrimary ||
			*m.MultiRegionConfiguration.PrimaryKey.Arn != *m.Arn {
			t.Errorf("metadata %+v", m)
		}
	}},
	{"ReplicaHasTheIDAndTheDefaultPolicy", apiReplicateKey, motoReplicas, func(t *testing.T, w world) {
		id, primaryARN := newPrimary(t, w)
		out := must(replicate(w, id, ireland))(t)
		m := out.ReplicaKeyMetadata
		if *m.KeyId != id || *m.Arn != strings.Replace(primaryARN, virginia, ireland, 1) || m.KeyState != types.KeyStateCreating {
			t.Errorf("metadata %+v", m)
		}
		if c := m.MultiRegionConfiguration; c.MultiRegionKeyType != types.MultiRegionKeyTypeReplica || *c.PrimaryKey.Arn != primaryARN || len(c.ReplicaKeys) != 1 {
			t.Errorf("configuration %+v", c)
		}
		wantSameJSON(t, aws.ToString(out.ReplicaPolicy), defaultPolicy("aws", w.account))
		w.clock.at = w.clock.at.Add(time.Minute)
		if state := describe(t, w.client(ireland), id).KeyState; state != types.KeyStateEnabled {
			t.Errorf("state after a minute %s", state)
		}
	}},
	{"PolicyOfReplicaIsItsOwn", apiReplicateKey + "#KMS-ReplicateKey-request-Policy", motoReplicas, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		must(replicate(w, id, ireland))(t)
		policy := policyOf(w.account, allow(`{"Service":"s3.amazonaws.com"}`))
		if err := put(w.client(ireland), id, policy); err != nil {
			t.Fatal(err)
		}
		wantSameJSON(t, get(t, w.client(virginia), id), defaultPolicy("aws", w.account))
	}},
	{"OneReplicaPerRegion", apiReplicateKey, motoReplicas, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		must(replicate(w, id, ireland))(t)
		_, err := replicate(w, id, ireland)
		wantError(t, err, "AlreadyExistsException")
		_, err = replicate(w, id, virginia)
		wantError(t, err, "AlreadyExistsException")
	}},
	{"ReplicaStaysInThePartition", apiReplicateKey + "#KMS-ReplicateKey-request-ReplicaRegion", motoReplicas, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		_, err := replicate(w, id, beijing)
		wantError(t, err, "ValidationException")
	}},
	{"OnlyAPrimaryIsReplicated", apiReplicateKey, motoReplicas, func(t *testing.T, w world) {
		single, _ := newDefaultKey(t, w.client(virginia))
		_, err := replicate(w, single, ireland)
		wantError(t, err, "UnsupportedOperationException")
	}},
	{"ReplicatingNeedsCreateKeyByIdentityPolicy", apiReplicateKey, motoAccess, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		limited := w.own.AddUser("Limited", PrincipalOptions{Policies: []string{`{"Statement":{"Effect":"Allow","Action":"kms:ReplicateKey","Resource":"*"}}`}})
		_, err := w.as(limited, virginia).ReplicateKey(ctx, &kms.ReplicateKeyInput{KeyId: &id, ReplicaRegion: aws.String(ireland)})
		wantError(t, err, "AccessDeniedException", "kms:CreateKey")
	}},
	{"PrimaryMovesToTheReplicasRegion", apiUpdatePrimary, motoReplicas, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		must(replicate(w, id, ireland))(t)
		w.clock.at = w.clock.at.Add(time.Minute)
		must(w.client(virginia).UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: &id, PrimaryRegion: aws.String(ireland)}))(t)
		if m := describe(t, w.client(virginia), id); m.MultiRegionConfiguration.MultiRegionKeyType != types.MultiRegionKeyTypeReplica || m.KeyState != types.KeyStateUpdating {
			t.Errorf("old primary %+v", m)
		}
		if m := describe(t, w.client(ireland), id); m.MultiRegionConfiguration.MultiRegionKeyType != types.MultiRegionKeyTypePrimary {
			t.Errorf("new primary %+v", m)
		}
	}},
	{"PrimaryMovesOnlyToAReplica", apiUpdatePrimary, motoReplicas, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		_, err := w.client(virginia).UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: &id, PrimaryRegion: aws.String(ireland)})
		wantError(t, err, "NotFoundException")
	}},
}

func schedule(client *kms.Client, id string, days int32) (*kms.ScheduleKeyDeletionOutput, error) {
	return client.ScheduleKeyDeletion(ctx, &kms.ScheduleKeyDeletionInput{KeyId: &id, PendingWindowInDays: &days})
}

var deletionCases = []contractCase{
	{"ScheduledDeletionMakesTheKeyPending", apiScheduleDel, "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		out := must(schedule(client, id, 7))(t)
		if out.DeletionDate == nil {
			t.Error("no deletion date")
		}
		if m := describe(t, client, id); m.KeyState != types.KeyStatePendingDeletion || m.Enabled || m.DeletionDate == nil {
			t.Errorf("metadata %+v", m)
		}
	}},
	{"WaitingPeriodIs7To30Days", apiScheduleDel + "#KMS-ScheduleKeyDeletion-request-PendingWindowInDays", "takes 31 days", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		for _, days := range []int32{6, 31} {
			_, err := schedule(client, id, days)
			wantError(t, err, "ValidationException")
		}
	}},
	{"KeyIsGoneAfterTheWaitingPeriodWithItsAliases", apiScheduleDel, "has a clock of its own", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/gone"), TargetKeyId: &id}))(t)
		must(schedule(client, id, 7))(t)
		w.clock.at = w.clock.at.AddDate(0, 0, 7)
		_, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
		wantError(t, err, "NotFoundException", "does not exist")
		if out := must(client.ListAliases(ctx, &kms.ListAliasesInput{}))(t); len(out.Aliases) != 0 {
			t.Errorf("aliases %+v", out.Aliases)
		}
	}},
	{"PolicyOfAPendingKeyIsReadAndWritten", docKeyState, "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		must(schedule(client, id, 7))(t)
		if err := put(client, id, policyOf(w.account)); err != nil {
			t.Error(err)
		}
		wantSameJSON(t, get(t, client, id), policyOf(w.account))
	}},
	{"PendingKeyIsNotTaggedNorScheduledAgain", docKeyState, "ignores the key state", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		must(schedule(client, id, 7))(t)
		_, err := client.TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
		wantError(t, err, "KMSInvalidStateException", "is pending deletion")
		_, err = schedule(client, id, 7)
		wantError(t, err, "KMSInvalidStateException", "is pending deletion")
	}},
	{"PrimaryWaitsForItsReplicas", apiScheduleDel, motoReplicas, func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		must(replicate(w, id, ireland))(t)
		w.clock.at = w.clock.at.Add(time.Minute)
		if out := must(schedule(w.client(virginia), id, 7))(t); out.KeyState != types.KeyStatePendingReplicaDeletion || out.DeletionDate != nil {
			t.Errorf("primary %+v", out)
		}
		must(schedule(w.client(ireland), id, 8))(t)
		w.clock.at = w.clock.at.AddDate(0, 0, 8)
		m := describe(t, w.client(virginia), id)
		if m.KeyState != types.KeyStatePendingDeletion || m.DeletionDate == nil || !m.DeletionDate.Equal(w.clock.at.AddDate(0, 0, 7)) {
			t.Errorf("primary after its replica is gone %+v", m)
		}
	}},
}

var accessCases = []contractCase{
	{"AccountsAreApart", apiGetKeyPolicy, motoAccess, func(t *testing.T, w world) {
		stranger := w.cloud.AddAccount("999988887777", AccountOptions{}).AddUser("Eve", PrincipalOptions{Policies: []string{AllowAll}})
		id, arn := newDefaultKey(t, w.client(virginia))
		client := w.as(stranger, virginia)
		_, err := client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
		wantError(t, err, "NotFoundException", "arn:aws:kms:us-east-1:999988887777:key/"+id)
		_, err = client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		wantError(t, err, "AccessDeniedException", "because the resource does not exist in this Region, no resource-based policies allow access")
		if out := must(client.ListKeys(ctx, &kms.ListKeysInput{}))(t); len(out.Keys) != 0 {
			t.Errorf("keys of another account: %+v", out.Keys)
		}
	}},
	{"ForeignAccountDescribesButNeverTouchesThePolicy", docPermissions, motoAccess, func(t *testing.T, w world) {
		partner := w.cloud.AddAccount("999988887777", AccountOptions{}).AddUser("Partner", PrincipalOptions{Policies: []string{AllowAll}})
		id, arn := newDefaultKey(t, w.client(virginia))
		open := policyOf(w.account, `{"Effect":"Allow","Principal":{"AWS":"999988887777"},"Action":"kms:*","Resource":"*"}`)
		if err := put(w.client(virginia), id, open); err != nil {
			t.Fatal(err)
		}
		client := w.as(partner, virginia)
		describe(t, client, arn)
		_, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn})
		wantError(t, err, "AccessDeniedException", "kms:GetKeyPolicy")
		wantError(t, put(client, arn, open), "AccessDeniedException", "kms:PutKeyPolicy")
		partner.SetIdentityPolicies()
		_, err = client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		wantError(t, err, "AccessDeniedException", "because no identity-based policy allows the kms:DescribeKey action")
	}},
	{"AccountStatementDelegatesToIdentityPolicies", docEvaluation, motoAccess, func(t *testing.T, w world) {
		_, arn := newDefaultKey(t, w.client(virginia))
		reader := w.own.AddUser("Reader", PrincipalOptions{})
		_, err := w.as(reader, virginia).GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn})
		wantError(t, err, "AccessDeniedException", "User: arn:aws:iam::111122223333:user/Reader is not authorized to perform: kms:GetKeyPolicy on resource: "+arn+" because no identity-based policy allows the kms:GetKeyPolicy action")
		reader.SetIdentityPolicies(`{"Statement":{"Effect":"Allow","Action":"kms:Get*","Resource":"` + arn + `"}}`)
		get(t, w.as(reader, virginia), arn)
	}},
	{"KeyWithoutAccountStatementIgnoresIdentityPolicies", docDefaultPolicy + "#key-policy-default-allow-root-enable-iam", motoAccess, func(t *testing.T, w world) {
		guard := w.own.AddRole("Guardrail", PrincipalOptions{Policies: []string{AllowAll}})
		_, arn := newDefaultKey(t, w.client(virginia))
		only := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"` + w.admin.PrincipalARN + `"},"Action":"kms:*","Resource":"*"}]}`
		if err := put(w.client(virginia), arn, only); err != nil {
			t.Fatal(err)
		}
		_, err := w.as(guard, virginia).GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn})
		wantError(t, err, "AccessDeniedException", "User: arn:aws:sts::111122223333:assumed-role/Guardrail/Guardrail is not authorized to perform: kms:GetKeyPolicy on resource: "+arn+" because no resource-based policy allows the kms:GetKeyPolicy action")
		_, err = w.as(w.own.Root(), virginia).GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn})
		wantError(t, err, "AccessDeniedException", "because no resource-based policy allows")
		w.admin.SetIdentityPolicies() // the user that the policy names needs none
		get(t, w.client(virginia), arn)
	}},
	{"CreateKeyAndListKeysAreForIdentityPolicies", docPermissions, motoAccess, func(t *testing.T, w world) {
		nobody := w.as(w.own.AddUser("Nobody", PrincipalOptions{}), virginia)
		_, err := nobody.CreateKey(ctx, &kms.CreateKeyInput{})
		wantError(t, err, "AccessDeniedException", "is not authorized to perform: kms:CreateKey because no identity-based policy allows the kms:CreateKey action")
		_, err = nobody.ListKeys(ctx, &kms.ListKeysInput{})
		wantError(t, err, "AccessDeniedException", "kms:ListKeys")
		_, err = nobody.ListAliases(ctx, &kms.ListAliasesInput{})
		wantError(t, err, "AccessDeniedException", "kms:ListAliases")
	}},
	{"TagsAtCreationNeedTagResourceByIdentityPolicy", apiCreateKey + "#KMS-CreateKey-request-Tags", motoAccess, func(t *testing.T, w world) {
		creator := w.as(w.own.AddUser("Creator", PrincipalOptions{Policies: []string{`{"Statement":{"Effect":"Allow","Action":"kms:CreateKey","Resource":"*"}}`}}), virginia)
		newDefaultKey(t, creator)
		_, err := creator.CreateKey(ctx, &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
		wantError(t, err, "AccessDeniedException", "is not authorized to perform: kms:TagResource because no identity-based policy allows")
	}},
	{"DenyOfAnIdentityPolicyWins", docEvaluation, motoAccess, func(t *testing.T, w world) {
		_, arn := newDefaultKey(t, w.client(virginia))
		guard := w.own.AddUser("Guard", PrincipalOptions{Policies: []string{AllowAll, `{"Statement":{"Effect":"Deny","Action":"kms:PutKeyPolicy","Resource":"*","Condition":{"Bool":{"kms:BypassPolicyLockoutSafetyCheck":"true"}}}}`}})
		client := w.as(guard, virginia)
		if err := put(client, arn, policyOf(w.account)); err != nil {
			t.Error(err)
		}
		_, err := client.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{KeyId: &arn, Policy: aws.String(policyOf(w.account)), BypassPolicyLockoutSafetyCheck: true})
		wantError(t, err, "AccessDeniedException", "with an explicit deny in an identity-based policy")
	}},
	{"AWSManagedKeyIsReadButNotChanged", "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-modifying.html", motoAccess, func(t *testing.T, w world) {
		arn := w.own.AddAWSManagedKey(virginia, "s3")
		client := w.as(w.own.Root(), virginia)
		if m := describe(t, client, "alias/aws/s3"); m.KeyManager != types.KeyManagerTypeAws || *m.Arn != arn {
			t.Errorf("metadata %+v", m)
		}
		wantError(t, put(client, arn, get(t, client, arn)), "AccessDeniedException", "kms:PutKeyPolicy")
		_, err := client.TagResource(ctx, &kms.TagResourceInput{KeyId: &arn, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
		wantError(t, err, "AccessDeniedException", "kms:TagResource")
		_, err = schedule(client, arn, 7)
		wantError(t, err, "AccessDeniedException", "kms:ScheduleKeyDeletion")
	}},
	{"UnknownAccessKeyIsRefused", "https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html", "takes any access key", func(t *testing.T, w world) {
		forged := w.admin
		forged.AccessKeyID = "AKIAIOSFODNN7EXAMPLE"
		_, err := w.as(forged, virginia).ListKeys(ctx, &kms.ListKeysInput{})
		wantError(t, err, "UnrecognizedClientException", "The security token included in the request is invalid.")
	}},
	{"SessionNeedsItsToken", "https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html", "takes any access key", func(t *testing.T, w world) {
		session := w.own.AddRole("App", PrincipalOptions{Policies: []string{AllowAll}})
		session.SessionToken = ""
		_, err := w.as(session, virginia).ListKeys(ctx, &kms.ListKeysInput{})
		wantError(t, err, "UnrecognizedClientException")
	}},
	{"CredentialsBelongToOnePartition", "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html", "takes any access key", func(t *testing.T, w world) {
		_, err := w.client(beijing).ListKeys(ctx, &kms.ListKeysInput{})
		wantError(t, err, "UnrecognizedClientException")
	}},
}
