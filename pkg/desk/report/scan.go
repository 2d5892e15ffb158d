package report

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// mostNames is how many keys of one group are named.
const mostNames = 20

// Scan tells of the outcomes of many keys. It remembers a name and a few lines of each key
// with a finding, and only the number of the other keys.
type Scan struct {
	style  Style
	from   rules.Severity
	groups map[string]*group
	counts
}

// group are keys of which the same is to be told.
type group struct {
	severity rules.Severity
	verdict  guardrail.Verdict
	text     string // findings and repair
	names    []string
	count    int
}

// NewScan returns a scan that shows findings of a severity and above.
func NewScan(style Style, from rules.Severity) *Scan {
	return &Scan{style: style, from: from, groups: map[string]*group{}, counts: newCounts()}
}

// Add counts the outcome of one key, and keeps what is to be told of it.
func (s *Scan) Add(o guardrail.Outcome) {
	s.add(o)
	if (o.Verdict == guardrail.NonCompliant || o.Verdict == guardrail.CannotJudge) && o.Severity.AtLeast(s.from) {
		s.keep(o)
	}
}

// Missed counts a key that could not be judged for a reason that is not the key's, such as
// an answer that AWS did not give, or that it is gone by now.
func (s *Scan) Missed(reason string) { s.unread[reason]++ }

// Counts says in one line how many keys became what. Each key that was added is in it once.
func (s *Scan) Counts() string {
	return fmt.Sprintf("%s %d managed by AWS, skipped.", s.words("key", "keys"), s.skipped)
}

// keep puts a key into the group of the keys of which the same is to be told.
func (s *Scan) keep(o guardrail.Outcome) {
	var shown []guardrail.Finding
	for _, f := range o.Findings {
		if f.Severity.AtLeast(s.from) {
			f.Message = strings.ReplaceAll(f.Message, o.KeyARN, "this key") // else no two keys would have the same
			shown = append(shown, f)
		}
	}
	text := Findings(s.style, "  ", shown) + "\n" + repairWords(s.style, o)
	id := string(o.Severity) + string(o.Verdict) + text
	g, ok := s.groups[id]
	if !ok {
		g = &group{severity: o.Severity, verdict: o.Verdict, text: text}
		s.groups[id] = g
	}
	if g.count++; g.count <= mostNames {
		g.names = append(g.names, keyName(o))
	}
}

// keyName names a key by its aliases, if it has any, then by its id and Region.
func keyName(o guardrail.Outcome) string {
	id := idOf(o.KeyARN)
	if len(o.Aliases) == 0 {
		return Printable(id + " (" + o.Region + ", no alias)")
	}
	return Printable(strings.Join(o.Aliases, ", ") + " (" + o.Region + ", " + id + ")")
}

// idOf returns the id of the key with an ARN.
func idOf(arn string) string { return arn[strings.LastIndexByte(arn, '/')+1:] }

// repairWords says what a repair would change and whether it would be written. It is empty
// where no repair was planned.
func repairWords(style Style, o guardrail.Outcome) string {
	var b strings.Builder
	line := func(label, text string, indent int) {
		b.WriteString(style.Wrap(fmt.Sprintf("  %-8s  %s", label, Printable(text)), strings.Repeat(" ", indent)) + "\n")
	}
	for _, f := range o.Findings {
		if f.Code == guardrail.CodeRepairHeld || f.Code == guardrail.CodePlanRefused {
			line("", f.Message, 12)
		}
	}
	if o.Plan == nil {
		return b.String()
	}
	switch o.ActionReason {
	case "would-repair":
		line("repair", "the guardrail would change the policy:", 12)
	case "report-mode":
		line("repair", "none in report mode; it would change the policy:", 12)
	default:
		line("repair", "none ("+o.ActionReason+"); it would change the policy:", 12)
	}
	for _, edit := range o.Plan.Edits {
		line("", "- "+edit, 14)
	}
	return b.String()
}

// Write writes the groups, the worst first and the largest of one severity first, and then
// the counts. An error is one of w.
func (s *Scan) Write(w io.Writer) error {
	rank := map[rules.Severity]int{}
	for i, severity := range rules.Severities() {
		rank[severity] = i
	}
	var b strings.Builder
	groups := slices.SortedFunc(maps.Values(s.groups), func(a, b *group) int {
		return cmp.Or(cmp.Compare(rank[a.severity], rank[b.severity]), cmp.Compare(b.count, a.count), cmp.Compare(a.names[0], b.names[0]))
	})
	for _, g := range groups {
		b.WriteString(g.headline(s.style) + g.text + "\n")
	}
	b.WriteString(s.Counts() + "\n") // one line, however long: scripts read it
	_, err := io.WriteString(w, b.String())
	return err
}

// headline names the severity and the keys of a group.
func (g *group) headline(style Style) string {
	label, colour := strings.ToUpper(string(g.severity)), severityColours[g.severity]
	if g.verdict == guardrail.CannotJudge {
		label, colour = "NOT JUDGED", verdictColours[g.verdict]
	}
	slices.Sort(g.names)
	text := style.paint(fmt.Sprintf("%-10s  %s\n", label, g.names[0]), label, colour)
	for _, name := range g.names[1:] {
		text += fmt.Sprintf("%-10s  %s\n", "", name)
	}
	if more := g.count - len(g.names); more > 0 {
		text += fmt.Sprintf("%-10s  and %d more keys with the same\n", "", more)
	}
	return text
}
