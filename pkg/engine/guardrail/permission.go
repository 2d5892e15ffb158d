package guardrail

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// Permission is what a baseline would have to permit so that a key policy is no longer too wide.
type Permission struct {
	// Baseline is the name of the baseline.
	Baseline string
	// Statements are statements of the policy, as they stand in it.
	Statements []rules.Template
	// Left are the findings that stay: about access that is missing, what is not decided, and the like.
	Left []Finding
}

// ErrNothingToPermit means that no finding is about a statement that gives too much.
var ErrNothingToPermit = errors.New("no finding is about a statement that gives too much")

// Permit returns what the baseline of a judged key would have to permit: each statement about which a finding says
// that it gives too much. It judges the key again under that, and returns an error where a finding about one of
// them stays, or where the configuration would not be taken. until is the moment from which the statements are
// not permitted any more; zero for none. It changes neither the configuration nor the judgement.
func Permit(s Snapshot, j Judgement, c *rules.Configuration, until, now time.Time) (Permission, error) {
	if !j.HasLimits() || j.Selection.Baseline == nil {
		return Permission{}, errors.New("the key was not held against a baseline; kmsguard check says why")
	}
	var wide []int
	for _, f := range j.Findings {
		isExcess := f.Difference != nil && f.Difference.Policy == access.Actual && f.Difference.Statement == *f.Statement && isAccessCode(f.Code)
		if f.Statement != nil && isExcess && !f.IsExcused() && !slices.Contains(wide, *f.Statement) {
			wide = append(wide, *f.Statement)
		}
	}
	if len(wide) == 0 {
		return Permission{}, ErrNothingToPermit
	}
	slices.Sort(wide)
	p := Permission{Baseline: j.Selection.Baseline.Name}
	for _, i := range wide {
		st := j.Live.Statements[i]
		p.Statements = append(p.Statements, rules.Template(j.Live.Text()[st.Offset:st.End]))
	}
	permitting, err := p.added(c, until, now)
	if err != nil {
		return Permission{}, err
	}
	again := Judge(s, permitting, now)
	for _, f := range again.Findings {
		if f.Statement != nil && slices.Contains(wide, *f.Statement) && isAccessCode(f.Code) && !f.IsExcused() {
			return Permission{}, fmt.Errorf("statement %d would still be a finding: %s", *f.Statement+1, f.Message)
		}
		if f.Severity.AtLeast(rules.Low) && !f.IsExcused() {
			p.Left = append(p.Left, f)
		}
	}
	return p, nil
}

// added returns the configuration with the permission.
func (p Permission) added(c *rules.Configuration, until, now time.Time) (*rules.Configuration, error) {
	permitting := *c
	permitting.Baselines = slices.Clone(c.Baselines)
	for i := range permitting.Baselines {
		b := &permitting.Baselines[i]
		if b.Name != p.Baseline {
			continue
		}
		dates := append(slices.Clone(b.PermitUntil), make([]time.Time, len(b.Permit)-len(b.PermitUntil))...)
		for range p.Statements {
			dates = append(dates, until)
		}
		b.Permit, b.PermitUntil = slices.Concat(b.Permit, p.Statements), dates
	}
	if problems := append(permitting.Check(), permitting.CheckDates(now)...); len(problems) > 0 {
		return nil, fmt.Errorf("guardrail.yaml would not be taken: %s", problems[0].Detail)
	}
	return &permitting, nil
}

// isAccessCode tells whether a finding of a code is about somebody who has too much.
func isAccessCode(c Code) bool {
	return c == CodePublicAccess || c == CodeForeignAccess || c == CodeServiceAccess || c == CodeAccountAccess
}
