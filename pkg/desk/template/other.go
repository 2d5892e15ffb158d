package template

import (
	"regexp"
	"strings"
)

// otherPolicy tells of a policy that is surely not a key's; nil for one that may be. Broken
// policies are for the policy's parser, which knows places.
func otherPolicy(root *node) error {
	statements := root.get("Statement")
	if statements == nil {
		return nil
	}
	all := statements.items
	if statements.kind == mapping {
		all = []*node{statements}
	}
	var actions []string
	principals := 0
	for _, s := range all {
		if s.kind != mapping {
			return nil
		}
		if s.has("Principal") || s.has("NotPrincipal") || s.has("Principle") {
			principals++
		}
		actions = append(actions, services(s.get("Action"))...)
		actions = append(actions, services(s.get("NotAction"))...)
	}
	switch {
	case len(all) == 0 || len(actions) == 0:
		return nil
	case principals == 0:
		return &Unrecognised{IsNear: true, What: "an identity policy: no statement has a Principal, so it belongs to a role, user or group; a key policy says in each statement for whom it is"}
	}
	service := actions[0]
	for _, other := range actions {
		if other != service || other == "kms" || other == "*" {
			return nil
		}
	}
	if known, ok := resourcePolicies[service]; ok {
		return &Unrecognised{IsNear: true, What: known + ": all its actions are " + service + ":…; a key policy has actions kms:…"}
	}
	return nil
}

// services returns the service prefixes of the actions of a statement.
func services(actions *node) []string {
	if actions == nil {
		return nil
	}
	list := actions.items
	if actions.kind == word {
		list = []*node{actions}
	}
	var prefixes []string
	for _, action := range list {
		service, _, _ := strings.Cut(strings.ToLower(action.text), ":")
		prefixes = append(prefixes, service)
	}
	return prefixes
}

// resourcePolicies says what a policy is whose actions are all of one service.
var resourcePolicies = map[string]string{
	"s3":             "the policy of an S3 bucket",
	"sts":            "the trust policy of a role",
	"sqs":            "the policy of an SQS queue",
	"sns":            "the policy of an SNS topic",
	"secretsmanager": "the policy of a secret",
	"lambda":         "the policy of a Lambda function",
	"ecr":            "the policy of an ECR repository",
	"backup":         "the policy of a backup vault",
	"glacier":        "the policy of a vault",
	"es":             "the policy of an OpenSearch domain",
	"execute-api":    "the policy of an API",
	"dynamodb":       "the policy of a table",
	"kinesis":        "the policy of a stream",
	"events":         "the policy of an event bus",
	"logs":           "the policy of CloudWatch Logs",
}

// near is a value of a known form that is no policy or template, with what to do instead.
type near struct {
	names []string
	what  string
}

