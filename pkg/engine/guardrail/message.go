package guardrail

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// verbs say in words what actions do, the most dangerous first. The last two are for what no
// other has.
var verbs = []struct {
	word    string
	actions []string
}{
	{"change the key policy", []string{"kms:PutKeyPolicy"}},
	{"delete the key", []string{"kms:ScheduleKeyDeletion", "kms:DeleteImportedKeyMaterial"}},
	{"create grants", []string{"kms:CreateGrant"}},
	{"decrypt", []string{"kms:Decrypt", "kms:ReEncryptFrom", "kms:ReEncryptTo"}},
	{"encrypt", []string{"kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyPair", "kms:GenerateDataKeyPairWithoutPlaintext", "kms:GenerateDataKeyWithoutPlaintext"}},
	{"sign", []string{"kms:Sign"}},
	{"verify", []string{"kms:Verify", "kms:VerifyMac"}},
	{"make MACs", []string{"kms:GenerateMac"}},
	{"agree on secrets", []string{"kms:DeriveSharedSecret", "kms:Encapsulate", "kms:Decapsulate"}},
	{"administer the key", nil},
	{"look at the key", nil},
}

// doing says in words what actions do, with the actions behind it: "decrypt (kms:Decrypt)". The
// words, and the first of the actions, are about what the key can perform.
func (e *examination) doing(actions []string) string {
	if slices.Contains(actions, "kms:*") {
		return "do everything (kms:*)"
	}
	can := e.able(actions)
	if len(can) == 0 {
		can = actions
	}
	var words []string
	rest := slices.Clone(can)
	for _, v := range verbs {
		covered := func(name string) bool { return slices.Contains(v.actions, name) }
		if slices.ContainsFunc(rest, covered) {
			words, rest = append(words, v.word), slices.DeleteFunc(rest, covered)
		}
	}
	group := func(g rules.Group) func(string) bool {
		return func(name string) bool { return rules.GroupOf(name, false) == g }
	}
	if slices.ContainsFunc(rest, group(rules.Administer)) || slices.ContainsFunc(rest, group(rules.Grant)) {
		words = append(words, "administer the key")
	}
	if len(words) == 0 {
		words = []string{"look at the key"}
	}
	const most = 3
	if len(words) > most {
		words = append(words[:most], "more")
	}
	patterns := access.ActionPatterns(actions)
	slices.SortStableFunc(patterns, func(a, b string) int { return cmp.Compare(covers(b, can), covers(a, can)) })
	return listed(words) + " (" + rules.FirstOf(patterns, 12) + ")"
}

// covers returns 1 where a pattern covers one of some actions, else 0.
func covers(pattern string, actions []string) int {
	if slices.ContainsFunc(actions, func(action string) bool { return policy.IsLike(pattern, action) }) {
		return 1
	}
	return 0
}

// listed writes words as a sentence does.
func listed(words []string) string {
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}

// serviceLinked is the ARN of a role that an AWS service makes for itself in an account.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html
var serviceLinked = regexp.MustCompile(`^arn:[a-z-]+:iam::([0-9]{12}):role/aws-service-role/[^/]+/([^/]+)$`)

// people names principals for people: users and roles of the key's account by their names,
// others by ARN, whole accounts in words, and service-linked roles of other accounts as such. Of
// principals like an example it gives one example.
func people(k rules.Key, principals []string) string {
	own := "arn:" + k.Partition + ":iam::" + k.Account + ":"
	var names []string
	for _, text := range oneExample(principals) {
		name := strings.NewReplacer(
			"every other root user of account "+k.Account, "the root user", "every principal of any other account", "anyone with an AWS account",
			"every principal of account ", "everyone in account ",
			"every other principal of account ", "everyone else in account ",
		).Replace(text)
		name = serviceLinked.ReplaceAllString(name, "service-linked role ${2} of account ${1}")
		for _, kind := range []string{"role", "user"} {
			name = strings.Replace(name, own+kind+"/", kind+" ", 1)
		}
		names = append(names, name)
	}
	return rules.FirstOf(names, 8)
}

