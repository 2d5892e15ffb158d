package main

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/lambdahost"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/parameterstore"
)

// rolledOut repairs in two Regions, and needs every permission.
const rolledOut = everything + "deployment: {homeRegion: us-east-1, regions: [us-east-1, eu-west-1]}\n"

// site is an account on embedded AWS in which the function runs that was built and synthesised: with the code, the
// environment, the role and the names of the template, and nothing else.
type site struct {
	t           *testing.T
	cloud       *localaws.Cloud
	admin, role localaws.Identity
	home        *realized
	permissions *permissions
	host        *lambdahost.Host
	process     *lambdahost.Process
	topic       *guardtest.Topic
}

// newSite builds the function, synthesises, deploys and starts it.
func newSite(t *testing.T, configuration string) *site {
	t.Helper()
	s := &site{t: t, host: lambdahost.Start(lambdahost.Options{})}
	t.Cleanup(s.host.Close)
	context := configured(t, configuration)
	context["guardrail:functionAsset"] = built(t, "enforce")
	app := awscdk.NewApp(appProps(t, context))
	stacks, err := describe(app, "KmsGuardrail", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	s.home = deploy(t, assertions.Template_FromStack(stacks.Home, nil), guardtest.Account, guardtest.Virginia)
	role := s.home.find("AWS::IAM::Role", "EnforceRole")
	s.permissions = permissionsOf(s.home, role)

	s.cloud = localaws.Start(localaws.Options{Seed: 1})
	t.Cleanup(s.cloud.Close)
	account := s.cloud.AddAccount(guardtest.Account, localaws.AccountOptions{})
	s.admin = account.AddRole("Admin", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	s.role = account.AddRole(s.home.reference(role), localaws.PrincipalOptions{Policies: s.permissions.ofKMS()})
	s.start(filepath.Join(*app.Outdir(), "enforce", "bootstrap"))
	return s
}

// built builds a function for this machine, and returns the folder of its binary.
func built(t *testing.T, function string) string {
	t.Helper()
	folder := t.TempDir()
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-o", filepath.Join(folder, "bootstrap"), "../functions/"+function)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return folder
}

// ofKMS are the identity policies as embedded AWS takes them: the statements about keys.
func (p *permissions) ofKMS() []string {
	var list []string
	for _, st := range p.statements {
		if !strings.HasPrefix(texts(st.Action)[0], "kms:") {
			continue
		}
		text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": compact(map[string]any{
			"Sid": st.Sid, "Effect": st.Effect, "Action": st.Action, "Resource": st.Resource, "Condition": st.Condition,
		})})
		if err != nil {
			p.t.Fatal(err)
		}
		list = append(list, string(text))
	}
	return list
}

// compact leaves the condition out where there is none.
func compact(statement map[string]any) map[string]any {
	if c, ok := statement["Condition"].(map[string]map[string]any); ok && len(c) == 0 {
		delete(statement, "Condition")
	}
	return statement
}

// start runs the binary with the environment of the template. The services stand on loopback, each behind a gate.
func (s *site) start(binary string) {
	s.t.Helper()
	function := s.home.properties(s.home.find("AWS::Lambda::Function", "EnforceFunction"))
	environment := s.cloud.Environment(s.role, guardtest.Virginia)
	set, _ := function["Environment"].(map[string]any)
	variables, _ := set["Variables"].(map[string]any)
	if len(variables) < 5 {
		s.t.Fatalf("the template sets %v", variables)
	}
	for name, value := range variables {
		environment = append(environment, fmt.Sprintf("%s=%v", name, value))
	}
	bucket := httptest.NewServer(objectstore.New(objectstore.Options{
		Buckets: []string{s.home.reference(s.home.find("AWS::S3::Bucket", "Archive"))}, Versioned: true, ObjectLock: true,
	}))
	s.t.Cleanup(bucket.Close)
	topic, sns := guardtest.StartTopic(s.t)
	s.topic = topic
	store := parameterstore.New(time.Now)
	parameter := s.home.properties(s.home.find("AWS::SSM::Parameter", "KillSwitch"))
	store.Set(fmt.Sprint(parameter["Name"]), fmt.Sprint(parameter["Value"]))
	ssm := httptest.NewServer(store)
	s.t.Cleanup(ssm.Close)
	environment = append(environment,
		"AWS_ENDPOINT_URL_S3="+gate(s.t, s.permissions, bucket.URL, callOfS3, refusedXML),
		"AWS_ENDPOINT_URL_SNS="+gate(s.t, s.permissions, sns, callOfSNS, refusedXML),
		"AWS_ENDPOINT_URL_SSM="+gate(s.t, s.permissions, ssm.URL, callOfSSM(guardtest.Account, guardtest.Virginia), refusedJSON),
	)
	process, err := s.host.Run(s.t.Context(), binary, environment)
	if err != nil {
		s.t.Fatal(err)
	}
	s.process = process
}

