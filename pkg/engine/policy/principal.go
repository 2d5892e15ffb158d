package policy

import (
	"slices"
	"strings"
)

// PrincipalKind says what a principal of a policy names.
type PrincipalKind uint8

// The kinds of principals.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
const (
	// Anyone is "*", bare or under AWS.
	Anyone PrincipalKind = iota + 1
	// Account is an account principal: a root ARN or a 12-digit account id.
	Account
	// User is an IAM user.
	User
	// Role is an IAM role.
	Role
	// Session is one session of a role (assumed-role).
	Session
	// FederatedUser is an STS federated user session.
	FederatedUser
	// UniqueID is what is left of a deleted user or role (AIDA…, AROA…).
	UniqueID
	// Service is an AWS service principal.
	Service
	// IdentityProvider is a web identity or SAML provider (Federated).
	IdentityProvider
	// CanonicalUser is an S3 canonical user id.
	CanonicalUser
)

// Principal is one principal that a statement names.
type Principal struct {
	Kind PrincipalKind
	// Text is the value as written.
	Text string
	// Partition is the partition of the ARN; "" where the value is not an ARN.
	Partition string
	// AccountID is the 12-digit account; "" where the value names none.
	AccountID string
	// Name is the last path segment of a user or role, the role's name of a
	// Session, or the name of a FederatedUser.
	Name string
	// SessionName is the session's name of a Session.
	SessionName string
}

// element returns the key under which a policy's Principal object lists this kind.
func (k PrincipalKind) element() string {
	switch k {
	case Service:
		return "Service"
	case IdentityProvider:
		return "Federated"
	case CanonicalUser:
		return "CanonicalUser"
	default:
		return "AWS"
	}
}

// ParseAWSPrincipal reads a principal as it stands under AWS: "*", an account
// id, an ARN of an account root, user, role, assumed-role session or federated
// user, or a unique id. Anything else (a group, a partial wildcard) is an
// [*Error] of code InvalidPrincipal.
func ParseAWSPrincipal(text string) (Principal, error) {
	p := Principal{Text: text}
	if problem := p.readAWS(); problem != "" {
		return Principal{}, invalidPrincipal("principal", text, problem)
	}
	return p, nil
}

func invalidPrincipal(what, text, problem string) *Error {
	return &Error{Code: InvalidPrincipal, Detail: what + " " + quoted(text) + ": " + problem}
}

// readAWS fills p from its text as it stands under AWS, and returns what is wrong with it.
func (p *Principal) readAWS() (problem string) {
	switch {
	case p.Text == "*":
		p.Kind = Anyone
	case IsAccountID(p.Text):
		p.Kind, p.AccountID = Account, p.Text
	case isUniqueID(p.Text):
		p.Kind = UniqueID
	default:
		return p.readARN()
	}
	return ""
}

// readARN is readAWS for an IAM or STS ARN.
func (p *Principal) readARN() (problem string) {
	parts, problem := splitARN(p.Text)
	switch {
	case problem != "":
		return problem
	case parts[0] != "arn":
		return "expected an ARN, a 12-digit account id or *"
	case parts[1] == "" || parts[3] != "" || !IsAccountID(parts[4]):
		return "expected arn:partition:iam::account-id:…"
	}
	p.Partition, p.AccountID = parts[1], parts[4]
	kind, name, _ := strings.Cut(parts[5], "/")
	iam, sts := parts[2] == "iam", parts[2] == "sts"
	switch {
	case iam && kind == "root":
		p.Kind = Account
		if parts[5] != "root" {
			return "the account principal ends in :root"
		}
		return ""
	case iam && kind == "user":
		p.Kind, p.Name = User, name[strings.LastIndexByte(name, '/')+1:]
	case iam && kind == "role":
		p.Kind, p.Name = Role, name[strings.LastIndexByte(name, '/')+1:]
	case sts && kind == "federated-user":
		p.Kind, p.Name = FederatedUser, name
	case sts && kind == "assumed-role":
		p.Kind = Session
		p.Name, p.SessionName, _ = strings.Cut(name, "/")
		if p.SessionName == "" || strings.Contains(p.SessionName, "/") {
			return "expected assumed-role/role-name/session-name"
		}
	case iam && kind == "group":
		return "a group cannot be a principal"
	default:
		return "expected root, user/…, role/…, assumed-role/… or federated-user/…"
	}
	if p.Name == "" {
		return "the name is missing"
	}
	return ""
}

