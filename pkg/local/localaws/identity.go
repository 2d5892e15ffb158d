package localaws

import (
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws/internal/authz"
)

// AllowAll is an identity policy that allows everything.
const AllowAll = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

// AccountOptions describes an account. The zero value is an account of the
// partition aws.
type AccountOptions struct {
	Partition string // "aws" (default), "aws-cn" or "aws-us-gov"
}

// Account is an AWS account of the cloud.
type Account struct {
	ID        string // 12 digits
	Partition string

	cloud      *Cloud
	principals map[string]*principal // live users and roles by ARN
}

// principal is an IAM user or role.
type principal struct {
	account  *Account
	role     bool
	name     string // without path
	arn      string
	uniqueID string // AIDA… or AROA…
	policies []*authz.Document
}

// PrincipalOptions describes a user or role.
type PrincipalOptions struct {
	Path     string   // "/" (default), or "/ops/"
	Policies []string // identity policies; none: nothing is allowed by identity
}

// Identity is a set of credentials: what a caller signs with.
type Identity struct {
	// ARN is the caller as KMS names it in errors and CloudTrail records: the
	// user, the role session (arn:aws:sts::…:assumed-role/…), or the root user.
	ARN string
	// PrincipalARN is what a key policy names: the user, the role, the account.
	PrincipalARN    string
	Account         string
	AccessKeyID     string
	SecretAccessKey string
	SessionToken    string // only for a role session

	cloud *Cloud
}

// credential is what stands behind an access key.
type credential struct {
	identity  Identity
	account   *Account
	principal *principal // nil for the root user
	session   string     // name of the role session
	issued    time.Time
	console   bool   // calls come from the AWS Management Console
	invokedBy string // the AWS service that calls on the principal's behalf
}

// AddAccount adds an account and returns it. It panics on an id that is not
// 12 digits or is taken: a mistake of the caller's code.
func (c *Cloud) AddAccount(id string, options AccountOptions) *Account {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !accountIDForm.MatchString(id) || c.accounts[id] != nil {
		panic(fmt.Sprintf("localaws: account %q is not 12 digits or exists", id))
	}
	if options.Partition == "" {
		options.Partition = "aws"
	}
	a := &Account{ID: id, Partition: options.Partition, cloud: c, principals: map[string]*principal{}}
	c.accounts[id] = a
	return a
}

// Root returns an access key of the account's root user.
func (a *Account) Root() Identity {
	a.cloud.mu.Lock()
	defer a.cloud.mu.Unlock()
	return a.cloud.issue(credential{account: a})
}

// AddUser adds an IAM user and returns an access key. It panics on an unreadable
// policy or a name that is taken.
func (a *Account) AddUser(name string, options PrincipalOptions) Identity {
	a.cloud.mu.Lock()
	defer a.cloud.mu.Unlock()
	p := a.add(name, false, options)
	return a.cloud.issue(credential{account: a, principal: p})
}

// AddRole adds an IAM role and returns a session of it that has the role's
// name; Session gives others. It panics as AddUser does.
func (a *Account) AddRole(name string, options PrincipalOptions) Identity {
	a.cloud.mu.Lock()
	defer a.cloud.mu.Unlock()
	p := a.add(name, true, options)
	return a.cloud.issue(credential{account: a, principal: p, session: name})
}

func (a *Account) add(name string, role bool, options PrincipalOptions) *principal {
	path := options.Path
	if path == "" {
		path = "/"
	}
	kind, prefix := "user", "AIDA"
	if role {
		kind, prefix = "role", "AROA"
	}
	p := &principal{account: a, role: role, name: name,
		arn:      "arn:" + a.Partition + ":iam::" + a.ID + ":" + kind + path + name,
		uniqueID: prefix + a.cloud.randomText(17, upperAlphanumeric),
		policies: mustParse(options.Policies),
	}
	if a.named(role, name) != nil {
		panic("localaws: " + p.arn + " exists")
	}
	a.principals[p.arn] = p
	return p
}

// named finds a live user or role: names are unique in an account, whatever the path.
func (a *Account) named(role bool, name string) *principal {
	for _, p := range a.principals {
		if p.role == role && p.name == name {
			return p
		}
	}
	return nil
}

