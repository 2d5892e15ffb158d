package localaws

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

const (
	apiCreateKey    = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html"
	apiDescribeKey  = "https://docs.aws.amazon.com/kms/latest/APIReference/API_DescribeKey.html"
	apiGetKeyPolicy = "https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html"
	apiPutKeyPolicy = "https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html"
	apiListKeys     = "https://docs.aws.amazon.com/kms/latest/APIReference/API_ListKeys.html"
	apiListAliases  = "https://docs.aws.amazon.com/kms/latest/APIReference/API_ListAliases.html"
	apiCreateAlias  = "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"
	apiTagResource  = "https://docs.aws.amazon.com/kms/latest/APIReference/API_TagResource.html"
)

const motoKnowsFewSpecs = "validates no combination of key spec and usage and lacks the newer specs"

var keyCases = []contractCase{
	{"KeyWithoutParametersIsSymmetricEncryption", apiCreateKey, "leaves KeyUsage and MultiRegion out", func(t *testing.T, w world) {
		m := must(w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{}))(t).KeyMetadata
		if m.KeySpec != types.KeySpecSymmetricDefault || m.KeyUsage != types.KeyUsageTypeEncryptDecrypt ||
			m.Origin != types.OriginTypeAwsKms || m.KeyManager != types.KeyManagerTypeCustomer ||
			m.KeyState != types.KeyStateEnabled || !m.Enabled || *m.AWSAccountId != w.account || aws.ToBool(m.MultiRegion) {
			t.Errorf("metadata %+v", m)
		}
		if want := "arn:aws:kms:us-east-1:" + w.account + ":key/" + *m.KeyId; *m.Arn != want {
			t.Errorf("ARN %s, want %s", *m.Arn, want)
		}
	}},
	{"EverySpecTakesExactlyItsUsages", apiCreateKey + "#KMS-CreateKey-request-KeyUsage", motoKnowsFewSpecs, everySpecAndUsage},
	{"SpecIsGivenOnce", apiCreateKey + "#KMS-CreateKey-request-CustomerMasterKeySpec", motoKnowsFewSpecs, func(t *testing.T, w world) {
		_, err := w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecRsa2048, CustomerMasterKeySpec: types.CustomerMasterKeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify})
		wantError(t, err, "ValidationException", "You cannot specify KeySpec and CustomerMasterKeySpec in the same request")
	}},
	{"DeprecatedSpecParameterStillWorks", apiCreateKey + "#KMS-CreateKey-request-CustomerMasterKeySpec", "", func(t *testing.T, w world) {
		m := must(w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{CustomerMasterKeySpec: types.CustomerMasterKeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify}))(t).KeyMetadata
		if m.KeySpec != types.KeySpecRsa2048 {
			t.Errorf("key spec %s", m.KeySpec)
		}
	}},
	{"UsageIsRequiredExceptForSymmetricEncryption", apiCreateKey + "#KMS-CreateKey-request-KeyUsage", motoKnowsFewSpecs, func(t *testing.T, w world) {
		_, err := w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{KeySpec: types.KeySpecHmac256})
		wantError(t, err, "ValidationException", "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.")
	}},
	{"UnknownSpecIsRefused", apiCreateKey, "", func(t *testing.T, w world) {
		_, err := w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{KeySpec: "AES_GCM", KeyUsage: types.KeyUsageTypeEncryptDecrypt})
		wantError(t, err, "ValidationException", "failed to satisfy constraint: Member must satisfy enum value set")
	}},
	{"UnknownOriginIsRefused", apiCreateKey + "#KMS-CreateKey-request-Origin", "takes any origin", func(t *testing.T, w world) {
		_, err := w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{Origin: "HOME"})
		wantError(t, err, "ValidationException")
	}},
	{"KeyForImportedMaterialWaitsForIt", apiCreateKey + "#KMS-CreateKey-request-Origin", "enables a key that has no key material", func(t *testing.T, w world) {
		m := must(w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{Origin: types.OriginTypeExternal}))(t).KeyMetadata
		if m.KeyState != types.KeyStatePendingImport || m.Enabled {
			t.Errorf("state %s, enabled %v", m.KeyState, m.Enabled)
		}
	}},
	{"TagsMayBeGivenAtCreation", apiCreateKey + "#KMS-CreateKey-request-Tags", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newKey(t, client, &kms.CreateKeyInput{Tags: []types.Tag{{TagKey: aws.String("Team"), TagValue: aws.String("blue")}}})
		tags := must(client.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id}))(t).Tags
		if len(tags) != 1 || *tags[0].TagKey != "Team" || *tags[0].TagValue != "blue" {
			t.Errorf("tags %v", tags)
		}
	}},
	{"TagReplacesTagOfTheSameKey", apiTagResource, "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		for _, value := range []string{"blue", "green"} {
			must(client.TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []types.Tag{{TagKey: aws.String("Team"), TagValue: &value}}}))(t)
		}
		tags := must(client.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id}))(t).Tags
		if len(tags) != 1 || *tags[0].TagValue != "green" {
			t.Errorf("tags %v", tags)
		}
	}},
	{"TagKeysWithPrefixAWSAreReserved", apiTagResource, "takes any tag", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		_, err := client.TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []types.Tag{{TagKey: aws.String("aws:x"), TagValue: aws.String("")}}})
		wantError(t, err, "TagException")
	}},
	{"CustomKeyStoreHoldsSingleRegionSymmetricKeysOnly", apiCreateKey + "#KMS-CreateKey-request-CustomKeyStoreId", "has no custom key stores", customKeyStores},
	{"UnknownOperationIsRefused", "https://docs.aws.amazon.com/kms/latest/APIReference/CommonErrors.html", "answers 404", func(t *testing.T, w world) {
		_, err := w.client(virginia).GenerateRandom(ctx, &kms.GenerateRandomInput{NumberOfBytes: aws.Int32(8)})
		wantError(t, err, "UnknownOperationException")
	}},
}

