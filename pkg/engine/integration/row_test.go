package integration_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/integration"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// form is one form in which a row lets a key policy give access, as a key policy prints it.
// The texts have the placeholders of the table.
type form struct {
	row               *integration.Row
	what              string
	principal         string
	actions           []string
	condition, grants string // grants is the condition on grants, "" where there is none
	service           string // "" where the principal is no service
}

// formsOf returns every form of a row: one for each service and bound, each role and each
// service that is gone through. Unlike the row's statements, they are written as text.
func formsOf(t testing.TB, r *integration.Row, f integration.Facts) []form {
	t.Helper()
	const forResource = `"Bool":{"kms:GrantIsForAWSResource":"true"}`
	var list []form
	add := func(what, principal, service, condition string, use []string, withGrants bool) {
		if len(use) > 0 {
			list = append(list, form{r, what, principal, use, condition, "", service})
		}
		if withGrants && len(r.Grants) > 0 {
			list = append(list, form{r, what + " for grants", principal, r.Grants, condition, forResource, service})
		}
	}
	for _, service := range r.Services {
		name := expand(f, service)
		for _, c := range r.Bounds {
			values, err := json.Marshal(c.Values)
			if err != nil {
				t.Fatal(err)
			}
			use := r.Use
			if len(c.Actions) > 0 {
				use = c.Actions
			}
			add(service+" by "+c.Key, `{"Service":"`+name+`"}`, name, fmt.Sprintf(`%q:{%q:%s}`, c.Operator, c.Key, values), use, len(c.Actions) == 0)
		}
	}
	for _, role := range r.Roles {
		add(role, `{"AWS":"arn:${Partition}:iam::${AccountId}:role/`+strings.ReplaceAll(role, "*", "suffix")+`"}`, "", "", r.Use, true)
	}
	for _, via := range r.Via {
		add("through "+via, `{"AWS":"*"}`, "", `"StringEquals":{"kms:CallerAccount":"${AccountId}","kms:ViaService":"`+via+`"}`, r.Use, true)
	}
	return list
}

func expand(f integration.Facts, text string) string {
	return strings.NewReplacer("${Partition}", f.Partition, "${Region}", f.Region, "${AccountId}", f.Account, "${Domain}", "amazonaws.com").Replace(text)
}

