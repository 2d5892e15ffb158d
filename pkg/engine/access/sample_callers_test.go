package access_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// caller is a concrete principal that makes requests.
type caller struct {
	arn     string // or the name of a service
	kind    evaluation.PrincipalType
	account string
	roleARN string // of a session: a session's ARN does not tell its role's path
}

// alone: no IAM policy has a say.
func (c caller) alone() bool {
	return c.kind == evaluation.RootPrincipal || c.kind == evaluation.ServicePrincipal
}

// context returns the condition keys that the principal and the key determine
// (semantics 1).
func (c caller) context() map[string]any {
	context := map[string]any{"aws:ResourceAccount": key.Account, "aws:RequestedRegion": key.Region,
		"kms:KeySpec": key.Spec, "kms:CustomerMasterKeySpec": key.Spec, "kms:KeyUsage": key.Usage, "kms:CustomerMasterKeyUsage": key.Usage, "kms:KeyOrigin": key.Origin, "kms:MultiRegion": key.MultiRegion}
	if c.kind == evaluation.ServicePrincipal {
		context["aws:PrincipalIsAWSService"] = "true"
		context["aws:PrincipalServiceName"] = c.arn
		return context
	}
	context["aws:PrincipalIsAWSService"] = "false"
	context["aws:PrincipalAccount"] = c.account
	context["kms:CallerAccount"] = c.account
	context["aws:PrincipalArn"] = c.arn
	switch c.kind {
	case evaluation.RootPrincipal:
		context["aws:PrincipalType"] = "Account"
	case evaluation.UserPrincipal:
		context["aws:PrincipalType"] = "User"
		context["aws:username"] = c.arn[strings.LastIndexByte(c.arn, '/')+1:]
	case evaluation.FederatedPrincipal:
		context["aws:PrincipalType"] = "FederatedUser"
	case evaluation.SessionPrincipal:
		context["aws:PrincipalArn"] = c.roleARN
		context["aws:PrincipalType"] = "AssumedRole"
	default:
		context["aws:PrincipalType"] = "AssumedRole"
	}
	return context
}

func isDeterminedKey(name string) bool {
	return slices.ContainsFunc([]string{
		"aws:PrincipalArn", "aws:PrincipalType", "kms:CallerAccount", "aws:PrincipalAccount", "aws:username",
		"aws:PrincipalIsAWSService", "aws:PrincipalServiceName", "aws:ResourceAccount",
		"aws:RequestedRegion", "kms:KeySpec", "kms:CustomerMasterKeySpec", "kms:KeyUsage", "kms:CustomerMasterKeyUsage", "kms:KeyOrigin", "kms:MultiRegion",
	}, func(known string) bool { return strings.EqualFold(known, name) })
}

// foreignKeys are those that a service's request lacks, or has with a value of AWS's own.
var foreignKeys = []string{"aws:PrincipalArn", "aws:PrincipalType", "kms:CallerAccount", "aws:PrincipalAccount", "aws:userid"}

// presence says whether the caller's requests carry a condition key. named are the roles
// that policies name, by ARN and by sessionRole.
func (c caller) presence(name string, named map[string]bool) catalog.Presence {
	row := catalog.AvailabilityOf(name)
	switch {
	case c.kind == evaluation.ServicePrincipal && row.ByService == catalog.Foreign:
		return catalog.Never // see foreignKeys
	case c.kind == evaluation.ServicePrincipal:
		return row.ByService
	case named[c.arn] || c.kind == evaluation.SessionPrincipal && named[sessionRole(c.arn)]:
		return row.OfNamedRole()
	default:
		return row.OfIdentity()
	}
}

// namedRoles are the roles that policies name as Principal of a statement that has an
// effect, by ARN, and those of which they name the role or a session, by sessionRole.
func namedRoles(documents []*policy.Document) map[string]bool {
	named := map[string]bool{}
	for _, d := range documents {
		for i := range d.Statements {
			if !hasEffect(d, &d.Statements[i]) {
				continue
			}
			for _, p := range d.Statements[i].Principals.Entries {
				if (p.Kind == policy.Role || p.Kind == policy.Session) && p.Partition == key.Partition {
					named[p.Text], named[sessionRole(p.Text)] = true, true
				}
			}
		}
	}
	return named
}