// everySpecAndUsage tries the SDK's own enumerations, so that a spec or usage
// that AWS adds fails here until it is known.
func everySpecAndUsage(t *testing.T, w world) {
	allowed := func(region string, spec types.KeySpec) string {
		china := region == beijing
		switch s := string(spec); {
		case s == "SYMMETRIC_DEFAULT":
			return "ENCRYPT_DECRYPT"
		case strings.HasPrefix(s, "HMAC_"):
			return "GENERATE_VERIFY_MAC"
		case strings.HasPrefix(s, "RSA_"):
			return "ENCRYPT_DECRYPT SIGN_VERIFY"
		case strings.HasPrefix(s, "ECC_NIST_P"):
			return "SIGN_VERIFY KEY_AGREEMENT"
		case s == "ECC_NIST_EDWARDS25519", s == "ECC_SECG_P256K1", strings.HasPrefix(s, "ML_DSA_"):
			return "SIGN_VERIFY"
		case strings.HasPrefix(s, "ML_KEM_") && !china:
			return "ENCAPSULATE_DECAPSULATE"
		case s == "SM2" && china:
			return "ENCRYPT_DECRYPT SIGN_VERIFY KEY_AGREEMENT"
		}
		return ""
	}
	china := w.cloud.AddAccount("444455556666", AccountOptions{Partition: "aws-cn"}).
		AddUser("Admin", PrincipalOptions{Policies: []string{AllowAll}})
	for region, client := range map[string]*kms.Client{virginia: w.client(virginia), beijing: w.as(china, beijing)} {
		for _, spec := range types.KeySpec("").Values() {
			for _, usage := range types.KeyUsageType("").Values() {
				out, err := client.CreateKey(ctx, &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
				want := slices.Contains(strings.Fields(allowed(region, spec)), string(usage))
				if (err == nil) != want {
					t.Errorf("%s %s in %s: error %v, want success %v", spec, usage, region, err, want)
				}
				if err == nil && !hasAlgorithms(out.KeyMetadata) {
					t.Errorf("%s %s has no algorithms of its usage", spec, usage)
				}
			}
		}
	}
}

func hasAlgorithms(m *types.KeyMetadata) bool {
	return map[types.KeyUsageType]int{
		types.KeyUsageTypeEncryptDecrypt:         len(m.EncryptionAlgorithms),
		types.KeyUsageTypeSignVerify:             len(m.SigningAlgorithms),
		types.KeyUsageTypeGenerateVerifyMac:      len(m.MacAlgorithms),
		types.KeyUsageTypeKeyAgreement:           len(m.KeyAgreementAlgorithms),
		types.KeyUsageTypeEncapsulateDecapsulate: len(m.EncapsulationAlgorithms),
	}[m.KeyUsage] > 0
}

func customKeyStores(t *testing.T, w world) {
	hsm := w.own.AddCustomKeyStore(virginia, StoreOptions{})
	external := w.own.AddCustomKeyStore(virginia, StoreOptions{External: true})
	away := w.own.AddCustomKeyStore(virginia, StoreOptions{Disconnected: true})
	for _, row := range []struct {
		reason string
		in     kms.CreateKeyInput
		code   string
	}{
		{"a CloudHSM key store", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &hsm}, ""},
		{"an external key store with its key", kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: &external, XksKeyId: aws.String("x1")}, ""},
		{"the external key is in use", kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: &external, XksKeyId: aws.String("x1")}, "XksKeyAlreadyInUseException"},
		{"no external key", kms.CreateKeyInput{Origin: types.OriginTypeExternalKeyStore, CustomKeyStoreId: &external}, "ValidationException"},
		{"an external key without such a store", kms.CreateKeyInput{XksKeyId: aws.String("x1")}, "ValidationException"},
		{"no store", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm}, "ValidationException"},
		{"a store without its origin", kms.CreateKeyInput{CustomKeyStoreId: &hsm}, "ValidationException"},
		{"a store of the other kind", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &external}, "UnsupportedOperationException"},
		{"unknown store", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: aws.String("cks-0")}, "CustomKeyStoreNotFoundException"},
		{"store not connected", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &away}, "CustomKeyStoreInvalidStateException"},
		{"an HMAC key", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &hsm, KeySpec: types.KeySpecHmac256, KeyUsage: types.KeyUsageTypeGenerateVerifyMac}, "UnsupportedOperationException"},
		{"a multi-Region key", kms.CreateKeyInput{Origin: types.OriginTypeAwsCloudhsm, CustomKeyStoreId: &hsm, MultiRegion: aws.Bool(true)}, "UnsupportedOperationException"},
	} {
		out, err := w.client(virginia).CreateKey(ctx, &row.in)
		if row.code != "" {
			t.Run(row.reason, func(t *testing.T) { wantError(t, err, row.code) })
			continue
		}
		if err != nil || *out.KeyMetadata.CustomKeyStoreId != *row.in.CustomKeyStoreId {
			t.Errorf("%s: %v", row.reason, err)
		}
	}
}

