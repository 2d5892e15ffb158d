package evaluation

import (
	"fmt"
	"maps"
	"slices"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// PrincipalType is the kind of principal that makes a request. The values are stable.
type PrincipalType string

// The types of principals, and how Request.Principal names one.
const (
	// UserPrincipal: an IAM user, by its ARN.
	UserPrincipal PrincipalType = "user"
	// RolePrincipal: an IAM role, by its ARN: any one of its sessions.
	RolePrincipal PrincipalType = "role"
	// SessionPrincipal: one session of a role, by its assumed-role ARN.
	SessionPrincipal PrincipalType = "session"
	// FederatedPrincipal: an STS federated user, by its federated-user ARN.
	FederatedPrincipal PrincipalType = "federated"
	// RootPrincipal: the root user of an account, by arn:partition:iam::account:root.
	RootPrincipal PrincipalType = "root"
	// ServicePrincipal: an AWS service, by its name such as logs.us-east-1.amazonaws.com.
	ServicePrincipal PrincipalType = "service"
	// OtherPrincipal: a principal that a policy cannot name, by any text. Only "*" and the
	// account that it belongs to, if it belongs to one, stand for it.
	OtherPrincipal PrincipalType = "other"
)

var principalTypes = []PrincipalType{
	UserPrincipal, RolePrincipal, SessionPrincipal, FederatedPrincipal, RootPrincipal, ServicePrincipal, OtherPrincipal,
}

// Request is one concrete request for a key.
type Request struct {
	// Principal is the ARN or service name of who asks, see [PrincipalType].
	Principal     string        `json:"principal"`
	PrincipalType PrincipalType `json:"principalType"`
	// PrincipalAccount is the principal's 12-digit account. It may be left out where the
	// ARN has it, and is not there for a service.
	PrincipalAccount string `json:"principalAccount,omitempty"`
	// IdentityPolicyAllows tells whether the principal's own account allows the request
	// through an IAM policy. For a root user and a service it counts as true.
	IdentityPolicyAllows bool `json:"identityPolicyAllows"`
	// Action is one action, spelled as AWS does: "kms:Decrypt".
	Action string `json:"action"`
	// Resource is the ARN of the key, "" where unknown.
	Resource string `json:"resource"`
	// Context are the condition keys, each with a string or a list of strings ([]string,
	// or []any as encoding/json makes it). Names ignore case. A key that is not in it, or
	// has an empty list, is absent.
	Context map[string]any `json:"context"`
}

// RequestError tells why a request was refused. All errors about requests are of this
// type.
type RequestError struct {
	// Field is the JSON name of the field at fault, "context" with the condition key where
	// it is about one, or "" for the request as a whole.
	Field string
	// Detail says what was found and what is expected, in one line.
	Detail string
}

// Error returns "request: field: detail".
func (err *RequestError) Error() string {
	if err.Field == "" {
		return "request: " + err.Detail
	}
	return "request: " + err.Field + ": " + err.Detail
}

func refuse(field, format string, args ...any) *RequestError {
	return &RequestError{Field: field, Detail: fmt.Sprintf(format, args...)}
}

// quoted returns text of a policy or a request fit for one line of a message.
func quoted(s string) string { return policy.Quote(s, 60) }

// contextKey is one condition key of a request.
type contextKey struct {
	values []string
	list   bool // the values are written as a list, even if it is a list of one
}

// contextKeys reads the context, by the folded names of the keys. It refuses a context
// that no request has; of several errors it is always the same one.
func (r Request) contextKeys() (map[string]contextKey, *RequestError) {
	keys := make(map[string]contextKey, len(r.Context))
	single := make([]string, 0, len(r.Context)) // the values of the keys that have one
	for name, value := range r.Context {
		if text, ok := value.(string); ok {
			single = append(single, text)
			keys[folded(name)] = contextKey{values: slices.Clip(single[len(single)-1:])}
			continue
		}
		key, problem := readContextKey(name, value)
		if problem != nil {
			return nil, r.contextProblem()
		}
		keys[folded(name)] = key
	}
	if len(keys) < len(r.Context) {
		return nil, r.contextProblem()
	}
	return keys, nil
}

func readContextKey(name string, value any) (contextKey, *RequestError) {
	values, list, ok := valuesOf(value)
	if !ok {
		return contextKey{}, notAValue(name)
	}
	if len(values) > 1 {
		if _, known := catalog.LookupConditionKey(name); known && !catalog.MultiValued(name) {
			return contextKey{}, refuse(contextField(name), "the key has one value in a request, here are %d", len(values))
		}
	}
	return contextKey{values: values, list: list}, nil
}

// contextProblem returns what is wrong with the first name in alphabetical order with
// which something is wrong: its value, or that it stands there in another spelling, too.
func (r Request) contextProblem() *RequestError {
	seen := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(r.Context)) {
		if seen[folded(name)] {
			return refuse(contextField(name), "stands here twice, in two spellings")
		}
		seen[folded(name)] = true
		if _, problem := readContextKey(name, r.Context[name]); problem != nil {
			return problem
		}
	}
	return refuse("context", "it cannot be read")
}

// valuesOf returns the value of a condition key as a list, and whether it is written as
// one; false if it is no value.
func valuesOf(value any) (values []string, list, ok bool) {
	switch v := value.(type) {
	case string:
		return []string{v}, false, true
	case []string:
		return v, true, true
	case []any:
		for _, one := range v {
			text, isText := one.(string)
			if !isText {
				return nil, false, false
			}
			values = append(values, text)
		}
		return values, true, true
	default:
		return nil, false, false
	}
}

func notAValue(key string) *RequestError {
	return refuse(contextField(key), "expected a string or a list of at least one string; leave an absent key out")
}

func contextField(key string) string { return "context[" + quoted(key) + "]" }