// unnamedSession is the ARN of an example of a role's sessions: nobody has given it a name.
var unnamedSession = regexp.MustCompile(`^role sessions such as arn:[a-z-]+:sts::([0-9]{12}):assumed-role/([^/]+)/unnamed-session`)

// oneExample returns principals with all that are "users such as …", "roles such as …" and the
// like told as one, by the example of a role where there is one. Sessions without a name are
// those of their role.
func oneExample(principals []string) (list []string) {
	const such = "s such as "
	var best string
	for _, text := range principals {
		_, example, isExample := strings.Cut(text, such)
		session := unnamedSession.FindStringSubmatch(text)
		switch {
		case session != nil:
			if !slices.ContainsFunc(principals, func(role string) bool { return strings.HasSuffix(role, "/"+session[2]) }) {
				list = append(list, "sessions of role "+session[2]+" of account "+session[1])
			}
		case !isExample || strings.HasPrefix(text, "services"):
			list = append(list, text)
		case best == "" || strings.HasPrefix(text, "roles"):
			best = example
		}
	}
	if best != "" {
		list = append(list, "principals such as "+best)
	}
	return list
}

// excessMessage says who can do what beyond the ceiling.
func (e *examination) excessMessage(d access.Difference) string {
	_, who := e.whoOf(d)
	names, can := people(e.snapshot.Key, d.Principals), " can "+e.doing(d.Actions)
	switch {
	case who == rules.Anyone:
		return "PUBLIC: " + names + can + conditional(d) + "."
	case who == rules.AnyoneOfOrganization:
		return "Anyone in the organization" + can + conditional(d) + "."
	case d.Scope == access.AWSService:
		return names + can + conditional(d) + e.aboutServices(d)
	default:
		return sentence(names) + can + conditional(d) + "."
	}
}

// sentence begins a name with a capital, unless it is an ARN or an account's word.
func sentence(text string) string {
	for _, word := range []string{"anyone", "everyone", "principals ", "sessions ", "role ", "user ", "service-linked role "} {
		if strings.HasPrefix(text, word) {
			return strings.ToUpper(text[:1]) + text[1:]
		}
	}
	return text
}

func conditional(d access.Difference) string {
	if d.Conditions != "" {
		return ", under conditions"
	}
	return ""
}

// aboutServices says of services without a bound which condition to add, and of a name that no
// service has which was meant.
func (e *examination) aboutServices(d access.Difference) string {
	k := e.snapshot.Key
	facts := integration.Facts{Partition: k.Partition, Region: k.Region, Account: k.Account, OrganizationID: k.OrganizationID}
	for _, service := range d.Principals {
		if isGroup(service) {
			continue
		}
		class := integration.Classify(integration.Use{Service: service, Actions: d.Actions, Conditions: e.Live.Statements[d.Statement].Conditions}, facts)
		switch {
		case class.Unknown && class.Nearest != "":
			return fmt.Sprintf(". No AWS service is called %s. Did you mean %s?", service, class.Nearest)
		case class.Unknown:
			return fmt.Sprintf(". No AWS service is known by the name %s.", service)
		case class.Bound == integration.None && class.MissingCondition != "":
			return " for any AWS account. To bound it to this one, add " + class.MissingCondition
		}
	}
	return "."
}

// missingMessage says who cannot do what of the floor.
func (e *examination) missingMessage(code Code, d access.Difference) string {
	k := e.snapshot.Key
	if code == CodeAccountStatementMissing && d.Policy != access.Actual {
		who, _ := access.WhoMay(k.PolicyKey(), e.Live.Set, rules.PutKeyPolicy)
		manage := "Nobody can manage it"
		if len(who) > 0 {
			manage = "Only " + people(k, who) + " can manage it"
		}
		return "IAM policies no longer work for this key: the account statement is missing. " + manage + "."
	}
	who, what := sentence(people(k, d.Principals)), e.doing(d.Actions)
	if d.Delegated { // what they may do is not for the key policy alone to say
		return who + " cannot be allowed by IAM policies to " + what + conditional(d) + "."
	}
	return who + " cannot " + what + conditional(d) + "."
}