var identifierCases = []contractCase{
	{"DescribeKeyTakesIDAndARNAndAliasAndAliasARN", apiDescribeKey + "#KMS-DescribeKey-request-KeyId", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, arn := newDefaultKey(t, client)
		must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/orders"), TargetKeyId: &id}))(t)
		aliasARN := strings.Replace(arn, "key/"+id, "alias/orders", 1)
		for _, given := range []string{id, arn, "alias/orders", aliasARN} {
			if got := must(client.DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &given}))(t).KeyMetadata; *got.Arn != arn {
				t.Errorf("%s describes %s", given, *got.Arn)
			}
		}
	}},
	{"KeyPolicyOperationsTakeIDAndARNButNoAlias", apiGetKeyPolicy + "#KMS-GetKeyPolicy-request-KeyId", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, arn := newDefaultKey(t, client)
		policy := get(t, client, id)
		if err := put(client, arn, policy); err != nil {
			t.Error(err)
		}
		must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/pets"), TargetKeyId: &id}))(t)
		_, err := client.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String("alias/pets"), PolicyName: aws.String("default")})
		wantError(t, err, "NotFoundException", "Invalid keyId")
		wantError(t, put(client, "alias/pets", policy), "NotFoundException", "Invalid keyId")
	}},
	{"UnknownKeyIsNotFound", apiDescribeKey, "", func(t *testing.T, w world) {
		id := "1234abcd-12ab-34cd-56ef-1234567890ab"
		_, err := w.client(virginia).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
		wantError(t, err, "NotFoundException", "Key 'arn:aws:kms:us-east-1:"+w.account+":key/"+id+"' does not exist")
	}},
	{"IDMustHaveTheFormOfOne", apiDescribeKey, "", func(t *testing.T, w world) {
		_, err := w.client(virginia).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("fake-key-id")})
		wantError(t, err, "NotFoundException", "Invalid keyId")
	}},
	{"UnknownAliasIsNotFound", apiDescribeKey, "", func(t *testing.T, w world) {
		_, err := w.client(virginia).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: aws.String("alias/nobody")})
		wantError(t, err, "NotFoundException", "Alias arn:aws:kms:us-east-1:"+w.account+":alias/nobody is not found.")
	}},
	{"RegionsAreApart", apiDescribeKey, "", func(t *testing.T, w world) {
		id, _ := newDefaultKey(t, w.client(virginia))
		_, err := w.client(ireland).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &id})
		wantError(t, err, "NotFoundException", "does not exist")
	}},
	{"ARNOfAnotherRegionIsInvalid", apiDescribeKey, "finds a key by an ARN of another Region", func(t *testing.T, w world) {
		_, arn := newDefaultKey(t, w.client(virginia))
		_, err := w.client(ireland).DescribeKey(ctx, &kms.DescribeKeyInput{KeyId: &arn})
		wantError(t, err, "NotFoundException", "Invalid arn us-east-1")
	}},
	{"ARNOfAnAliasIsNoKeyARN", apiPutKeyPolicy + "#API_PutKeyPolicy_Errors", "calls it an invalid key id", func(t *testing.T, w world) {
		wantError(t, put(w.client(virginia), "arn:aws:kms:us-east-1:111122223333:alias/x", "{}"), "InvalidArnException")
	}},
	{"AliasStartsWithAlias", apiCreateAlias + "#KMS-CreateAlias-request-AliasName", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		_, err := client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("orders"), TargetKeyId: &id})
		wantError(t, err, "ValidationException")
	}},
	{"AliasIsUniqueInAccountAndRegion", apiCreateAlias, "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		in := &kms.CreateAliasInput{AliasName: aws.String("alias/unique"), TargetKeyId: &id}
		must(client.CreateAlias(ctx, in))(t)
		_, err := client.CreateAlias(ctx, in)
		wantError(t, err, "AlreadyExistsException", "An alias with the name arn:aws:kms:us-east-1:"+w.account+":alias/unique already exists")
		other, _ := newDefaultKey(t, w.client(ireland))
		must(w.client(ireland).CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/unique"), TargetKeyId: &other}))(t)
	}},
	{"AliasesOfAWSAreReserved", apiCreateAlias + "#KMS-CreateAlias-request-AliasName", "reserves only the aliases of services that it knows", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		_, err := client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/aws/mine"), TargetKeyId: &id})
		wantError(t, err, "NotAuthorizedException")
	}},
	{"AliasDoesNotPointToAnAlias", apiCreateAlias + "#KMS-CreateAlias-request-TargetKeyId", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newDefaultKey(t, client)
		must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/first"), TargetKeyId: &id}))(t)
		_, err := client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/second"), TargetKeyId: aws.String("alias/first")})
		wantError(t, err, "ValidationException", "Aliases must refer to keys. Not aliases")
	}},
}