// drift makes a key and puts a public policy on it. It returns the ARN, and the event as it arrives.
func (s *site) drift(region string, in *kms.CreateKeyInput) (arn string, event []byte) {
	s.t.Helper()
	client := kms.NewFromConfig(s.cloud.Config(s.admin, region))
	out, err := client.CreateKey(s.t.Context(), in)
	if err != nil {
		s.t.Fatal(err)
	}
	public := guardtest.Document(guardtest.ToAccount, guardtest.Allow(`"*"`, "kms:Decrypt"))
	if _, err := client.PutKeyPolicy(s.t.Context(), &kms.PutKeyPolicyInput{KeyId: out.KeyMetadata.Arn, Policy: &public}); err != nil {
		s.t.Fatal(err)
	}
	events := s.cloud.Events()
	return *out.KeyMetadata.Arn, events[len(events)-1]
}

// isPublic tells whether a key still has the policy of [site.drift].
func (s *site) isPublic(arn string) bool {
	s.t.Helper()
	out, err := kms.NewFromConfig(s.cloud.Config(s.admin, strings.Split(arn, ":")[3])).GetKeyPolicy(s.t.Context(), &kms.GetKeyPolicyInput{KeyId: &arn})
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Contains(*out.Policy, `"*"`) && strings.Contains(*out.Policy, "kms:Decrypt")
}

// replicate makes a replica in a Region that is not guarded, and puts a public policy on it. The event is the one of
// its creation, which arrives in the Region of the primary.
func (s *site) replicate(region string) (arn string, event []byte) {
	s.t.Helper()
	client := kms.NewFromConfig(s.cloud.Config(s.admin, guardtest.Virginia))
	primary, err := client.CreateKey(s.t.Context(), &kms.CreateKeyInput{MultiRegion: aws.Bool(true)})
	if err != nil {
		s.t.Fatal(err)
	}
	public := guardtest.Document(guardtest.ToAccount, guardtest.Allow(`"*"`, "kms:Decrypt"))
	out, err := client.ReplicateKey(s.t.Context(), &kms.ReplicateKeyInput{KeyId: primary.KeyMetadata.Arn, ReplicaRegion: &region, Policy: &public})
	if err != nil {
		s.t.Fatal(err)
	}
	events := s.cloud.Events()
	i := slices.IndexFunc(events, func(e []byte) bool { return strings.Contains(string(e), `"eventName":"ReplicateKey"`) })
	if i < 0 {
		s.t.Fatal("no event tells of the replica")
	}
	return *out.ReplicaKeyMetadata.Arn, events[i]
}