// statement reads the form as a statement of a key policy.
func (m form) statement(t testing.TB, f integration.Facts) policy.Statement {
	t.Helper()
	actions, err := json.Marshal(m.actions)
	if err != nil {
		t.Fatal(err)
	}
	conditions := strings.Join(slices.DeleteFunc([]string{m.condition, m.grants}, func(s string) bool { return s == "" }), ",")
	d, perr := policy.Parse(expand(f, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":`+m.principal+`,"Action":`+string(actions)+`,"Resource":"*","Condition":{`+conditions+`}}}`))
	if perr != nil {
		t.Fatalf("%s: %v", m.what, perr)
	}
	return d.Statements[0]
}

// judge holds the API default with the form against the API default with a row's statements.
func (m form) judge(t testing.TB, f integration.Facts, ceiling *integration.Row) access.Result {
	t.Helper()
	return access.Within(keyAt(t, f), withDefault(t, f).Set, withDefault(t, f, m.statement(t, f)).Set, withDefault(t, f, statements(t, ceiling, f)...).Set)
}

// classify asks the table about the form.
func (m form) classify(t testing.TB, f integration.Facts) integration.Class {
	t.Helper()
	st := m.statement(t, f)
	return integration.Classify(integration.Use{Service: m.service, Actions: st.Actions.Values, Conditions: st.Conditions}, f)
}

// eachForm calls what a test does for each form of each row, in us-east-1.
func eachForm(t *testing.T, test func(t *testing.T, m form, f integration.Facts)) {
	f := places[0]
	for _, r := range integration.All() {
		for _, m := range formsOf(t, r, f) {
			t.Run(r.Name+" "+m.what, func(t *testing.T) { test(t, m, f) })
		}
	}
}

// ceilingsOf returns the rows that accept a form: its own, and the generic one for a service
// that does not revoke grants.
func ceilingsOf(t testing.TB, m form) []*integration.Row {
	if m.service == "" || slices.Contains(m.actions, "kms:RevokeGrant") {
		return []*integration.Row{m.row}
	}
	return []*integration.Row{m.row, lookup(t, "bound-services")}
}

func TestARowIsAcceptedAsDocumented(t *testing.T) {
	eachForm(t, func(t *testing.T, m form, f integration.Facts) {
		for _, ceiling := range ceilingsOf(t, m) {
			if got := m.judge(t, f, ceiling); got.Verdict != access.Inside {
				t.Errorf("within %s: %+v", ceiling.Name, got)
			}
		}
		if m.service == "" {
			return
		}
		if got := m.classify(t, f); got.Bound < integration.SourceAccount || got.ByRow == nil || got.MissingCondition != "" || got.Unknown {
			t.Errorf("it is classified as %+v", got)
		}
	})
}

func TestARowIsRefusedForAnotherAccount(t *testing.T) {
	eachForm(t, func(t *testing.T, m form, f integration.Facts) {
		m.condition = strings.ReplaceAll(m.condition, "${AccountId}", otherAccount)
		m.principal = strings.ReplaceAll(m.principal, "${AccountId}", otherAccount)
		for _, ceiling := range []*integration.Row{m.row, lookup(t, "bound-services")} {
			if got := m.judge(t, f, ceiling); len(got.Excess) == 0 {
				t.Errorf("within %s: %+v", ceiling.Name, got)
			}
		}
		if m.service == "" {
			return
		}
		if got := m.classify(t, f); got.Bound != integration.ForeignAccount || len(got.Foreign) == 0 || got.Foreign[0] != otherAccount || got.ByRow != nil {
			t.Errorf("it is classified as %+v", got)
		}
	})
}

func TestARowIsRefusedWithoutItsBound(t *testing.T) {
	eachForm(t, func(t *testing.T, m form, f integration.Facts) {
		if m.condition == "" {
			m.principal = `{"AWS":"*"}` // the principal is the bound
		}
		m.condition = ""
		for _, ceiling := range []*integration.Row{m.row, lookup(t, "bound-services")} {
			if got := m.judge(t, f, ceiling); len(got.Excess) == 0 {
				t.Errorf("within %s: %+v", ceiling.Name, got)
			}
		}
		if m.service == "" {
			return
		}
		if got := m.classify(t, f); got.Bound != integration.None || got.ByRow != nil || !strings.Contains(got.MissingCondition, account) {
			t.Errorf("it is classified as %+v", got)
		}
	})
}

func TestARowIsRefusedWithAnAdministrativeAction(t *testing.T) {
	eachForm(t, func(t *testing.T, m form, f integration.Facts) {
		m.actions = append(slices.Clone(m.actions), "kms:PutKeyPolicy")
		ceilings := ceilingsOf(t, m)
		ceiling := ceilings[len(ceilings)-1] // which permits more
		if got := m.judge(t, f, ceiling); len(got.Excess) != 1 || !slices.Equal(got.Excess[0].Actions, []string{"kms:PutKeyPolicy"}) {
			t.Errorf("within %s: %+v", ceiling.Name, got)
		}
		if m.service == "" {
			return
		}
		if got := m.classify(t, f); got.ByRow != nil || got.DocumentedUnbound != nil {
			t.Errorf("a row is said to document it: %+v", got)
		}
	})
}

// What a row prints without a bound is said to be documented, with the condition that the row
// bounds it by; a row without any bound has none to add.
func TestAnUnboundRowIsDocumentedWithTheConditionToAdd(t *testing.T) {
	f := places[0]
	for _, r := range integration.All() {
		for _, service := range r.Services {
			if len(r.Unbound) == 0 {
				continue
			}
			st := form{row: r, principal: `{"Service":"` + expand(f, service) + `"}`, actions: r.Unbound, grants: `"Bool":{"kms:GrantIsForAWSResource":true}`}.statement(t, f)
			got := integration.Classify(integration.Use{Service: expand(f, service), Actions: r.Unbound, Conditions: st.Conditions}, f)
			if got.Bound != integration.None || got.DocumentedUnbound == nil || got.ByRow != nil {
				t.Errorf("%s, %s: %+v", r.Name, service, got)
			}
			if len(got.DocumentedUnbound.Bounds) > 0 && !strings.Contains(got.MissingCondition, account) {
				t.Errorf("%s, %s: no condition to add: %q", r.Name, service, got.MissingCondition)
			}
		}
	}
}

// A bound whose form does not fix the account needs a reason why it does.
func TestEveryBoundFixesTheAccountOrSaysWhy(t *testing.T) {
	for _, r := range integration.All() {
		for _, c := range r.Bounds {
			for _, value := range c.Values {
				wild := strings.IndexAny(value, "*?")
				free := c.Operator == "StringLike" && wild >= 0 && wild < strings.Index(value, "${AccountId}")
				if !strings.Contains(value, "${AccountId}") || free != (c.Why != "") {
					t.Errorf("%s: %s %s %s does not fix the account, or says why it does for nothing", r.Name, c.Operator, c.Key, value)
				}
			}
		}
	}
}
