package policy

import "strings"

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
	// Partition is that of the ARN; "" where the value is not an ARN.
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
	p, err := awsPrincipal(text)
	if err != nil {
		return Principal{}, err
	}
	return p, nil
}

func awsPrincipal(text string) (Principal, *Error) {
	p := Principal{Text: text}
	switch {
	case text == "*":
		p.Kind = Anyone
	case IsAccountID(text):
		p.Kind, p.AccountID = Account, text
	case isUniqueID(text):
		p.Kind = UniqueID
	default:
		if problem := p.readARN(text); problem != "" {
			return Principal{}, &Error{Code: InvalidPrincipal, Detail: "principal " + quoted(text) + ": " + problem}
		}
	}
	return p, nil
}

// readARN fills p from an IAM or STS ARN and returns what is wrong with it.
func (p *Principal) readARN(text string) (problem string) {
	var parts [6]string
	rest, complete := text, true
	for i := range len(parts) - 1 {
		var found bool
		parts[i], rest, found = strings.Cut(rest, ":")
		complete = complete && found
	}
	parts[5] = rest
	switch {
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "blanks, control characters and letters beyond ASCII are in no ARN"
	case strings.ContainsAny(text, "*?") || strings.Contains(text, "${"):
		return "no wildcards or variables; only * alone means everyone"
	case !complete || parts[0] != "arn":
		return "expected an ARN, a 12-digit account id or *"
	case parts[1] == "" || parts[3] != "" || !IsAccountID(parts[4]):
		return "expected arn:partition:iam::account-id:…"
	}
	p.Partition, p.AccountID = parts[1], parts[4]
	kind, name, _ := strings.Cut(parts[5], "/")
	switch parts[2] + " " + kind {
	case "iam root":
		p.Kind = Account
		if parts[5] != "root" {
			return "the account principal ends in :root"
		}
		return ""
	case "iam user":
		p.Kind, p.Name = User, name[strings.LastIndexByte(name, '/')+1:]
	case "iam role":
		p.Kind, p.Name = Role, name[strings.LastIndexByte(name, '/')+1:]
	case "sts federated-user":
		p.Kind, p.Name = FederatedUser, name
	case "sts assumed-role":
		p.Kind = Session
		p.Name, p.SessionName, _ = strings.Cut(name, "/")
		if p.SessionName == "" || strings.Contains(p.SessionName, "/") {
			return "expected assumed-role/role-name/session-name"
		}
	case "iam group":
		return "a group cannot be a principal"
	default:
		return "expected root, user/…, role/…, assumed-role/… or federated-user/…"
	}
	if p.Name == "" {
		return "the name is missing"
	}
	return ""
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
	if p.peek() == '"' {
		at := p.pos
		text, err := p.str("Principal")
		if err == nil && text != "*" {
			err = p.fail(InvalidPrincipal, at, `as a string, Principal can only be "*"; name others under AWS, Service or Federated`)
		}
		list.Entries = []Principal{{Kind: Anyone, Text: text}}
		return list, err
	}
	if err := p.open('{', "Principal", `"*" or an object with AWS, Service or Federated`); err != nil {
		return list, err
	}
	var kinds []string
	for first := true; ; {
		more, err := p.next('}', &first)
		if err != nil || !more {
			return list, err
		}
		kind, at, err := p.uniqueName(kinds)
		if err != nil {
			return list, err
		}
		kinds = append(kinds, kind)
		if err := p.principalsOf(kind, at, &list); err != nil {
			return list, err
		}
	}
}

// principalsOf reads the values under one type, "AWS" or another, whose name
// stands at a place.
func (p *parser) principalsOf(name string, at int, list *Principals) *Error {
	read := principalReader(name)
	if read == nil {
		for _, spelling := range []string{"AWS", "Service", "Federated", "CanonicalUser"} {
			if strings.EqualFold(name, spelling) {
				return p.fail(WrongCase, at, "principal type "+quoted(name)+" is spelled "+spelling)
			}
		}
		return p.fail(UnknownElement, at, "unknown principal type "+quoted(name))
	}
	return p.eachString("Principal", func(value string, at int) *Error {
		principal, problem := read(value)
		if problem != nil {
			return p.placed(problem, at)
		}
		list.Entries = append(list.Entries, principal)
		return nil
	})
}

// principalReader returns how the values under one type are read, nil for an unknown type.
func principalReader(name string) func(string) (Principal, *Error) {
	switch name {
	case "AWS":
		return awsPrincipal
	case "Service":
		return servicePrincipal
	case "Federated":
		return providerPrincipal
	case "CanonicalUser":
		return canonicalUser
	default:
		return nil
	}
}

func servicePrincipal(text string) (Principal, *Error) {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return Principal{}, &Error{Code: InvalidPrincipal, Detail: "service principal " + quoted(text) + ": expected a name such as logs.us-east-1.amazonaws.com, without wildcards"}
		}
	}
	if !strings.Contains(text, ".") {
		return Principal{}, &Error{Code: InvalidPrincipal, Detail: "service principal " + quoted(text) + ": expected a name such as logs.us-east-1.amazonaws.com"}
	}
	return Principal{Kind: Service, Text: text}, nil
}

func providerPrincipal(text string) (Principal, *Error) {
	if text == "" || strings.ContainsAny(text, "*?") {
		return Principal{}, &Error{Code: InvalidPrincipal, Detail: "identity provider " + quoted(text) + ": expected a provider's ARN or domain, without wildcards"}
	}
	return Principal{Kind: IdentityProvider, Text: text}, nil
}

func canonicalUser(text string) (Principal, *Error) {
	if text == "" || strings.ContainsAny(text, "*?") {
		return Principal{}, &Error{Code: InvalidPrincipal, Detail: "canonical user " + quoted(text) + ": expected a canonical user id"}
	}
	return Principal{Kind: CanonicalUser, Text: text}, nil
}
