package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
)

// columns is how long a line of a mail is, but for what cannot be broken.
const columns = 60

// text is what people read of a harmless outcome, with at most so many findings and edits: what
// happened, what was done, what to do, who it was, and last the details. Commands and ARNs stay in one piece.
func text(o guardrail.Outcome, list int) string {
	m := mail{list: list}
	m.title("What happened")
	if len(o.Findings)+len(o.Resolved) == 0 {
		m.paragraphs([]string{"Nothing was found."})
	}
	m.items(happened(o))
	m.title(editsTitle(o))
	m.items(edits(o))
	m.title("Your turn")
	m.paragraphs(turn(o))
	if o.Actor != nil {
		m.title("Who made the call")
		m.paragraphs(caller(*o.Actor))
	}
	m.title("Key")
	m.fields([][2]string{
		{"Aliases", strings.Join(o.Aliases, ", ")}, {"ARN", o.KeyARN}, {"Account", o.Account}, {"Region", o.Region}, {"Key type", o.KeyType},
	})
	m.title("Details")
	m.fields([][2]string{
		{"Verdict", fmt.Sprintf("%s, severity %s", o.Verdict, o.Severity)}, {"Action", string(o.Action)}, {"Reason", o.ActionReason},
		{"Findings", codes(o)}, {"Rule", o.Rule}, {"Baseline", o.Baseline}, {"Exempt", o.Exemption}, {"Record", o.Archive},
		{"Judged", moment(o.Time)}, {"Config", o.ConfigurationHash}, {"Version", o.GuardrailVersion},
	})
	return m.b.String()
}

// happened are the findings in words, the worst first.
func happened(o guardrail.Outcome) (list []string) {
	for _, f := range o.Findings {
		line := strings.TrimSuffix(f.Message, ".") + "."
		if f.Statement != nil {
			line += fmt.Sprintf(" (Statement %d of the key policy.)", *f.Statement+1) // people count from 1
		}
		if f.State == "open" && f.FirstSeen != nil {
			line += " (Open since " + moment(*f.FirstSeen) + ".)"
		}
		if f.IsExcused() {
			line += " (Excused by exemption " + f.Exemption + ".)"
		}
		list = append(list, line)
	}
	for _, r := range o.Resolved {
		list = append(list, fmt.Sprintf("Resolved: %s, %s, which was open since %s.", r.Code, r.Severity, moment(r.FirstSeen)))
	}
	return list
}

// unconfirmed is the enforcer's reason of a repair that an interrupted invocation may have
// written or not.
const unconfirmed = "write-not-confirmed"

func editsTitle(o guardrail.Outcome) string {
	switch {
	case o.Action == guardrail.Repaired && o.ActionReason == unconfirmed:
		return "What may have been changed"
	case o.Action == guardrail.Repaired:
		return "What kms-guardrail changed, and who lost access"
	default:
		return "What a repair would change"
	}
}

// edits are the edits of the plan, if there is one.
func edits(o guardrail.Outcome) []string {
	if o.Plan == nil {
		return nil
	}
	return o.Plan.Edits
}

// caller says who made the call, as far as CloudTrail tells.
func caller(a guardrail.Actor) []string {
	var list []string
	add := func(format, value string) {
		if value != "" {
			list = append(list, fmt.Sprintf(format, value))
		}
	}
	switch {
	case a.ARN != "":
		add("%s", a.ARN)
	case a.Account != "":
		add("Somebody in account %s", a.Account)
	case a.InvokedBy != "":
		add("The AWS service %s", a.InvokedBy)
	default:
		add("Somebody of type %s, whose name CloudTrail does not say", a.Type)
	}
	add("Role: %s", a.Role)
	add("Source identity: %s", a.SourceIdentity)
	add("IAM Identity Center user: %s", a.OnBehalfOf)
	add("Identity provider: %s", a.Provider)
	if a.ARN != "" {
		add("Through: %s", a.InvokedBy)
	}
	if a.Console {
		list = append(list, "Signed in to the console")
	}
	add("From: %s", a.SourceIP)
	add("Program: %s", a.UserAgent)
	add("At: %s", moment(a.EventTime))
	add("CloudTrail event: %s", a.EventID)
	return list
}

// codes are the codes of the findings, each once.
func codes(o guardrail.Outcome) string {
	var list []string
	seen := map[guardrail.Code]bool{}
	for _, f := range o.Findings {
		if !seen[f.Code] {
			seen[f.Code] = true
			list = append(list, string(f.Code))
		}
	}
	const most = 12
	if len(list) > most {
		list = append(list[:most], fmt.Sprintf("%d more", len(list)-most))
	}
	return strings.Join(list, ", ")
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05 UTC")
}

// mail is a text on its way, in sections. A title without anything below it is not written.
type mail struct {
	b       strings.Builder
	pending string
	list    int // the most items of a section
}

func (m *mail) title(text string) { m.pending = text }

func (m *mail) line(text string) {
	if m.pending != "" {
		if m.b.Len() > 0 {
			m.b.WriteByte('\n')
		}
		m.b.WriteString(m.pending + "\n")
		m.pending = ""
	}
	m.b.WriteString(text + "\n")
}

// items writes the first of some sentences, and says how many are left out.
func (m *mail) items(list []string) {
	for _, item := range list[:min(m.list, len(list))] {
		m.line(wrap("- "+item, "  "))
	}
	if left := len(list) - m.list; left > 0 {
		m.line(wrap(fmt.Sprintf("- and %d more, which the function's log has", left), "  "))
	}
}

// paragraphs writes sentences, and commands, which begin with two blanks, as they are.
func (m *mail) paragraphs(list []string) {
	for _, p := range list {
		if strings.HasPrefix(p, "  ") {
			m.line(p)
		} else {
			m.line(wrap(p, ""))
		}
	}
}

// fields writes those that have a value, the values below each other.
func (m *mail) fields(rows [][2]string) {
	for _, row := range rows {
		if row[1] != "" {
			const indent = "          "
			m.line(fmt.Sprintf("%-10s", row[0]) + wrap(indent+row[1], indent)[len(indent):])
		}
	}
}

// wrap breaks a text between words, so that no line is longer than columns but for one long word. All lines
// but the first begin with an indent.
func wrap(text, indent string) string {
	lead := text[:len(text)-len(strings.TrimLeft(text, " "))]
	var lines []string
	line := lead
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
			line += word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > columns && strings.TrimSpace(line) != "":
			lines, line = append(lines, line), indent+word
		default:
			line += " " + word
		}
	}
	return strings.Join(append(lines, line), "\n")
}
