package lint

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/spelling"
)

// The forms of ids.
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_Organization.html
// https://docs.aws.amazon.com/organizations/latest/APIReference/API_OrganizationalUnit.html
// https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html
var (
	organizationForm = regexp.MustCompile(`^o-[a-z0-9]{10,32}$`)
	pathForm         = regexp.MustCompile(`^o-[a-z0-9]{10,32}/(r-[0-9a-z]{4,32}/(ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}/)*)?$`)
	vpcForm          = regexp.MustCompile(`^vpc-([0-9a-z]{8}|[0-9a-z]{17})$`)
	endpointForm     = regexp.MustCompile(`^vpce-([0-9a-z]{8}|[0-9a-z]{17})$`)
)

// matchesForm tells whether a value has a form; of a pattern, whether its beginning fits, and
// of a value with variables, nothing is known.
func (s *statement) matchesForm(o operand, form *regexp.Regexp, begin string) bool {
	switch {
	case s.isVariable(o.value):
		return true
	case o.isPattern():
		literal := o.value[:strings.IndexAny(o.value, "*?")]
		n := min(len(literal), len(begin))
		return literal[:n] == begin[:n]
	case o.operator.Comparison == policy.EqualsIgnoreCase:
		return form.MatchString(strings.ToLower(o.value))
	default:
		return form.MatchString(o.value)
	}
}

// accountID leaves out what no account id matches. An anonymous request has the value
// "anonymous"; KMS takes none, but to write it is no slip.
func accountID(s *statement, o operand) objection {
	if o.operator.Family != policy.StringFamily || s.isVariable(o.value) || policy.IsAccountID(o.value) || o.value == "anonymous" {
		return objection{}
	}
	if o.isPattern() && strings.Trim(o.value, "0123456789*?") == "" && len(strings.ReplaceAll(o.value, "*", "")) <= 12 {
		return objection{}
	}
	return objection{reason: "an account id has twelve digits and nothing else", suggestion: nearestAccount(o.value)}
}

// nearestAccount returns the account id in a value: the one of an ARN, or the digits without
// dashes and blanks; "" where these are not twelve.
func nearestAccount(value string) string {
	if parts := strings.SplitN(value, ":", 6); len(parts) == 6 {
		value = parts[4]
	}
	id := strings.NewReplacer("-", "", " ", "", "\t", "", "\n", "").Replace(value)
	if !policy.IsAccountID(id) {
		return ""
	}
	return id
}

func organizationID(s *statement, o operand) objection {
	if s.matchesForm(o, organizationForm, "o-") {
		return objection{}
	}
	suggestion := ""
	if lower := strings.ToLower(strings.TrimSpace(o.value)); organizationForm.MatchString(lower) {
		suggestion = lower
	} else if id, _, ok := strings.Cut(lower, "/"); ok && organizationForm.MatchString(id) {
		suggestion = id
	}
	return objection{reason: "the id of an organization is o- and 10 to 32 letters and digits", suggestion: suggestion}
}

func organizationPath(s *statement, o operand) objection {
	if s.matchesForm(o, pathForm, "o-") {
		return objection{}
	}
	suggestion := ""
	if pathForm.MatchString(o.value + "/") {
		suggestion = o.value + "/"
	}
	return objection{reason: "a path is o-…/r-…/ou-…/ from the organization down to a unit, with a slash at the end", suggestion: suggestion}
}

func vpcID(s *statement, o operand) objection {
	switch {
	case s.matchesForm(o, vpcForm, "vpc-"):
		return objection{}
	case o.key.Name == "aws:SourceVpc" && endpointForm.MatchString(o.value):
		return objection{reason: "that is an endpoint, which aws:SourceVpce compares", suggestion: "aws:SourceVpce"}
	default:
		return objection{reason: "the id of a VPC is vpc- and 8 or 17 letters and digits"}
	}
}

func endpointID(s *statement, o operand) objection {
	switch {
	case s.matchesForm(o, endpointForm, "vpce-"):
		return objection{}
	case vpcForm.MatchString(o.value):
		return objection{reason: "that is a VPC, which aws:SourceVpc compares", suggestion: "aws:SourceVpc"}
	default:
		return objection{reason: "the id of a VPC endpoint is vpce- and 8 or 17 letters and digits"}
	}
}

// privateRanges are addresses that no request from the internet has. A request through a VPC
// endpoint carries no aws:SourceIp at all.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceip
var privateRanges = prefixes("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10", "::1/128")

func prefixes(texts ...string) []netip.Prefix {
	var list []netip.Prefix
	for _, text := range texts {
		list = append(list, netip.MustParsePrefix(text))
	}
	return list
}

func publicAddress(_ *statement, o operand) objection {
	network, err := policy.ParseIPRange(o.value)
	if err != nil || !slices.ContainsFunc(privateRanges, func(p netip.Prefix) bool { return p.Bits() <= network.Bits() && p.Contains(network.Addr()) }) {
		return objection{}
	}
	return objection{reason: "it is a private address; a request through a VPC endpoint carries aws:VpcSourceIp instead", suggestion: "aws:VpcSourceIp"}
}

func boolean(s *statement, o operand) objection {
	switch strings.ToLower(o.value) {
	case "true", "false":
		return objection{}
	case "yes", "y", "1", "on":
		return objection{reason: "it is true or false", suggestion: "true"}
	case "no", "n", "0", "off":
		return objection{reason: "it is true or false", suggestion: "false"}
	default:
		if o.isPattern() || s.isVariable(o.value) {
			return objection{}
		}
		return objection{reason: "it is true or false"}
	}
}

func ownRegion(s *statement, o operand) objection {
	if found := anyRegion(s, o); found.reason != "" || s.region == "" {
		return found
	}
	o.operator.Negated = false
	if s.mayMatch(policy.Condition{Operator: o.operator, Key: o.key.Name, Values: []string{o.value}}, s.region) {
		return objection{}
	}
	return objection{reason: "requests for this key go to " + s.region, suggestion: s.region, elsewhere: true}
}

func anyRegion(s *statement, o operand) objection {
	if o.operator.Family != policy.StringFamily || o.isPattern() || s.isVariable(o.value) || regionName.MatchString(strings.ToLower(o.value)) {
		return objection{}
	}
	return objection{reason: "a Region is written like us-east-1"}
}

// https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-request-alias
func alias(s *statement, o operand) objection {
	if o.isPattern() || s.isVariable(o.value) || strings.HasPrefix(o.value, "alias/") {
		return objection{}
	}
	suggestion := ""
	if _, name, ok := strings.Cut(o.value, ":alias/"); ok {
		suggestion = "alias/" + name
	} else if !strings.ContainsAny(o.value, ":/ ") {
		suggestion = "alias/" + o.value
	}
	return objection{reason: "an alias begins with alias/", suggestion: suggestion}
}

// knownValue objects only to what is a letter or two off, or in another case: AWS adds values.
func knownValue(s *statement, o operand) objection {
	known := catalog.KnownValues(o.key.Name)
	if o.isPattern() || s.isVariable(o.value) || slices.Contains(known, o.value) || len(o.value) > longest {
		return objection{}
	}
	nearest := spelling.Nearest(o.value, known)
	if nearest == "" || o.operator.Comparison == policy.EqualsIgnoreCase && strings.EqualFold(nearest, o.value) {
		return objection{}
	}
	return objection{reason: "AWS knows no such value", suggestion: nearest}
}