var listCases = []contractCase{
	{"ListKeysPagesAndEndsTheList", apiListKeys, "ignores Limit", func(t *testing.T, w world) {
		client := w.client(virginia)
		want := map[string]bool{}
		for range 7 {
			_, arn := newDefaultKey(t, client)
			want[arn] = true
		}
		newDefaultKey(t, w.client(ireland))
		var sizes []int
		pages := kms.NewListKeysPaginator(client, &kms.ListKeysInput{Limit: aws.Int32(3)})
		for pages.HasMorePages() {
			page := must(pages.NextPage(ctx))(t)
			sizes = append(sizes, len(page.Keys))
			for _, k := range page.Keys {
				delete(want, *k.KeyArn)
			}
		}
		if fmt.Sprint(sizes) != "[3 3 1]" || len(want) != 0 {
			t.Errorf("pages of %v, missing %v", sizes, want)
		}
	}},
	{"ListKeysListsTheKeysOfTheRegion", apiListKeys, "", func(t *testing.T, w world) {
		client := w.client("sa-east-1")
		_, arn := newDefaultKey(t, client)
		out := must(client.ListKeys(ctx, &kms.ListKeysInput{}))(t)
		if len(out.Keys) != 1 || *out.Keys[0].KeyArn != arn || out.Truncated {
			t.Errorf("keys %+v", out)
		}
	}},
	{"ListKeysReturnsAtMost100Unasked", apiListKeys + "#KMS-ListKeys-request-Limit", "ignores Limit", func(t *testing.T, w world) {
		client := w.client(virginia)
		for range 101 {
			newDefaultKey(t, client)
		}
		if out := must(client.ListKeys(ctx, &kms.ListKeysInput{}))(t); len(out.Keys) != 100 || !out.Truncated || out.NextMarker == nil {
			t.Errorf("%d keys, truncated %v", len(out.Keys), out.Truncated)
		}
		if out := must(client.ListKeys(ctx, &kms.ListKeysInput{Limit: aws.Int32(1000)}))(t); len(out.Keys) != 101 {
			t.Errorf("%d keys", len(out.Keys))
		}
	}},
	{"LimitIsBetween1And1000", apiListKeys + "#KMS-ListKeys-request-Limit", "ignores Limit", func(t *testing.T, w world) {
		for _, limit := range []int32{0, 1001} {
			_, err := w.client(virginia).ListKeys(ctx, &kms.ListKeysInput{Limit: &limit})
			wantError(t, err, "ValidationException")
		}
	}},
	{"MarkerMustComeFromTheService", apiListKeys + "#API_ListKeys_Errors", "ignores Marker", func(t *testing.T, w world) {
		_, err := w.client(virginia).ListKeys(ctx, &kms.ListKeysInput{Marker: aws.String("%%%")})
		wantError(t, err, "InvalidMarkerException")
	}},
	{"ListAliasesOfOneKey", apiListAliases + "#KMS-ListAliases-request-KeyId", "", func(t *testing.T, w world) {
		client := w.client(virginia)
		first, _ := newDefaultKey(t, client)
		second, _ := newDefaultKey(t, client)
		must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/one"), TargetKeyId: &first}))(t)
		must(client.CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/two"), TargetKeyId: &second}))(t)
		out := must(client.ListAliases(ctx, &kms.ListAliasesInput{KeyId: &second}))(t)
		if len(out.Aliases) != 1 || *out.Aliases[0].AliasName != "alias/two" || *out.Aliases[0].TargetKeyId != second {
			t.Errorf("aliases %+v", out.Aliases)
		}
	}},
	{"ListResourceTagsPages", "https://docs.aws.amazon.com/kms/latest/APIReference/API_ListResourceTags.html", "ignores Limit", func(t *testing.T, w world) {
		client := w.client(virginia)
		id, _ := newKey(t, client, &kms.CreateKeyInput{Tags: []types.Tag{
			{TagKey: aws.String("a"), TagValue: aws.String("1")}, {TagKey: aws.String("b"), TagValue: aws.String("2")}}})
		out := must(client.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id, Limit: aws.Int32(1)}))(t)
		if len(out.Tags) != 1 || !out.Truncated {
			t.Errorf("first page %+v", out)
		}
		out = must(client.ListResourceTags(ctx, &kms.ListResourceTagsInput{KeyId: &id, Limit: aws.Int32(1), Marker: out.NextMarker}))(t)
		if len(out.Tags) != 1 || *out.Tags[0].TagKey != "b" || out.Truncated {
			t.Errorf("second page %+v", out)
		}
	}},
}