// hasEffect tells whether a statement covers the key and one of its actions, or may.
func hasEffect(d *policy.Document, st *policy.Statement) bool {
	part := policy.Set{Version: d.Version, Statements: []policy.Statement{{Effect: policy.Allow, Principals: everyone, Actions: st.Actions, Resources: st.Resources}}}
	return slices.ContainsFunc(allActions(), func(action string) bool {
		decision, _ := evaluation.Evaluate(key, part, evaluation.Request{Principal: strangeService, PrincipalType: evaluation.ServicePrincipal, Action: action})
		return decision != evaluation.ImplicitlyDenied
	})
}

// strangers are an account, a name and a service that no policy of a test mentions.
const (
	strangeAccount = "909090909090"
	strangeName    = "zaphod"
	strangeService = "zaphod.amazonaws.com"
)

// callersOf returns principals of every kind: those that the policies name, their
// namesakes of other kinds, paths and spellings, unnamed ones of every account, and those
// whose ARN, account or name a condition asks for.
func callersOf(documents ...*policy.Document) []caller {
	l := callerList{seen: map[string]bool{}, roles: map[string]bool{}}
	for _, d := range documents {
		for i := range d.Statements {
			for _, p := range d.Statements[i].Principals.Entries {
				if p.Kind == policy.Role && p.Partition == key.Partition {
					l.roles[p.Text], l.roles[p.AccountID+"/"+p.Name] = true, true
				}
			}
		}
	}
	for _, account := range accountsIn(documents) {
		l.unnamed(account)
	}
	l.service(strangeService)
	for _, d := range documents {
		for i := range d.Statements {
			for _, p := range d.Statements[i].Principals.Entries {
				l.named(p)
			}
		}
	}
	for c := range conditionsOf(documents) {
		for _, v := range c.Values {
			l.askedFor(strings.ToLower(c.Key), v, accountsIn(documents))
		}
	}
	for _, arn := range crossings(documents, "aws:PrincipalArn") {
		if p, err := policy.ParseAWSPrincipal(arn); err == nil {
			_, name, _ := strings.Cut(p.Text, "/")
			switch p.Kind {
			case policy.User:
				l.identity(p.AccountID, "user", name)
			case policy.Role:
				l.identity(p.AccountID, "role", name)
			default:
			}
		}
	}
	for _, name := range crossings(documents, "aws:username") {
		l.identity(key.Account, "user", name)
	}
	return l.list
}

type callerList struct {
	list []caller
	seen map[string]bool
	// roles are the ARNs, and the accounts and names, of roles that statements name. There
	// is one role of a name in an account, whatever its path.
	roles map[string]bool
}

func (l *callerList) add(c caller) {
	id := c.arn + " " + c.roleARN
	r := evaluation.Request{Principal: c.arn, PrincipalType: c.kind, PrincipalAccount: c.account, Action: "kms:Decrypt", Context: c.context()}
	if !l.seen[id] && r.Check(key) == nil {
		l.list = append(l.list, c)
	}
	l.seen[id] = true
}

// identity adds a user or role by account, kind and name with path, and for a role a session.
func (l *callerList) identity(account, kind, name string) {
	arn := "arn:" + key.Partition + ":iam::" + account + ":" + kind + "/" + name
	if kind == "user" {
		l.add(caller{arn: arn, kind: evaluation.UserPrincipal, account: account})
		return
	}
	l.add(caller{arn: arn, kind: evaluation.RolePrincipal, account: account})
	l.session(account, lastSegment(name), "some-session", arn)
}

func (l *callerList) session(account, role, session, roleARN string) {
	if l.roles[account+"/"+role] && !l.roles[roleARN] {
		return
	}
	l.add(caller{arn: "arn:" + key.Partition + ":sts::" + account + ":assumed-role/" + role + "/" + session, kind: evaluation.SessionPrincipal, account: account, roleARN: roleARN})
}

func (l *callerList) federated(account, name string) {
	l.add(caller{arn: "arn:" + key.Partition + ":sts::" + account + ":federated-user/" + name, kind: evaluation.FederatedPrincipal, account: account})
}

