package prevention

import (
	"fmt"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// placeholder is the account of keys in a baseline that may be for any account.
const placeholder = "000000000000"

// outside is who may call a key without being of the organization, as far as a configuration
// says so.
type outside struct {
	accounts, organizations []string // sorted
	unlisted                []string // sentences about what no list can name
}

// outsiders returns the accounts and organizations that the baselines name and that are not
// known to be the own ones. An account that owns keys by a baseline is taken for an own one.
func outsiders(c *rules.Configuration) (o outside) {
	own := append([]string{placeholder}, c.Organization.Accounts...)
	for i := range c.Baselines {
		for _, arn := range c.Baselines[i].Administrators.Required {
			own = append(own, rules.AccountOf(arn))
		}
	}
	for i := range c.Baselines {
		o.readBaseline(&c.Baselines[i], rules.Key{Account: placeholder, Partition: "aws", Region: "us-east-1", OrganizationID: c.Organization.ID})
	}
	o.accounts = slices.DeleteFunc(o.accounts, func(id string) bool { return slices.Contains(own, id) || !policy.IsAccountID(id) })
	o.organizations = slices.DeleteFunc(o.organizations, func(id string) bool { return id == c.Organization.ID })
	for _, list := range []*[]string{&o.accounts, &o.organizations} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return o
}

func (o *outside) readBaseline(b *rules.Baseline, k rules.Key) {
	for _, arn := range slices.Concat(b.Users.All(k), b.Administrators.All(k)) {
		o.readARN(b, arn)
	}
	for _, t := range slices.Concat(b.Require, b.Permit) {
		d, err := policy.Parse(`{"Version":"` + policy.Version2012 + `","Statement":` + k.Expand(string(t)) + `}`)
		if err != nil {
			continue // for keys of another partition; Configuration.Check told of any other
		}
		for i := range d.Statements {
			o.readStatement(b, &d.Statements[i])
		}
	}
}

// readARN reads an ARN or ARN pattern of a baseline.
func (o *outside) readARN(b *rules.Baseline, arn string) {
	account := rules.AccountOf(arn)
	if strings.ContainsAny(account, "*?") {
		o.refuse("baseline %s permits %s, whose account is a pattern: of that, only principals of the organization get through", b.Name, arn)
	}
	o.accounts = append(o.accounts, account)
}

// readStatement reads a statement that a baseline permits or requires.
func (o *outside) readStatement(b *rules.Baseline, st *policy.Statement) {
	if st.Effect != policy.Allow {
		return
	}
	isForAnyone, isBounded := false, false
	for _, p := range st.Principals.Entries {
		o.accounts = append(o.accounts, p.AccountID)
		isForAnyone = isForAnyone || p.Kind == policy.Anyone
	}
	for _, c := range st.Conditions {
		bounds, ok := map[string]*[]string{
			"aws:principalorgid": &o.organizations, "aws:sourceorgid": &o.organizations,
			"aws:principalaccount": &o.accounts, "kms:calleraccount": &o.accounts, "aws:sourceaccount": &o.accounts,
		}[strings.ToLower(c.Key)]
		switch isArn := c.Operator.Family == policy.ArnFamily; {
		case c.Operator.Negated:
		case ok:
			*bounds, isBounded = append(*bounds, c.Values...), true
		case isArn && slices.Contains([]string{"aws:principalarn", "aws:sourcearn"}, strings.ToLower(c.Key)):
			isBounded = true
			for _, arn := range c.Values {
				o.readARN(b, arn)
			}
		}
	}
	if isForAnyone && !isBounded {
		o.refuse("baseline %s permits a statement for anyone (%s): of that, only principals of the organization get through", b.Name, st.SID)
	}
}

func (o *outside) refuse(format string, args ...any) {
	if text := fmt.Sprintf(format, args...); !slices.Contains(o.unlisted, text) {
		o.unlisted = append(o.unlisted, text)
	}
}
