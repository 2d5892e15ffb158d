package localaws

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws/internal/authz"
)

// authorize decides whether the caller may perform the action on the key, by
// the key policy and the caller's identity policies.
// https://docs.aws.amazon.com/kms/latest/developerguide/policy-evaluation.html
func (c *Cloud) authorize(req *request, action string, k *key, extra authz.Context) error {
	return c.decide(req, action, k, k.policy, extra)
}

func (c *Cloud) decide(req *request, action string, k *key, policy *keyPolicy, extra authz.Context) error {
	context := keyContext(c, k)
	for name, values := range extra {
		context[name] = values
	}
	c.addCaller(context, req)
	question := authz.Request{Subject: req.caller.subject(), Action: action, Resource: k.arn, Context: context}
	byKey := policy.document.EvaluateKeyPolicy(question, k.account)
	allowed, explicit := req.caller.byIdentity(question)
	if req.caller.account.ID != k.account && (byKey.Denied || !byKey.Delegated) {
		return denied(req, action, k.arn, crossAccountReason)
	}
	switch {
	case byKey.Denied:
		return denied(req, action, k.arn, "with an explicit deny in a resource-based policy")
	case explicit:
		return denied(req, action, k.arn, "with an explicit deny in an identity-based policy")
	case byKey.Direct, byKey.Delegated && allowed:
		return nil
	case byKey.Delegated:
		return denied(req, action, k.arn, "because no identity-based policy allows the %s action", action)
	}
	return denied(req, action, k.arn, "because no resource-based policy allows the %s action", action)
}

// authorizeByIdentity decides an action that no key policy can permit, such
// as CreateKey and ListKeys.
// https://docs.aws.amazon.com/kms/latest/developerguide/kms-api-permissions-reference.html
func (c *Cloud) authorizeByIdentity(req *request, action string, context authz.Context) error {
	return c.authorizeResource(req, action, "*", context)
}

func (c *Cloud) authorizeResource(req *request, action, resource string, context authz.Context) error {
	if context == nil {
		context = authz.Context{}
	}
	c.addCaller(context, req)
	question := authz.Request{Subject: req.caller.subject(), Action: action, Resource: resource, Context: context}
	allowed, explicit := req.caller.byIdentity(question)
	switch {
	case explicit:
		return denied(req, action, resource, "with an explicit deny in an identity-based policy")
	case !allowed:
		return denied(req, action, resource, "because no identity-based policy allows the %s action", action)
	}
	return nil
}

// checkLockout refuses a policy under which the caller could not put another
// one.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html#prevent-unmanageable-key
func (c *Cloud) checkLockout(req *request, k *key, policy *keyPolicy) error {
	if c.decide(req, "kms:PutKeyPolicy", k, policy, nil) != nil {
		return malformed("The new key policy will not allow you to update the key policy in the future.")
	}
	return nil
}

const crossAccountReason = "because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access"

// denied is KMS's refusal. "*" as resource is left out of the message.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
func denied(req *request, action, resource, reason string, values ...any) error {
	on := ""
	if resource != "*" {
		on = " on resource: " + resource
	}
	return refuse("AccessDeniedException", "User: %s is not authorized to perform: %s%s %s",
		req.caller.identity.ARN, action, on, fmt.Sprintf(reason, values...))
}

func (cred *credential) subject() authz.Subject {
	return authz.Subject{Partition: cred.account.Partition, Account: cred.account.ID, Layers: cred.layers()}
}

// byIdentity asks the identity policies; the root user needs none.
func (cred *credential) byIdentity(question authz.Request) (allowed, denied bool) {
	if cred.principal == nil {
		return true, false
	}
	return authz.EvaluateIdentityPolicies(cred.principal.policies, question)
}

// keyContext holds the condition keys that a key determines.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html
func keyContext(c *Cloud, k *key) authz.Context {
	context := contextOf("kms:KeySpec", k.spec, "kms:KeyUsage", k.usage, "kms:KeyOrigin", k.origin,
		"kms:MultiRegion", strconv.FormatBool(k.multiRegion()), "aws:ResourceAccount", k.account)
	if k.multiRegion() {
		kind := "REPLICA"
		if k.primary() {
			kind = "PRIMARY"
		}
		context.Set("kms:MultiRegionKeyType", kind)
	}
	for name, value := range k.tags {
		context.Set("aws:ResourceTag/"+name, value)
	}
	var aliases []string
	for _, a := range c.aliases {
		if a.target == k {
			aliases = append(aliases, a.name)
		}
	}
	context.Set("kms:ResourceAliases", aliases...)
	return context
}

// addCaller adds the condition keys that the caller and its request determine.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
func (c *Cloud) addCaller(context authz.Context, req *request) {
	cred := req.caller
	set := func(name, value string) { context.Set(name, value) }
	set("kms:CallerAccount", cred.account.ID)
	set("aws:PrincipalAccount", cred.account.ID)
	set("aws:PrincipalArn", cred.identity.PrincipalARN)
	set("aws:PrincipalType", cred.kind())
	set("aws:PrincipalIsAWSService", "false")
	set("aws:userid", cred.userID())
	if cred.principal != nil && !cred.principal.role {
		set("aws:username", cred.principal.name)
	}
	set("aws:RequestedRegion", req.region)
	set("aws:SourceIp", req.address)
	set("aws:SecureTransport", "false") // the embedded endpoint is plain HTTP
	set("aws:UserAgent", req.agent)
	set("aws:CurrentTime", req.time.Format(time.RFC3339))
	set("aws:EpochTime", strconv.FormatInt(req.time.Unix(), 10))
	set("aws:ViaAWSService", strconv.FormatBool(cred.invokedBy != ""))
	if cred.invokedBy != "" {
		service, _, _ := strings.Cut(cred.invokedBy, ".")
		set("kms:ViaService", viaService(service, req.region))
		set("aws:CalledVia", cred.invokedBy)
	}
}

// viaService is the value of kms:ViaService.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
func viaService(service, region string) string {
	suffix := ".amazonaws.com"
	if partitionOf(region) == "aws-cn" {
		suffix += ".cn"
	}
	return service + "." + region + suffix
}

// kind is the value of aws:PrincipalType.
func (cred *credential) kind() string {
	switch {
	case cred.principal == nil:
		return "Account"
	case cred.principal.role:
		return "AssumedRole"
	}
	return "User"
}

// contextOf makes a context of names and values in turn.
func contextOf(pairs ...string) authz.Context {
	context := authz.Context{}
	for i := 0; i < len(pairs); i += 2 {
		context.Set(pairs[i], pairs[i+1])
	}
	return context
}

// setBool adds a key for a parameter that the caller gave; one that is left
// out leaves the key absent.
func setBool(context authz.Context, name string, value *bool) {
	if value != nil {
		context.Set(name, strconv.FormatBool(*value))
	}
}

func setTags(context authz.Context, tags []tag) {
	var names []string
	for _, t := range tags {
		names = append(names, t.TagKey)
		context.Set("aws:RequestTag/"+t.TagKey, t.TagValue)
	}
	context.Set("aws:TagKeys", names...)
}

func isTrue(b *bool) bool { return b != nil && *b }