func mustParse(policies []string) []*authz.Document {
	documents := make([]*authz.Document, 0, len(policies))
	for _, text := range policies {
		d, err := authz.ParseIdentityPolicy(text)
		if err != nil {
			panic("localaws: identity policy: " + err.Error())
		}
		documents = append(documents, d)
	}
	return documents
}

// SetIdentityPolicies replaces the identity policies of the identity's user
// or role. It panics for a root user and on an unreadable policy.
func (id Identity) SetIdentityPolicies(policies ...string) {
	id.cloud.mu.Lock()
	defer id.cloud.mu.Unlock()
	id.cloud.credentials[id.AccessKeyID].principal.policies = mustParse(policies)
}

// Session returns new credentials for another session of the identity's role.
// It panics if the identity is no role session.
func (id Identity) Session(name string) Identity {
	return id.again(func(cred *credential) {
		if cred.session == "" {
			panic("localaws: " + id.ARN + " is not a role session")
		}
		cred.session = name
	})
}

// FromConsole returns new credentials of the same identity whose calls are
// recorded as made in the AWS Management Console.
func (id Identity) FromConsole() Identity {
	return id.again(func(cred *credential) { cred.console = true })
}

// InvokedBy returns new credentials of the same identity, used by an AWS
// service on its behalf, such as "cloudformation.amazonaws.com": calls carry
// kms:ViaService and aws:CalledVia, and are recorded with userIdentity.invokedBy.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html
func (id Identity) InvokedBy(service string) Identity {
	return id.again(func(cred *credential) { cred.invokedBy = service })
}

func (id Identity) again(change func(*credential)) Identity {
	id.cloud.mu.Lock()
	defer id.cloud.mu.Unlock()
	cred := *id.cloud.credentials[id.AccessKeyID]
	change(&cred)
	return id.cloud.issue(cred)
}

// issue gives the credential an access key of its own. The caller holds mu.
func (c *Cloud) issue(cred credential) Identity {
	a := cred.account
	prefix, token := "AKIA", ""
	id := Identity{Account: a.ID, cloud: c, PrincipalARN: "arn:" + a.Partition + ":iam::" + a.ID + ":root"}
	if cred.principal != nil {
		id.PrincipalARN = cred.principal.arn
	}
	id.ARN = id.PrincipalARN
	if cred.session != "" {
		prefix, token = "ASIA", c.randomText(64, upperAlphanumeric)
		id.ARN = "arn:" + a.Partition + ":sts::" + a.ID + ":assumed-role/" + cred.principal.name + "/" + cred.session
	}
	id.AccessKeyID = prefix + c.randomText(16, upperAlphanumeric)
	id.SecretAccessKey = c.randomText(40, upperAlphanumeric)
	id.SessionToken = token
	cred.identity, cred.issued = id, c.now()
	c.credentials[id.AccessKeyID] = &cred
	return id
}

// DeletePrincipal deletes a user or role: its access keys stop working and
// key policies that name it show its unique id from then on. It panics if the
// ARN names no live user or role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
func (c *Cloud) DeletePrincipal(arn string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, a := range c.accounts {
		if p := a.principals[arn]; p != nil {
			delete(a.principals, arn)
			maps.DeleteFunc(c.credentials, func(_ string, cred *credential) bool { return cred.principal == p })
			return
		}
	}
	panic("localaws: no principal " + arn)
}

// liveID tells whether a unique id, or that of a session's role, is in use.
func (c *Cloud) liveID(uniqueID string) bool {
	role, _, _ := strings.Cut(uniqueID, ":")
	for _, a := range c.accounts {
		for _, p := range a.principals {
			if p.uniqueID == role {
				return true
			}
		}
	}
	return false
}

// layers are the bound names of the caller below its account; see authz.Subject.
func (cred *credential) layers() []string {
	switch {
	case cred.principal == nil:
		return nil
	case cred.session == "":
		return []string{cred.principal.uniqueID}
	}
	return []string{cred.principal.uniqueID, cred.principal.uniqueID + ":" + cred.session}
}

// userID is the value of aws:userid and CloudTrail's principalId.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#principaltable
func (cred *credential) userID() string {
	layers := cred.layers()
	if len(layers) == 0 {
		return cred.account.ID
	}
	return layers[len(layers)-1]
}
