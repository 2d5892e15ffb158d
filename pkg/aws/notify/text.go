package notify

import (
	"fmt"
	"strings"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// text is what people read of a harmless outcome, with at most so many findings and edits.
// Lines are not wrapped: mail programs do that, and commands and ARNs stay in one piece.
func text(o guardrail.Outcome, list int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, severity %s: %s\n\n", o.Verdict, o.Severity, actionWords(o))
	fields(&b, [][2]string{
		{"Key", o.KeyARN},
		{"Account", o.Account},
		{"Region", o.Region},
		{"Key type", o.KeyType},
		{"Aliases", strings.Join(o.Aliases, ", ")},
		{"Baseline", o.Baseline},
		{"Rule", o.Rule},
		{"Reason", o.ActionReason},
		{"Time", o.Time.Format(time.RFC3339)},
	})
	var found []string
	for _, f := range o.Findings {
		where := ""
		if f.Statement != nil {
			where = fmt.Sprintf(", statement %d", *f.Statement+1) // people count from 1
		}
		found = append(found, fmt.Sprintf("%s: %s%s: %s", f.Severity, f.Code, where, f.Message))
	}
	section(&b, "What was found", found, list)
	section(&b, editsTitle(o), edits(o), list)
	if a := o.Actor; a != nil {
		b.WriteString("\nWho made the call\n")
		fields(&b, [][2]string{
			{"  Caller", a.ARN}, {"  Type", a.Type}, {"  Address", a.SourceIP}, {"  Program", a.UserAgent},
			{"  Through", a.InvokedBy}, {"  Event", a.EventID}, {"  Time", timeWords(a.EventTime)},
		})
	}
	if o.Restore != "" {
		fmt.Fprintf(&b, "\nTo put the policy before the repair back\n  %s\n", o.Restore)
	}
	fmt.Fprintf(&b, "\nkms-guardrail %s, configuration %s\n", o.GuardrailVersion, o.ConfigurationHash)
	return b.String()
}

// unconfirmed is the enforcer's reason of a repair that an interrupted invocation may have
// written or not.
const unconfirmed = "write-not-confirmed"

// actionWords says what was done.
func actionWords(o guardrail.Outcome) string {
	switch o.Action {
	case guardrail.NoAction:
		return "nothing was to be done"
	case guardrail.Reported:
		return "nothing was written"
	case guardrail.Repaired:
		if o.ActionReason == unconfirmed {
			return "a repair was begun, and it is not known whether it was written: look at the key policy"
		}
		return "the key policy was repaired"
	case guardrail.Held:
		return "a repair is planned, and held: nothing was written"
	case guardrail.Skipped:
		return "there was nothing to judge"
	case guardrail.BudgetExhausted:
		return "a repair is planned, and the key was repaired too often: nothing was written"
	case guardrail.PlanRefused:
		return "a repair is wanted, and refused: nothing was written"
	default:
		return string(o.Action)
	}
}

func editsTitle(o guardrail.Outcome) string {
	if o.Action == guardrail.Repaired {
		return "What was changed"
	}
	return "What a repair would change"
}

// edits are the edits of the plan, if there is one.
func edits(o guardrail.Outcome) []string {
	if o.Plan == nil {
		return nil
	}
	return o.Plan.Edits
}

// fields writes those that have a value, the values below each other.
func fields(b *strings.Builder, rows [][2]string) {
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(b, "%-10s  %s\n", row[0], row[1])
		}
	}
}

// section writes the first items of a list, and says how many are left out.
func section(b *strings.Builder, title string, items []string, most int) {
	if len(items) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, item := range items[:min(most, len(items))] {
		fmt.Fprintf(b, "- %s\n", item)
	}
	if left := len(items) - most; left > 0 {
		fmt.Fprintf(b, "- and %d more, which the function's log has\n", left)
	}
}

func timeWords(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}
