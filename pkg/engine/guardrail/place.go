package guardrail

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// serviceKeys say through which service a call comes.
var serviceKeys = []string{"kms:viaservice", "aws:calledvia", "aws:calledviafirst", "aws:calledvialast"}

// placeKeys say through which service, or from which network or organization a call comes. Tags,
// names and user agents are not among them, since the caller or his account chooses them.
var placeKeys = append([]string{
	"aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:sourcevpce", "aws:vpceaccount", "aws:vpceorgid", "aws:vpceorgpaths",
	"aws:principalorgid", "aws:principalorgpaths",
}, serviceKeys...)

// mostPlaces bounds the calls that are tried for one question.
const mostPlaces = 8

// accountMaySomehow tells whether some role or user of the account may do something in a call
// that is ordinary but for where it comes from: the keys have values that Deny statements of the
// policy except.
func (j *Judgement) accountMaySomehow(k rules.Key, action string, at time.Time, keys []string) bool {
	for n := range mostPlaces {
		context, isNew := j.place(k, keys, n)
		if n > 0 && !isNew {
			break
		}
		if accountMay(k, j.Live, action, at, context) {
			return true
		}
	}
	return false
}

// place returns condition keys of a call from a place that Deny statements except: for each
// key the n-th value. isNew is false where no key has so many.
func (j *Judgement) place(k rules.Key, keys []string, n int) (context map[string]any, isNew bool) {
	context = map[string]any{}
	for _, st := range j.Live.Statements {
		for _, c := range st.Conditions {
			name := strings.ToLower(c.Key)
			if st.Effect != policy.Deny || !c.Operator.Negated || len(c.Values) == 0 || !slices.Contains(keys, name) || isOtherOrganization(k, name, c.Values[n%len(c.Values)]) {
				continue
			}
			isNew = isNew || n < len(c.Values)
			one := c
			one.Operator.Negated, one.Values = false, []string{c.Values[n%len(c.Values)]}
			if prefix, err := netip.ParsePrefix(one.Values[0]); err == nil {
				one.Values[0] = prefix.Addr().String()
			}
			fill(context, one, 0)
			if slices.Contains(serviceKeys, name) {
				context["aws:ViaAWSService"] = "true"
			}
		}
	}
	return context, isNew
}

// isOtherOrganization tells whether a value of a condition key is an organization that is known
// not to be the account's own.
func isOtherOrganization(k rules.Key, key, value string) bool {
	isOrganization := key == "aws:principalorgid" || key == "aws:principalorgpaths"
	return isOrganization && k.OrganizationID != "" && value != k.OrganizationID && !strings.HasPrefix(value, k.OrganizationID+"/")
}