func (l *callerList) root(account string) {
	l.add(caller{arn: "arn:" + key.Partition + ":iam::" + account + ":root", kind: evaluation.RootPrincipal, account: account})
}

func (l *callerList) service(name string) {
	l.add(caller{arn: name, kind: evaluation.ServicePrincipal})
}

func (l *callerList) unnamed(account string) {
	l.root(account)
	l.identity(account, "user", strangeName)
	l.identity(account, "user", "some/path/"+strangeName)
	l.identity(account, "role", strangeName)
	l.identity(account, "role", "some/path/"+strangeName)
	l.federated(account, strangeName)
}

// named adds the principal that a policy names, and those easily taken for it.
func (l *callerList) named(p policy.Principal) {
	name := p.Text[strings.LastIndexByte(p.Text, ':')+1:]
	_, name, _ = strings.Cut(name, "/")
	switch p.Kind {
	case policy.User, policy.Role, policy.FederatedUser:
		for _, kind := range []string{"user", "role"} {
			l.identity(p.AccountID, kind, name)
			l.identity(p.AccountID, kind, "path/"+name)
			l.identity(p.AccountID, kind, lastSegment(name))
			l.identity(p.AccountID, kind, name+"x")
			l.identity(strangeAccount, kind, name)
		}
		l.identity(p.AccountID, "user", strings.ToUpper(name))
		l.federated(p.AccountID, lastSegment(name))
	case policy.Session:
		role := "arn:" + key.Partition + ":iam::" + p.AccountID + ":role/"
		l.session(p.AccountID, p.Name, p.SessionName, role+p.Name)
		l.session(p.AccountID, p.Name, p.SessionName, role+"path/"+p.Name)
		l.session(p.AccountID, p.Name, p.SessionName+"x", role+p.Name)
		l.identity(p.AccountID, "role", p.Name)
	case policy.Service:
		l.service(p.Text)
		l.service("eu-west-1." + p.Text)
		first, rest, _ := strings.Cut(p.Text, ".")
		l.service(first + ".eu-west-1." + rest)
	default: // accounts have unnamed callers; the others make no requests
	}
}

// askedFor adds the principals that a condition on a determined key may single out.
func (l *callerList) askedFor(key, value string, accounts []string) {
	switch key {
	case "aws:principalservicename":
		for _, name := range append(instancesOf(value, "", "q"), append(instancesOf(value, "x", "q"), value, value+"x")...) {
			l.service(name)
		}
	case "aws:username":
		for _, account := range accounts {
			for _, name := range append(textsNear(value), instancesOf(value, "x", "q")...) {
				l.identity(account, "user", name)
				l.identity(account, "user", "path/"+name)
			}
		}
	default:
		l.matching(value, accounts)
	}
}

// matching adds principals whose ARN a pattern matches, or nearly.
func (l *callerList) matching(pattern string, accounts []string) {
	parts := strings.SplitN(pattern, ":", 6)
	if len(parts) != 6 {
		return
	}
	variable := regexp.MustCompile(`\$\{[^}]*\}`)
	resource := variable.ReplaceAllString(parts[5], strangeName)
	for _, account := range accounts {
		if account != parts[4] && policy.IsAccountID(parts[4]) {
			continue
		}
		for _, text := range append(instancesOf(resource, "x", "q"), append(instancesOf(resource, "a/b", "q"), append(instancesOf(resource, "", "q"), resource, resource+"x")...)...) {
			kind, name, _ := strings.Cut(text, "/")
			switch kind {
			case "user", "role":
				l.identity(account, kind, name)
				l.identity(account, kind, strings.ToUpper(name))
			case "federated-user":
				l.federated(account, name)
			}
		}
	}
}

func lastSegment(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

var twelveDigits = regexp.MustCompile(`[0-9]+`)

// accountsIn returns the accounts that policies mention anywhere, the key's own and a
// strange one.
func accountsIn(documents []*policy.Document) []string {
	found := map[string]bool{key.Account: true, strangeAccount: true}
	for _, d := range documents {
		for _, id := range twelveDigits.FindAllString(d.Text(), -1) {
			if len(id) == 12 {
				found[id] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
