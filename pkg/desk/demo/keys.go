package demo

import (
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// goodKeys returns one key of every type, with the console default.
func goodKeys() []story {
	var list []story
	add := func(t defaultpolicy.KeyType) {
		list = append(list, story{name: "console default", keyType: t.WithDefaults(), inChina: t.Spec == defaultpolicy.SM2, verdict: guardrail.Compliant, action: guardrail.NoAction})
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

// stackTags are what CloudFormation puts on a key that it makes.
var stackTags = map[string]string{
	"aws:cloudformation:stack-name": "billing-keys",
	"aws:cloudformation:stack-id":   "arn:aws:cloudformation:us-east-1:111122223333:stack/billing-keys/1",
}

// driftedKeys returns keys whose policies are not what they should be. The first
// is the one that is shown before and after.
func driftedKeys() []story {
	return append(repairedKeys(), untouchedKeys()...)
}

// The key types of the stories below.
var (
	symmetric = defaultpolicy.KeyType{}.WithDefaults()
	hmac      = defaultpolicy.KeyType{Spec: defaultpolicy.HMAC256}.WithDefaults()
	sign      = defaultpolicy.KeyType{Spec: defaultpolicy.RSA2048, Usage: defaultpolicy.SignVerify}.WithDefaults()
)

// repairedKeys differ from what they should be, and nothing holds their repair.
func repairedKeys() []story {
	list := []story{
		{name: "made public", keyType: symmetric, severity: rules.Critical, drift: func(_ *world, _ *place, generated string) string {
			return with(generated, `"Sid" : "for the partners"`, `"Effect" : "Allow"`, `"Principal" : "*"`, `"Action" : [ "kms:Decrypt", "kms:ReEncrypt*" ]`)
		}},
		{name: "public through S3", keyType: symmetric, severity: rules.Critical, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `"Effect" : "Allow"`, `"Principal" : "*"`, `"Action" : "kms:Decrypt"`,
				`"Condition" : { "StringEquals" : { "kms:ViaService" : "s3.`+p.region+`.amazonaws.com" } }`)
		}},
		{name: "foreign account", keyType: sign, severity: rules.High, drift: foreign},
		{name: "exemption expired", keyType: symmetric, severity: rules.High, alias: "alias/data-migration", drift: foreign},
		{name: "a user too many", keyType: hmac, severity: rules.Medium, drift: func(_ *world, p *place, generated string) string {
			return with(generated, `"Effect" : "Allow"`, `"Principal" : { "AWS" : "`+p.arn("user/mallory")+`" }`, `"Action" : "kms:GenerateMac"`)
		}},
		{name: "made by the API", keyType: symmetric, severity: rules.Medium, plain: true},
	}
	for i := range list {
		list[i].verdict, list[i].action = guardrail.NonCompliant, guardrail.Repaired
	}
	return list
}

// foreign lets another account in.
func foreign(w *world, _ *place, generated string) string {
	return with(generated, `"Effect" : "Allow"`, `"Principal" : { "AWS" : "`+w.stranger+`" }`, `"Action" : [ "kms:Sign", "kms:Decrypt" ]`)
}

// untouchedKeys are held, exempt, not judged, or as they should be after all.
func untouchedKeys() []story {
	return []story{
		{
			name: "open to a service", keyType: symmetric, severity: rules.High, verdict: guardrail.NonCompliant, action: guardrail.Held,
			drift: func(_ *world, p *place, generated string) string {
				return with(generated, `"Effect" : "Allow"`, `"Principal" : { "Service" : "logs.`+p.region+`.amazonaws.com" }`, `"Action" : [ "kms:Encrypt*", "kms:Decrypt*" ]`)
			},
		},
		{
			name: "made by a stack", keyType: sign, tags: stackTags, severity: rules.High, verdict: guardrail.NonCompliant, action: guardrail.Held,
			drift: foreign,
		},
		{
			name: "exempt", keyType: symmetric, alias: "alias/vendor-pilot", severity: rules.High, verdict: guardrail.Exempt, action: guardrail.NoAction,
			drift: foreign,
		},
		{
			name: "deletion denied", keyType: sign, severity: rules.Info, verdict: guardrail.Compliant, action: guardrail.NoAction,
			drift: func(_ *world, _ *place, generated string) string {
				return with(generated, `"Effect" : "Deny"`, `"Principal" : "*"`, `"Action" : "kms:ScheduleKeyDeletion"`)
			},
		},
		{
			name: "reordered, respelled", keyType: symmetric, verdict: guardrail.Compliant, action: guardrail.NoAction,
			drift: func(_ *world, p *place, generated string) string {
				return strings.Replace(strings.Replace(generated, p.arn("root"), p.account, 1), "kms:Encrypt", "KMS:encrypt", 1)
			},
		},
		{
			name: "outsiders denied", keyType: symmetric, severity: rules.High, verdict: guardrail.CannotJudge, action: guardrail.Reported,
			drift: func(_ *world, p *place, generated string) string {
				return with(generated, `"Effect" : "Deny"`, `"NotPrincipal" : { "AWS" : "`+p.arn("root")+`" }`, `"Action" : "kms:Decrypt"`)
			},
		},
		{
			name: "account locked out", keyType: symmetric, bypass: true, severity: rules.High, verdict: guardrail.CannotJudge, action: guardrail.Reported,
			drift: func(_ *world, p *place, generated string) string {
				return strings.Replace(generated, p.arn("root"), p.arn("user/mallory"), 1)
			},
		},
	}
}

// with returns a policy with one more statement, for every resource, of these
// elements.
func with(generated string, elements ...string) string {
	const first = `"Statement" : [ {`
	elements = append(elements, `"Resource" : "*"`)
	return strings.Replace(generated, first, first+"\n    "+strings.Join(elements, ",\n    ")+"\n  }, {", 1)
}
