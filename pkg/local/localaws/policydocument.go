package localaws

import (
	"regexp"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws/internal/authz"
)

// Limits of a key policy document.
// https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html#key-policy-limit
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html#KMS-PutKeyPolicy-request-Policy
const (
	maxPolicyBytes      = 32768
	maxPolicyCharacters = 131072
)

var policyCharacters = regexp.MustCompile(`^[\t\n\r\x{20}-\x{FF}]+$`)

// readPolicy validates the document and its principals.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_PutKeyPolicy.html#KMS-PutKeyPolicy-request-Policy
func (c *Cloud) readPolicy(k *key, text string) (*keyPolicy, error) {
	switch {
	case !policyCharacters.MatchString(text):
		return nil, invalid(`1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must satisfy regular expression pattern: [\u0009\u000A\u000D\u0020-\u00FF]+`)
	case len([]rune(text)) > maxPolicyCharacters:
		return nil, invalid("1 validation error detected: Value at 'policy' failed to satisfy constraint: Member must have length less than or equal to %d", maxPolicyCharacters)
	case len(text) > maxPolicyBytes:
		return nil, refuse("LimitExceededException", "The key policy is %d bytes; the limit is %d.", len(text), maxPolicyBytes)
	}
	document, err := authz.ParseKeyPolicy(text)
	switch {
	case authz.NamesNoPrincipal(err):
		return nil, malformed("Policy contains a statement with no principal.")
	case err != nil:
		return nil, malformed("The key policy is malformed: %v.", err)
	case c.options.RefuseIneffectiveStatements && document.HasIneffectiveStatement():
		return nil, malformed("Policy contains a statement without Action or Resource.")
	}
	if err := checkConditionKeys(document); err != nil {
		return nil, err
	}
	policy := &keyPolicy{document: document, bound: map[string]string{}, order: c.random.Uint64()}
	for _, p := range document.Principals() {
		if err := c.bind(policy, p, partitionOf(k.region)); err != nil {
			return nil, err
		}
	}
	document.Bind(func(value string) string {
		if id, ok := policy.bound[value]; ok {
			return id
		}
		return value
	})
	return policy, nil
}

func malformed(format string, values ...any) error {
	return refuse("MalformedPolicyDocumentException", format, values...)
}

// checkConditionKeys refuses what KMS does not take in a key policy: a
// ForAllValues over keys that have one value, and tags and aliases of the key
// itself.
// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context
// https://docs.aws.amazon.com/kms/latest/developerguide/abac.html
func checkConditionKeys(document *authz.Document) error {
	for _, key := range document.ConditionKeys() {
		single := strings.HasPrefix(key.Name, "kms:encryptioncontext:") || strings.HasPrefix(key.Name, "aws:requesttag/")
		if single && key.Set == "ForAllValues" {
			return malformed("OverlyPermissiveCondition: ForAllValues cannot be used with the single-valued condition key %s.", key.Name)
		}
		if strings.HasPrefix(key.Name, "aws:resourcetag/") || key.Name == "kms:resourcealiases" {
			return malformed("The condition key %s cannot be used in a key policy.", key.Name)
		}
	}
	return nil
}

const invalidPrincipals = "Policy contains a statement with one or more invalid principals."

var (
	serviceForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*\.amazonaws\.com(\.cn)?$`)
	// An ARN of a user, role, role session or federated user.
	principalForm = regexp.MustCompile(`^arn:(aws[a-z-]*):(iam|sts)::([0-9]{12}):(root|(user|role|assumed-role|federated-user)/[\x21-\x7e]+)$`)
)

// bind checks that a principal exists and notes its unique id.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html#key-policy-elements
func (c *Cloud) bind(policy *keyPolicy, p authz.Principal, partition string) error {
	switch {
	case p.Type == "Service" && serviceForm.MatchString(p.Value),
		p.Type == "Federated" && p.Value != "" && p.Value != "*",
		p.Type == "AWS" && (p.Value == "*" || c.accountExists(p.Value, partition)):
		return nil
	case p.Type != "AWS" || strings.ContainsAny(p.Value, "*?"):
		return malformed(invalidPrincipals)
	}
	parts := principalForm.FindStringSubmatch(p.Value)
	if parts == nil || parts[1] != partition || !c.accountExists(parts[3], partition) {
		return malformed(invalidPrincipals)
	}
	id, ok := c.uniqueID(c.accounts[parts[3]], parts[2], parts[4], p.Value)
	if !ok {
		return malformed(invalidPrincipals)
	}
	policy.bound[p.Value] = id
	return nil
}

func (c *Cloud) accountExists(id, partition string) bool {
	a := c.accounts[id]
	return a != nil && a.Partition == partition
}

// uniqueID returns what an ARN of an existing account is bound to.
func (c *Cloud) uniqueID(a *Account, service, resource, arn string) (string, bool) {
	kind, rest, _ := strings.Cut(resource, "/")
	switch service + " " + kind {
	case "iam root", "sts federated-user": // stays as it is written
		return arn, true
	case "iam user", "iam role":
		if p := a.principals[arn]; p != nil {
			return p.uniqueID, true
		}
	case "sts assumed-role":
		name, session, found := strings.Cut(rest, "/")
		if p := a.named(true, name); p != nil && found {
			return p.uniqueID + ":" + session, true
		}
	}
	return "", false
}