// splitARN splits an ARN at its first five colons; the last part may have more. It
// tells what is wrong with the characters.
func splitARN(text string) (parts [6]string, problem string) {
	part, start, wild := 0, 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9': // what most are
		case c <= ' ' || c > '~':
			return parts, "blanks, control characters and letters beyond ASCII are in no ARN"
		case c == ':' && part < len(parts)-1:
			parts[part] = text[start:i]
			part, start = part+1, i+1
		case c == '*' || c == '?' || c == '{' && i > 0 && text[i-1] == '$':
			wild = true
		}
	}
	switch {
	case wild:
		return parts, "no wildcards or variables; only * alone means everyone"
	case part < len(parts)-1:
		return parts, "expected an ARN, a 12-digit account id or *"
	}
	parts[part] = text[start:]
	return parts, ""
}

// IsAccountID tells whether text is an AWS account id: twelve digits.
func IsAccountID(text string) bool {
	if len(text) != 12 {
		return false
	}
	for _, c := range []byte(text) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// isUniqueID tells whether text is a unique id of a user or a role.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids
func isUniqueID(text string) bool {
	if len(text) < 16 || len(text) > 128 || !strings.HasPrefix(text, "AIDA") && !strings.HasPrefix(text, "AROA") {
		return false
	}
	for _, c := range []byte(text) {
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// principals reads a Principal or NotPrincipal element.
func (p *parser) principals() (Principals, *Error) {
	var list Principals
	start := len(p.entries)
	if p.peek() == '"' {
		at := p.pos
		text, err := p.str("Principal")
		if err == nil && text != "*" {
			err = p.fail(InvalidPrincipal, at, `as a string, Principal can only be "*"; name others under AWS, Service or Federated`)
		}
		p.entries = append(p.entries, Principal{Kind: Anyone, Text: text})
		list.Entries = slices.Clip(p.entries[start:])
		return list, err
	}
	if err := p.open('{', "Principal", `"*" or an object with AWS, Service or Federated`); err != nil {
		return list, err
	}
	var kinds []string
	for first := true; ; {
		more, err := p.next('}', &first)
		if err != nil || !more {
			list.Entries = slices.Clip(p.entries[start:])
			return list, err
		}
		kind, at, err := p.uniqueName(kinds)
		if err != nil {
			return list, err
		}
		kinds = append(kinds, kind)
		if err := p.principalsOf(kind, at); err != nil {
			return list, err
		}
	}
}

// principalType is a key under which a Principal object lists principals. read fills a
// principal from its text, and returns what is wrong with it.
type principalType struct {
	name, singular string
	read           func(p *Principal) (problem string)
}

var principalTypes = []principalType{
	{"AWS", "principal", (*Principal).readAWS},
	{"Service", "service principal", (*Principal).readService},
	{"Federated", "identity provider", (*Principal).readProvider},
	{"CanonicalUser", "canonical user", (*Principal).readCanonicalUser},
}

// principalsOf reads the values under one type, "AWS" or another, whose name
// stands at a place.
func (p *parser) principalsOf(name string, at int) *Error {
	i := slices.IndexFunc(principalTypes, func(t principalType) bool { return t.name == name })
	if i < 0 {
		for _, t := range principalTypes {
			if strings.EqualFold(name, t.name) {
				return p.fail(WrongCase, at, "principal type "+quoted(name)+" is spelled "+t.name)
			}
		}
		return p.fail(UnknownElement, at, "unknown principal type "+quoted(name))
	}
	t := &principalTypes[i]
	return p.eachString("Principal", func(value string, at int) *Error {
		p.entries = append(p.entries, Principal{Text: value})
		if problem := t.read(&p.entries[len(p.entries)-1]); problem != "" {
			return p.placed(invalidPrincipal(t.singular, value, problem), at)
		}
		return nil
	})
}

func (p *Principal) readService() (problem string) {
	p.Kind = Service
	for _, c := range []byte(p.Text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return "expected a name such as logs.us-east-1.amazonaws.com, without wildcards"
		}
	}
	if !strings.Contains(p.Text, ".") {
		return "expected a name such as logs.us-east-1.amazonaws.com"
	}
	return ""
}

func (p *Principal) readProvider() (problem string) {
	p.Kind = IdentityProvider
	if p.Text == "" || strings.ContainsAny(p.Text, "*?") {
		return "expected a provider's ARN or domain, without wildcards"
	}
	return ""
}

func (p *Principal) readCanonicalUser() (problem string) {
	p.Kind = CanonicalUser
	if p.Text == "" || strings.ContainsAny(p.Text, "*?") {
		return "expected a canonical user id"
	}
	return ""
}