// nearJSON are known forms of JSON. The first one whose names the value has counts.
var nearJSON = []near{
	{[]string{"KeyMetadata"}, "an answer of aws kms describe-key, which has no policy; take aws kms get-key-policy --key-id ID, or kmsguard check --key-id ID"},
	{[]string{"PolicyNames"}, "an answer of aws kms list-key-policies, which has no policy; take aws kms get-key-policy --key-id ID"},
	{[]string{"Keys"}, "an answer of aws kms list-keys, which has no policy; kmsguard scan judges all keys of an account"},
	{[]string{"Aliases"}, "an answer of aws kms list-aliases, which has no policy; kmsguard scan judges all keys of an account"},
	{[]string{"Grants"}, "an answer of aws kms list-grants; grants stand beside the key policy, and are not judged"},
	{[]string{"TemplateBody"}, "an answer of aws cloudformation get-template; save its TemplateBody: aws cloudformation get-template --stack-name NAME --query TemplateBody"},
	{[]string{"StackResources"}, "an answer of aws cloudformation, not the template; take aws cloudformation get-template --stack-name NAME --query TemplateBody"},
	{[]string{"Stacks"}, "an answer of aws cloudformation, not the template; take aws cloudformation get-template --stack-name NAME --query TemplateBody"},
	{[]string{"PolicyDocument"}, "the policy of a role, user or group with its name; a key policy belongs to a key"},
	{[]string{"PolicyVersion"}, "a version of a managed policy, which belongs to roles, users or groups; a key policy belongs to a key"},
	{[]string{"ResourcePolicy"}, "the policy of another resource; a key policy is what aws kms get-key-policy answers"},
	{[]string{"detail-type", "detail"}, "an event; kmsguard replay FILE runs the handler on events"},
	{[]string{"eventName", "eventSource"}, "a CloudTrail record; kmsguard replay FILE runs the handler on the events that EventBridge makes of them"},
	{[]string{"Records"}, "a batch of events; kmsguard replay FILE runs the handler on events"},
	{[]string{"verdict", "findings"}, "an outcome of kmsguard, which was judged already"},
	{[]string{"terraform_version", "lineage"}, "the file in which Terraform keeps its state; check what terraform show -json prints in its folder"},
	{[]string{"provider_schemas"}, "the schemas of Terraform's providers; check what terraform show -json prints of a plan or state"},
	{[]string{"resource"}, "Terraform source in JSON; run terraform plan -out plan.bin, then check what terraform show -json plan.bin prints"},
	{[]string{"version", "artifacts"}, "the manifest of a CDK assembly; check its folder, cdk.out"},
	{[]string{"app"}, "the settings of a CDK app; run cdk synth, then check the folder cdk.out"},
}

// nearYAML are known forms of YAML.
var nearYAML = []near{
	{[]string{"version", "baselines"}, "a configuration of the guardrail; kmsguard config validate checks it, and --config judges by it"},
	{[]string{"service", "provider"}, "a Serverless Framework service; run serverless package, then check the folder .serverless"},
	{[]string{"Statement"}, "a policy in YAML; KMS takes JSON, so convert it"},
}

// otherJSON says what a JSON value is that is no policy or template.
func otherJSON(root *node) error {
	return nearest(root, nearJSON, "JSON that is no key policy or template")
}

// otherYAML says what a YAML value is that is no template.
func otherYAML(root *node) error { return nearest(root, nearYAML, "no key policy or template") }

func nearest(root *node, forms []near, otherwise string) error {
	for _, form := range forms {
		if root.has(form.names...) {
			return &Unrecognised{What: form.what, IsNear: true}
		}
	}
	return &Unrecognised{What: otherwise + "; " + expected}
}

// The forms of sources, of which something else makes what can be judged.
var (
	terraformSource = regexp.MustCompile(`(?m)^\s*(resource|module|data)\s+"[^"\n]+"(\s+"[^"\n]+")?\s*\{|^\s*(terraform|locals)\s*\{|^\s*(provider|variable|output)\s+"[^"\n]+"\s*\{`)
	cdkSource       = regexp.MustCompile(`aws-cdk-lib|aws_cdk|awscdk|software\.amazon\.awscdk|Amazon\.CDK`)
	printedPlan     = regexp.MustCompile(`(?m)^Terraform (will perform the following actions|used the selected providers)|^(\x1b\[[0-9;]*m)*Plan: [0-9]+ to add`)
)

// otherText says what a text is that is neither JSON nor YAML; nil where it may be YAML.
func otherText(text []byte) error {
	start := text[:min(len(text), 1<<16)]
	switch {
	case terraformSource.Match(start):
		return &Unrecognised{IsNear: true, What: "Terraform source; what it makes is known in a plan: run terraform plan -out plan.bin, then check what terraform show -json plan.bin prints"}
	case printedPlan.Match(start):
		return &Unrecognised{IsNear: true, What: "a plan as Terraform prints it for people; run terraform plan -out plan.bin, then check what terraform show -json plan.bin prints"}
	case cdkSource.Match(start):
		return &Unrecognised{IsNear: true, What: "source of a CDK app; run cdk synth, then check the folder cdk.out"}
	}
	return nil
}
