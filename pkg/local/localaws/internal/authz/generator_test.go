package authz_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// The generator draws policies and requests that collide: few principals, few condition keys,
// few values, among them those at which two readings part.

var ownKey = policy.Key{
	Partition: "aws", Account: "111122223333",
	ARN: "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
}

// pair is a key policy and a request that are drawn together.
type pair struct {
	version    string // "" leaves the element out
	statements []map[string]any
	caller     callerDrawn
	request    evaluation.Request
}

func (p pair) policyText() string {
	document := map[string]any{"Statement": p.statements}
	if p.version != "" {
		document["Version"] = p.version
	}
	text, err := json.Marshal(document)
	if err != nil { // maps of strings always marshal
		panic(err)
	}
	return string(text)
}

// callerDrawn is who may call, as each side names it.
type callerDrawn struct {
	kind    evaluation.PrincipalType
	arn     string
	account string
	layers  []string          // for authz
	context map[string]string // the condition keys that it determines
}

var callers = []callerDrawn{
	{evaluation.UserPrincipal, "arn:aws:iam::111122223333:user/eng/alice", "111122223333", []string{"arn:aws:iam::111122223333:user/eng/alice"}, map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:user/eng/alice", "aws:PrincipalType": "User", "aws:username": "alice"}},
	{evaluation.UserPrincipal, "arn:aws:iam::444455556666:user/bob", "444455556666", []string{"arn:aws:iam::444455556666:user/bob"}, map[string]string{"aws:PrincipalArn": "arn:aws:iam::444455556666:user/bob", "aws:PrincipalType": "User", "aws:username": "bob"}},
	{evaluation.RolePrincipal, "arn:aws:iam::111122223333:role/ops/Admin", "111122223333", []string{"arn:aws:iam::111122223333:role/ops/Admin"}, map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:role/ops/Admin", "aws:PrincipalType": "AssumedRole"}},
	{evaluation.SessionPrincipal, "arn:aws:sts::111122223333:assumed-role/Admin/job", "111122223333", []string{"arn:aws:iam::111122223333:role/ops/Admin", "arn:aws:sts::111122223333:assumed-role/Admin/job"}, map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:role/ops/Admin", "aws:PrincipalType": "AssumedRole"}},
	{evaluation.SessionPrincipal, "arn:aws:sts::444455556666:assumed-role/App/job", "444455556666", []string{"arn:aws:iam::444455556666:role/App", "arn:aws:sts::444455556666:assumed-role/App/job"}, map[string]string{"aws:PrincipalArn": "arn:aws:iam::444455556666:role/App", "aws:PrincipalType": "AssumedRole"}},
	{evaluation.FederatedPrincipal, "arn:aws:sts::111122223333:federated-user/carol", "111122223333", []string{"arn:aws:sts::111122223333:federated-user/carol"}, map[string]string{"aws:PrincipalArn": "arn:aws:sts::111122223333:federated-user/carol", "aws:PrincipalType": "FederatedUser"}},
	{evaluation.RootPrincipal, "arn:aws:iam::111122223333:root", "111122223333", nil, map[string]string{"aws:PrincipalArn": "arn:aws:iam::111122223333:root", "aws:PrincipalType": "Account"}},
	{evaluation.RootPrincipal, "arn:aws:iam::444455556666:root", "444455556666", nil, map[string]string{"aws:PrincipalArn": "arn:aws:iam::444455556666:root", "aws:PrincipalType": "Account"}},
	{evaluation.OtherPrincipal, "somebody without a name", "111122223333", []string{"somebody without a name"}, nil},
	{evaluation.OtherPrincipal, "somebody without an account", "", []string{"somebody without an account"}, nil},
}

// principals are the values of an AWS principal.
var principals = []string{
	"*", "111122223333", "arn:aws:iam::111122223333:root", "444455556666", "arn:aws:iam::444455556666:root", "777788889999",
	"arn:aws-cn:iam::111122223333:root", "AIDAEXAMPLEEXAMPLE123",
	"arn:aws:iam::111122223333:user/eng/alice", "arn:aws:iam::444455556666:user/bob", "arn:aws:iam::111122223333:role/ops/Admin",
	"arn:aws:sts::111122223333:assumed-role/Admin/job", "arn:aws:sts::111122223333:assumed-role/Admin/other",
	"arn:aws:iam::444455556666:role/App", "arn:aws:sts::444455556666:assumed-role/App/job", "arn:aws:sts::111122223333:federated-user/carol",
}

var otherPrincipals = map[string]string{
	"Service": "logs.us-east-1.amazonaws.com", "Federated": "cognito-identity.amazonaws.com", "CanonicalUser": "79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be",
}

var (
	actions        = []string{"kms:Decrypt", "kms:*", "*", "KMS:decrypt", "kms:De*", "kms:?ecrypt", "kms:Decrypt?", "kms:Put*", "kms:*Key*", "s3:*", "kms:Encrypt"}
	actionsAsked   = []string{"kms:Decrypt", "kms:Encrypt", "kms:PutKeyPolicy", "kms:DescribeKey"}
	resources      = []string{"*", ownKey.ARN, "arn:aws:kms:*:111122223333:key/*", "arn:aws:kms:us-????-1:*", "arn:aws:kms:us-east-1:111122223333:key/other", "arn:aws:s3:::*", "arn:aws:kms:us-east-1:${aws:PrincipalAccount}:key/*"}
	mostlyAllOfKMS = []string{"kms:*", "*", "kms:Decrypt"}
)

// family is a kind of condition: its operators and keys, and the values that a policy and a
// request may have for them.
type family struct {
	operators []string
	keys      []string
	listed    []any    // by a policy
	sent      []string // in a request
}

var families = []family{
	{
		operators: []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
		keys:      []string{"aws:username", "kms:ViaService", "kms:EncryptionContext:App", "aws:PrincipalTag/team", "custom:word", "aws:TagKeys", "kms:GrantOperations", "custom:list"},
		listed: []any{
			"", "team", "Team", "TEAM", "te?m", "t*m", "*", "é", "É", "${aws:PrincipalTag/team}", "${AWS:principaltag/TEAM}x", "*${aws:PrincipalTag/team}*", "${aws:username}", "${*}", "t${*}m",
			"${?}", "${$}", "${aws:PrincipalTag/none, 'team'}", "${aws:PrincipalTag/none}", "${aws:TagKeys}", "${kms:GrantOperations}", "${team", "${aws:PrincipalTag/none,team}", true, 7, "7.0",
		},
		sent: []string{"", "team", "Team", "tEAM", "teem", "t*m", "*", "?", "$", "é", "alice", "teamx", "xteamx", "true", "7", "${aws:PrincipalTag/team}"},
	},
	{
		operators: []string{"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"},
		keys:      []string{"aws:PrincipalArn", "custom:arn", "custom:list"},
		listed: []any{
			"arn:aws:iam::111122223333:role/ops/Admin", "arn:aws:iam::*:role/*", "arn:*:role/ops/Admin", "arn:aws:iam::111122223333:user/${aws:PrincipalTag/team}", "*", "arn:aws:*:*:*:*", "*:*:*:*:*:*",
			"arn:aws:s3:::b?cket", "arn:aws:sns:us-east-1:1:a:b", "ARN:aws:s3:::bucket", "arn:aws:iam::${aws:PrincipalAccount}:*", "${custom:word}:aws:s3:::bucket",
		},
		sent: []string{"arn:aws:s3:::bucket", "arn:aws:s3:::Bucket", "arn:aws:sns:us-east-1:1:a:b", "ARN:aws:s3:::bucket", "bucket", "", "a:b:c:d:e:f", "arn:aws:iam::111122223333:user/team"},
	},
	{
		operators: []string{"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
		keys:      []string{"aws:MultiFactorAuthAge", "kms:ScheduleKeyDeletionPendingWindowInDays", "custom:list"},
		listed:    []any{"6", 7, "7", "7.0", "-7", "7.5", "8", "+7", "9007199254740993"},
		sent:      []string{"6", "7", "7.0", "7.00", "+7", "-7", "7.5", "7.25", "8", "seven", "", "9007199254740992"},
	},
	{
		operators: []string{"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
		keys:      []string{"aws:CurrentTime", "aws:EpochTime", "aws:TokenIssueTime", "custom:list"},
		listed:    []any{"2026-11-23", "2026-11", "2026-11-23T00:00Z", "2026-11-23T00:00:00Z", "2026-11-23T01:00:00+01:00", "1795392000", "2026-11-22T23:59:59.5Z", 1795392001, "2026"},
		sent:      []string{"2026-11-23T00:00:00Z", "2026-11-23T00:00:01Z", "1795392000", "1795392001", "2026-11-22T23:59:59.5Z", "2026-11-01", "yesterday", ""},
	},
	{
		operators: []string{"Bool"},
		keys:      []string{"aws:SecureTransport", "aws:MultiFactorAuthPresent", "kms:GrantIsForAWSResource", "custom:list"},
		listed:    []any{"true", "false", true, false, "TRUE"},
		sent:      []string{"true", "false", "True", "yes", ""},
	},
	{
		operators: []string{"Null"},
		keys:      []string{"aws:username", "custom:arn", "aws:TagKeys", "custom:list", "custom:word"},
		listed:    []any{"true", "false", true, false, "TRUE"},
	},
	{
		operators: []string{"BinaryEquals"},
		keys:      []string{"custom:bytes"},
		listed:    []any{"a2V5", "", "a2U=", "a2V="},
		sent:      []string{"a2V5", "", "a2U=", "a2V=", "a2", "key"},
	},
	{
		operators: []string{"IpAddress", "NotIpAddress"},
		keys:      []string{"aws:SourceIp", "aws:VpcSourceIp", "custom:list"},
		listed:    []any{"192.0.2.0/24", "192.0.2.7", "192.0.2.7/24", "0.0.0.0/0", "2001:db8::/32", "2001:DB8::1", "::/0", "::ffff:192.0.2.0/120"},
		sent:      []string{"192.0.2.7", "192.0.3.7", "2001:db8::1", "2001:db8:0::1", "::ffff:192.0.2.7", "fe80::1%eth0", "192.0.2", ""},
	},
}

// multiValuedDrawn are the keys that may have several values.
var multiValuedDrawn = []string{"aws:TagKeys", "kms:GrantOperations", "custom:list"}

type operatorDrawn struct{ set, name, ifExists string }

func (o operatorDrawn) String() string { return o.set + o.name + o.ifExists }

// readDrawn takes the spelling of an operator apart.
func readDrawn(spelled string) operatorDrawn {
	o := operatorDrawn{name: spelled}
	if set, name, found := strings.Cut(spelled, ":"); found {
		o.set, o.name = set+":", name
	}
	if name, found := strings.CutSuffix(o.name, "IfExists"); found {
		o.name, o.ifExists = name, "IfExists"
	}
	return o
}

type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 0))} }

func pick[T any](g generator, list []T) T { return list[g.IntN(len(list))] }

// oneIn is true once in n times.
func (g generator) oneIn(n int) bool { return g.IntN(n) == 0 }

func (g generator) pair() pair {
	p := pair{version: policy.Version2012, caller: pick(g, callers)}
	if g.oneIn(8) {
		p.version = pick(g, []string{policy.Version2008, ""})
	}
	met := map[string]string{}
	for range 1 + g.IntN(3) {
		p.statements = append(p.statements, g.statement(p.caller, met))
	}
	p.request = evaluation.Request{
		Principal: p.caller.arn, PrincipalType: p.caller.kind, IdentityPolicyAllows: !g.oneIn(3),
		Action: pick(g, actionsAsked), Resource: ownKey.ARN, Context: g.context(p.caller, met),
	}
	if p.caller.kind == evaluation.OtherPrincipal {
		p.request.PrincipalAccount = p.caller.account
	}
	return p
}

// statement draws one statement. Into met it puts values that meet its conditions.
func (g generator) statement(caller callerDrawn, met map[string]string) map[string]any {
	if g.oneIn(3) { // its conditions alone decide
		return map[string]any{"Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*", "Condition": g.conditions(met)}
	}
	s := map[string]any{"Effect": "Allow"}
	if g.oneIn(4) {
		s["Effect"] = "Deny"
	}
	principal := "Principal"
	if s["Effect"] == "Deny" && g.oneIn(2) {
		principal = "NotPrincipal"
	}
	s[principal] = g.principal(caller, principal == "NotPrincipal")
	g.match(s, "Action", actions, mostlyAllOfKMS)
	g.match(s, "Resource", resources, resources[:1])
	if !g.oneIn(2) {
		s["Condition"] = g.conditions(met)
	}
	return s
}

// principal names the caller more often than not; with all its layers if each has to be listed.
func (g generator) principal(caller callerDrawn, layers bool) any {
	if g.oneIn(10) {
		return "*"
	}
	var list []string
	for range 1 + g.IntN(2) {
		list = append(list, pick(g, principals))
	}
	switch {
	case caller.account == "" || caller.kind == evaluation.OtherPrincipal:
	case layers && g.oneIn(2):
		list = append(append(list, caller.layers...), caller.account)
	case !layers && !g.oneIn(4):
		list = append(list, pick(g, append([]string{caller.arn, caller.account}, caller.layers...)))
	}
	slices.Sort(list)
	element := map[string]any{"AWS": slices.Compact(list)}
	if g.oneIn(6) {
		kind := pick(g, slices.Sorted(maps.Keys(otherPrincipals)))
		element[kind] = otherPrincipals[kind]
		if g.oneIn(3) {
			delete(element, "AWS")
		}
	}
	return element
}

// match draws an element and its opposite; now and then neither.
func (g generator) match(s map[string]any, name string, values, mostly []string) {
	switch {
	case g.oneIn(30):
		return
	case g.oneIn(60):
		s[name] = []string{}
		return
	case g.oneIn(6):
		name = "Not" + name
	case !g.oneIn(3):
		values = mostly
	}
	if g.oneIn(2) {
		s[name] = pick(g, values)
		return
	}
	s[name] = []string{pick(g, values), pick(g, values)}
}

func (g generator) conditions(met map[string]string) map[string]any {
	conditions := map[string]any{}
	for range 1 + g.IntN(2) {
		f := pick(g, families)
		o := operatorDrawn{name: pick(g, f.operators)}
		key := g.key(f)
		if multi := slices.Contains(multiValuedDrawn, key); multi && !g.oneIn(6) || !multi && g.oneIn(4) {
			o.set = pick(g, []string{"ForAllValues:", "ForAnyValue:"})
		}
		if o.name != "Null" && g.oneIn(4) {
			o.ifExists = "IfExists"
		}
		values := g.listed(f)
		conditions[o.String()] = map[string]any{g.spelling(key): g.oneOrList(values)}
		if len(values) > 0 && g.oneIn(2) {
			met[key] = g.spelling(fmt.Sprint(values[0]))
		}
	}
	return conditions
}

// key draws a key of the family, seldom of another one.
func (g generator) key(f family) string {
	if g.oneIn(12) {
		f = pick(g, families)
	}
	return pick(g, f.keys)
}

// spelling changes the case of a text now and then.
func (g generator) spelling(text string) string {
	if g.oneIn(8) {
		return strings.ToUpper(text)
	}
	return text
}

// listed draws the values that a policy has for a condition key.
func (g generator) listed(f family) []any {
	if g.oneIn(40) {
		return []any{}
	}
	values := []any{pick(g, f.listed)}
	if g.oneIn(2) {
		values = append(values, pick(g, f.listed))
	}
	return values
}

// oneOrList writes a list of one without its brackets, half of the time.
func (g generator) oneOrList(values []any) any {
	if len(values) == 1 && g.oneIn(2) {
		return values[0]
	}
	return values
}

// context draws what a request carries: the keys that the caller determines, and others.
// Values of met are likelier than others.
func (g generator) context(caller callerDrawn, met map[string]string) map[string]any {
	context := map[string]any{}
	for name, value := range caller.context {
		context[name] = value
	}
	if caller.account != "" {
		context["aws:PrincipalAccount"] = caller.account
	}
	for _, f := range families {
		for _, name := range f.keys {
			if name == "aws:username" || name == "aws:PrincipalArn" || f.sent == nil || g.oneIn(3) {
				continue
			}
			context[name] = g.sent(name, f)
			if value, ok := met[name]; ok {
				context[name] = value
			}
		}
	}
	return context
}

func (g generator) sent(name string, f family) any {
	if !slices.Contains(multiValuedDrawn, name) {
		return pick(g, f.sent)
	}
	values := []string{pick(g, f.sent)}
	for range g.IntN(3) {
		values = append(values, pick(g, f.sent))
	}
	return values
}