// TestWhatIsDeployedRepairsWithExactlyItsPermissions runs the built function as the templates deploy it. Nothing that
// the function calls is refused, every permission is used, and every Deny refuses something.
func TestWhatIsDeployedRepairsWithExactlyItsPermissions(t *testing.T) {
	s := newSite(t, rolledOut)
	here, inHome := s.drift(guardtest.Virginia, &kms.CreateKeyInput{})
	there, forwarded := s.drift(guardtest.Ireland, &kms.CreateKeyInput{})
	replica, replicated := s.replicate("eu-north-1")
	for _, event := range [][]byte{inHome, forwarded, replicated, []byte(`{"source":"kms-guardrail","detail-type":"KMS Guardrail Flush"}`)} {
		if answer, err := s.host.Invoke(t.Context(), event); err != nil {
			t.Fatalf("%s, %v\n%s", answer, err, s.process.Stdout())
		}
	}
	for _, arn := range []string{here, there, replica} {
		if s.isPublic(arn) {
			t.Errorf("%s is still public\n%s", arn, s.process.Stdout())
		}
	}
	if told := len(s.topic.Published()); told != 3 {
		t.Errorf("people are told %d times, want once for each key", told)
	}
	if len(s.permissions.refused) > 0 {
		t.Errorf("refused: %q", s.permissions.refused)
	}
	s.useByKeys()
	s.tryWhatIsDenied(here)
	// Lambda receives from the queue and writes the log, with the permissions of the role.
	byLambda := []string{
		"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage",
		"logs:CreateLogStream", "logs:PutLogEvents",
	}
	if unused := s.permissions.unused(byLambda...); len(unused) > 0 {
		t.Errorf("no call needs %q", unused)
	}
}

// useByKeys counts the calls that embedded AWS has decided.
func (s *site) useByKeys() {
	s.t.Helper()
	calls := 0
	for _, call := range s.cloud.Calls() {
		if call.Identity != s.role.ARN {
			continue
		}
		calls++
		resource, context := call.KeyARN, map[string]string{}
		if call.Operation == "ListAliases" {
			resource = "*"
		}
		if strings.Contains(resource, "key/mrk-") {
			context["kms:MultiRegionKeyType"] = "REPLICA"
		}
		if call.Error != "" || !s.permissions.isAllowed("kms:"+call.Operation, resource, context) {
			s.t.Errorf("%s on %s: %s", call.Operation, resource, call.Error)
		}
	}
	if calls < 12 {
		s.t.Errorf("only %d calls of KMS", calls)
	}
}

// tryWhatIsDenied makes the calls that the Denies are there for.
func (s *site) tryWhatIsDenied(key string) {
	s.t.Helper()
	bucket := "arn:aws:s3:::" + s.home.reference(s.home.find("AWS::S3::Bucket", "Archive"))
	for _, row := range []struct {
		reason, principal, action, resource string
		context                             map[string]string
	}{
		{"a write that skips the lockout check", s.permissions.role, "kms:PutKeyPolicy", key, map[string]string{"kms:BypassPolicyLockoutSafetyCheck": "true"}},
		{"an unguarded Region", s.permissions.role, "kms:PutKeyPolicy", strings.Replace(key, "us-east-1", "eu-north-1", 1), nil},
		{"a write over an unseen ledger", s.permissions.role, "s3:PutObject", bucket + "/keys/1", nil},
		{"plain HTTP", s.permissions.role, "s3:GetObject", bucket + "/keys/1", map[string]string{"aws:SecureTransport": "false"}},
		{"a write by somebody else", s.admin.PrincipalARN, "s3:PutObject", bucket + "/records/1", map[string]string{"s3:if-none-match": "*"}},
		{"the function sweeping's memory", s.permissions.role, "s3:PutObject", bucket + "/sweep/1", nil},
		{"the end of a version", s.permissions.role, "s3:DeleteObjectVersion", bucket + "/records/1", nil},
		{"another bucket policy", s.admin.PrincipalARN, "s3:PutBucketPolicy", bucket, nil},
		{"the kill switch", s.permissions.role, "ssm:PutParameter", "arn:aws:ssm:us-east-1:" + guardtest.Account + ":parameter/kms-guardrail/mode-max", nil},
	} {
		if s.permissions.isAllowedTo(row.principal, row.action, row.resource, row.context) {
			s.t.Errorf("%s is allowed", row.reason)
		}
	}
}
