package guardtest

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// The accounts, Regions, users and roles of a world. Foreign is an account of somebody else.
const (
	Account   = "111122223333"
	Foreign   = "444455556666"
	Virginia  = "us-east-1"
	Ireland   = "eu-west-1"
	Admin     = "arn:aws:iam::111122223333:role/Admin"
	Worker    = "arn:aws:iam::111122223333:role/Worker"
	Guardrail = "arn:aws:iam::111122223333:role/Guardrail"
)

// GuardrailPolicy is the identity policy of the guardrail's role, as the stack grants it.
const GuardrailPolicy = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["kms:DescribeKey","kms:GetKeyPolicy","kms:PutKeyPolicy","kms:ListAliases","kms:ListResourceTags"],"Resource":"*"}}`

// Options changes a World. The zero value is a world in partition aws at the real time.
type Options struct {
	// Clock is the time of embedded AWS.
	Clock *Clock
	// Partition of Account; "" is aws, where Foreign exists, too.
	Partition string
}

// World is Account on embedded AWS with the roles Admin, who may do everything, Worker, who may
// do nothing, and Guardrail.
type World struct {
	Cloud            *localaws.Cloud
	Account          *localaws.Account
	Admin, Guardrail localaws.Identity

	t testing.TB
}

// Start starts a world, which ends with the test.
func Start(t testing.TB, options Options) *World {
	t.Helper()
	var now func() time.Time
	if options.Clock != nil {
		now = options.Clock.Now
	}
	w := &World{t: t, Cloud: localaws.Start(localaws.Options{Clock: now, Seed: 1})}
	t.Cleanup(w.Cloud.Close)
	w.Account = w.Cloud.AddAccount(Account, localaws.AccountOptions{Partition: options.Partition})
	if options.Partition == "" {
		w.Cloud.AddAccount(Foreign, localaws.AccountOptions{})
	}
	w.Admin = w.Role("Admin", localaws.AllowAll)
	w.Account.AddRole("Worker", localaws.PrincipalOptions{})
	w.Guardrail = w.Role("Guardrail", GuardrailPolicy)
	return w
}

// Role adds a role of Account with one identity policy.
func (w *World) Role(name, identityPolicy string) localaws.Identity {
	return w.Account.AddRole(name, localaws.PrincipalOptions{Policies: []string{identityPolicy}})
}

// Config is the SDK's configuration with which somebody calls embedded AWS in a Region.
func (w *World) Config(who localaws.Identity, region string) aws.Config {
	return w.Cloud.Config(who, region)
}

// SetEnvironment sets the environment of the test to what Lambda gives a function that runs as
// somebody, and to more variables, as NAME=value.
func (w *World) SetEnvironment(who localaws.Identity, region string, more ...string) {
	w.t.Helper()
	for _, variable := range append(w.Cloud.Environment(who, region), more...) {
		name, value, _ := strings.Cut(variable, "=")
		w.t.Setenv(name, value)
	}
}

// KMS is the administrator's client in a Region.
func (w *World) KMS(region string) *kms.Client {
	return kms.NewFromConfig(w.Config(w.Admin, region))
}

// Create makes a key in Virginia, as the administrator, and returns its ARN.
func (w *World) Create(in *kms.CreateKeyInput) string {
	w.t.Helper()
	return w.CreateIn(Virginia, in)
}

// CreateIn makes a key in a Region, as the administrator, and returns its ARN.
func (w *World) CreateIn(region string, in *kms.CreateKeyInput) string {
	w.t.Helper()
	out, err := w.KMS(region).CreateKey(w.t.Context(), in)
	if err != nil {
		w.t.Fatalf("creating a key: %v", err)
	}
	return *out.KeyMetadata.Arn
}

// Put puts a key policy, as the administrator.
func (w *World) Put(keyARN, text string) {
	w.t.Helper()
	if _, err := w.of(keyARN).PutKeyPolicy(w.t.Context(), &kms.PutKeyPolicyInput{KeyId: &keyARN, Policy: &text}); err != nil {
		w.t.Fatalf("putting the policy of %s: %v", keyARN, err)
	}
}

// Policy reads the policy of a key, as the administrator.
func (w *World) Policy(keyARN string) string {
	w.t.Helper()
	out, err := w.of(keyARN).GetKeyPolicy(w.t.Context(), &kms.GetKeyPolicyInput{KeyId: &keyARN})
	if err != nil {
		w.t.Fatalf("reading the policy of %s: %v", keyARN, err)
	}
	return *out.Policy
}

// of is the administrator's client in the Region of a key.
func (w *World) of(keyARN string) *kms.Client {
	w.t.Helper()
	parts, err := arn.Parse(keyARN)
	if err != nil {
		w.t.Fatalf("%s: %v", keyARN, err)
	}
	return w.KMS(parts.Region)
}

// LastEvent is the event of the latest call that changed something.
func (w *World) LastEvent() []byte {
	w.t.Helper()
	list := w.Cloud.Events()
	if len(list) == 0 {
		w.t.Fatal("nothing has changed")
	}
	return list[len(list)-1]
}

// CallsOf are the calls that an identity made, oldest first: of some operations, or of all.
func (w *World) CallsOf(who localaws.Identity, operations ...string) []localaws.Call {
	var list []localaws.Call
	for _, call := range w.Cloud.Calls(operations...) {
		if call.Identity == who.ARN {
			list = append(list, call)
		}
	}
	return list
}
