// Package localaws is an embedded AWS on loopback: AWS KMS over its real wire
// protocol, the identities that call it, CloudTrail's records of the calls and
// EventBridge rules that route them. It is the AWS of the tests and of
// "kmsguard demo"; nothing that is deployed may import it.
//
//	cloud := localaws.Start(localaws.Options{})
//	defer cloud.Close()
//	account := cloud.AddAccount("111122223333", localaws.AccountOptions{})
//	admin := account.AddRole("Admin", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
//	client := kms.NewFromConfig(cloud.Config(admin, "us-east-1"))
//
// # What it is
//
// One endpoint serves every account and Region: the access key tells the
// account and the identity, the credential scope of the signature tells the
// Region. Accounts and Regions are kept apart as AWS keeps them. Every call is
// authorized by the key policy and the caller's identity policies (package
// authz), which were written from AWS's documentation and share no code with
// the packages under test. Every call is recorded ([Cloud.Calls]); faults can
// be injected ([Cloud.Inject]); every write becomes the EventBridge event
// that CloudTrail would make of it ([Cloud.Events], [Cloud.AddRule],
// [Cloud.Deliver]).
//
// # What it validates
//
// Each rule is documented by AWS and carries its link where it is checked; the
// contract_*_test.go files list them as cases, which are also run against
// moto where that is installed. In short: key spec, usage, origin and
// multi-Region combinations; key policies (form, 32,768 bytes, characters,
// principals that exist, the lockout safety check); key states; identifiers;
// pagination; tags and aliases. Error codes are AWS's. Messages are AWS's
// where they are published or were seen; the others are our own words.
//
// # Choices where AWS does not say
//
//   - The order of principals in an array changes at every put, and an array
//     of one comes back as a string; other text comes back as it was given.
//   - A call on a key of another account that does not permit it (GetKeyPolicy,
//     PutKeyPolicy, ...) is an AccessDeniedException.
//   - A statement without Action or Resource is accepted, as the API reference
//     says; Options.RefuseIneffectiveStatements gives the other reading.
//   - CloudTrail's record of a refused call has null requestParameters and no
//     resources; the CreateKey record of a replica has userIdentity.invokedBy
//     "kms.amazonaws.com", like the second record of UpdatePrimaryRegion.
//   - Imported key material is possible for every key spec, as CreateKey's
//     overview says; its Origin parameter still says symmetric keys only.
//
// # Limits
//
// Signatures are not verified: only the access key, the session token and the
// scope are read. There are no cryptographic operations, no grants, no import
// of key material, no CancelKeyDeletion, UntagResource, UpdateAlias or
// DeleteAlias. Accounts have no organization: no SCPs. DescribeKey does not
// create AWS managed keys; see [Account.AddAWSManagedKey]. Any name is taken
// for a Region; its prefix decides the partition. One rule set serves
// all accounts and Regions, and matching is quamina's: exact values, exists,
// anything-but and shellstyle.
package localaws

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Options configures a Cloud. The zero value is fine.
type Options struct {
	// Clock is the time of the cloud; nil is time.Now. Transient key states
	// end and scheduled deletions take place by this clock.
	Clock func() time.Time
	// Seed makes ids and the order of principals repeatable.
	Seed uint64
	// RefuseIneffectiveStatements refuses a key policy in which a statement
	// has no Action or no Resource. The API reference says that such a policy
	// is accepted; AWS announced for August 2025 that it no longer is.
	RefuseIneffectiveStatements bool
}

// Cloud is a running embedded AWS. All methods may be used at the same time
// from several goroutines.
type Cloud struct {
	options  Options
	listener net.Listener
	server   *http.Server
	closed   chan struct{} // releases calls that a fault holds open

	mu          sync.Mutex
	random      *rand.Rand
	accounts    map[string]*Account
	credentials map[string]*credential // by access key id
	keys        map[string]*key        // by ARN
	aliases     map[string]*alias      // by ARN
	stores      map[string]*customKeyStore
	calls       []Call
	faults      []*Fault
	trail       trail
	rules       rules
}

// Start runs an embedded AWS on a free loopback port until Close. It panics
// if no port can be opened, as httptest.NewServer does.
func Start(options Options) *Cloud {
	if options.Clock == nil {
		options.Clock = time.Now
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("localaws: " + err.Error())
	}
	c := &Cloud{
		options:     options,
		listener:    listener,
		closed:      make(chan struct{}),
		random:      rand.New(rand.NewPCG(options.Seed, options.Seed)),
		accounts:    map[string]*Account{},
		credentials: map[string]*credential{},
		keys:        map[string]*key{},
		aliases:     map[string]*alias{},
		stores:      map[string]*customKeyStore{},
	}
	c.server = &http.Server{Handler: http.HandlerFunc(c.serve), ReadHeaderTimeout: 10 * time.Second}
	go func() {
		if err := c.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic("localaws: " + err.Error())
		}
	}()
	return c
}

// Endpoint is the base URL, such as "http://127.0.0.1:40123": the value for
// AWS_ENDPOINT_URL or a client's BaseEndpoint.
func (c *Cloud) Endpoint() string { return "http://" + c.listener.Addr().String() }

// Close ends the server and every call that is still held open.
func (c *Cloud) Close() {
	close(c.closed)
	_ = c.server.Close() // closing a listener that is gone is no news
}

// Config returns an SDK configuration that calls this cloud as the identity
// in the Region. Requests are signed as for AWS.
func (c *Cloud) Config(id Identity, region string) aws.Config {
	return aws.Config{
		Region:       region,
		BaseEndpoint: aws.String(c.Endpoint()),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{
				AccessKeyID:     id.AccessKeyID,
				SecretAccessKey: id.SecretAccessKey,
				SessionToken:    id.SessionToken,
				Source:          "localaws",
			}, nil
		}),
	}
}

// Environment returns the variables ("NAME=value") with which a separate
// process, such as a Lambda function's binary, calls this cloud.
func (c *Cloud) Environment(id Identity, region string) []string {
	return []string{
		"AWS_ENDPOINT_URL=" + c.Endpoint(),
		"AWS_REGION=" + region,
		"AWS_ACCESS_KEY_ID=" + id.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY=" + id.SecretAccessKey,
		"AWS_SESSION_TOKEN=" + id.SessionToken,
		"AWS_EC2_METADATA_DISABLED=true",
	}
}

// now is the cloud's time, in UTC.
func (c *Cloud) now() time.Time { return c.options.Clock().UTC() }
