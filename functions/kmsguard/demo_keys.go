package main

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// goodKeys returns one key of every type, with the console default.
func goodKeys() []story {
	var list []story
	add := func(t defaultpolicy.KeyType) {
		list = append(list, story{name: "console default", keyType: t.WithDefaults(), inChina: t.Spec == defaultpolicy.SM2, promise: guardrail.NoAction})
	}
	for _, spec := range defaultpolicy.KeySpecs() {
		for _, usage := range defaultpolicy.UsagesOf(spec) {
			add(defaultpolicy.KeyType{Spec: spec, Usage: usage})
		}
	}
	for _, origin := range defaultpolicy.Origins()[1:] {
		add(defaultpolicy.KeyType{Origin: origin})
	}
	for _, part := range defaultpolicy.MultiRegions()[1:] {
		add(defaultpolicy.KeyType{MultiRegion: part})
	}
	return list
}

// driftedKeys returns keys whose policies are not what they should be. The first
// is the one that is shown before and after.
func driftedKeys() []story {
	symmetric := defaultpolicy.KeyType{}.WithDefaults()
	hmac := defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults()
	sign := defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.SignVerify}.WithDefaults()
	return []story{
		{name: "made public", keyType: symmetric, promise: guardrail.Repaired, drift: func(_ *world, _ *place, generated string) string {
			return with(generated, `"Sid" : "for the partners"`, `"Effect" : "Allow"`, `"Principal" : "*"`, `"Action" : [ "kms:Decrypt", "kms:ReEncrypt*" ]`)
		}},
		{name: "foreign account", keyType: sign, promise: guardrail.Repaired, drift: func(w *world, _ *place, generated string) string {
			return with(generated, `"Effect" : "Allow"`, `"Principal" : { "AWS" : "`+w.stranger+`" }`, `"Action" : "kms:Sign"`)
		}},
		{name: "open to a service", keyType: symmetric, promise: guardrail.Repaired, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `"Effect" : "Allow"`, `"Principal" : { "Service" : "logs.`+p.region+`.amazonaws.com" }`, `"Action" : [ "kms:Encrypt*", "kms:Decrypt*" ]`)
		}},
		{name: "a user too many", keyType: hmac, promise: guardrail.Repaired, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `"Effect" : "Allow"`, `"Principal" : { "AWS" : "`+p.arn("user/mallory")+`" }`, `"Action" : "kms:GenerateMac"`)
		}},
		{name: "made by the API", keyType: symmetric, plain: true, promise: guardrail.Repaired},
		{name: "deletion denied", keyType: sign, promise: guardrail.Repaired, drift: func(_ *world, _ *place, generated string) string {
			return with(generated, `"Effect" : "Deny"`, `"Principal" : "*"`, `"Action" : "kms:ScheduleKeyDeletion"`)
		}},
		{name: "public through S3", keyType: symmetric, promise: guardrail.Repaired, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `"Effect" : "Allow"`, `"Principal" : "*"`, `"Action" : "kms:Decrypt"`,
				`"Condition" : { "StringEquals" : { "kms:ViaService" : "s3.`+p.region+`.amazonaws.com" } }`)
		}},
		{name: "outsiders denied", keyType: symmetric, promise: guardrail.Reported, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `"Effect" : "Deny"`, `"NotPrincipal" : { "AWS" : "`+p.arn("root")+`" }`, `"Action" : "kms:Decrypt"`)
		}},
		{name: "reordered, respelled", keyType: symmetric, promise: guardrail.NoAction, drift: func(_ *world, p *place, generated string) string {
			return strings.Replace(strings.Replace(generated, p.arn("root"), p.account, 1), "kms:Encrypt", "KMS:encrypt", 1)
		}},
		{name: "account locked out", keyType: symmetric, bypass: true, promise: guardrail.Reported, drift: func(_ *world, p *place, generated string) string {
			return strings.Replace(generated, p.arn("root"), p.arn("user/mallory"), 1)
		}},
	}
}

// with returns a policy with one more statement, for every resource, of these
// elements.
func with(generated string, elements ...string) string {
	const first = `"Statement" : [ {`
	elements = append(elements, `"Resource" : "*"`)
	return strings.Replace(generated, first, first+"\n    "+strings.Join(elements, ",\n    ")+"\n  }, {", 1)
}
