package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// counts counts what became of keys or files.
type counts struct {
	judged            int
	found             map[rules.Severity]int // by the worst finding
	compliant, exempt int
	skipped           int            // nothing to judge
	unread            map[string]int // not judged, by reason
}

func newCounts() counts {
	return counts{found: map[rules.Severity]int{}, unread: map[string]int{}}
}

// add counts an outcome once.
func (c *counts) add(o guardrail.Outcome) {
	switch o.Verdict {
	case guardrail.NothingToJudge:
		c.skipped++
		return
	case guardrail.CannotJudge:
		c.unread[o.ActionReason]++
		return
	case guardrail.Exempt:
		c.exempt++
	case guardrail.Compliant:
		c.compliant++
	default:
		c.found[o.Severity]++
	}
	c.judged++
}

// words says in one line how many things were judged, and how many were not, with the reasons.
func (c *counts) words(one, many string) string {
	parts := []string{}
	for _, severity := range rules.Severities() {
		if n := c.found[severity]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	parts = append(parts, fmt.Sprintf("%d compliant", c.compliant), fmt.Sprintf("%d exempt", c.exempt))
	noun := many
	if c.judged == 1 {
		noun = one
	}
	text := fmt.Sprintf("%d %s judged: %s.", c.judged, noun, strings.Join(parts, ", "))
	total, reasons := 0, []string{}
	for _, reason := range slices.Sorted(maps.Keys(c.unread)) {
		total += c.unread[reason]
		reasons = append(reasons, fmt.Sprintf("%d %s", c.unread[reason], Printable(reason)))
	}
	if total == 0 {
		return text + " 0 not judged."
	}
	return text + fmt.Sprintf(" %d not judged: %s.", total, strings.Join(reasons, ", "))
}
