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
	from   rules.Severity
	groups map[string]*group
	counts map[string]int // of the words in countWords, and of the reasons why keys were not judged
	judged int
	unread map[string]int
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
func NewScan(from rules.Severity) *Scan {
	return &Scan{from: from, groups: map[string]*group{}, counts: map[string]int{}, unread: map[string]int{}}
}

// Add counts the outcome of one key, and keeps what is to be told of it.
func (s *Scan) Add(o guardrail.Outcome) {
	switch o.Verdict {
	case guardrail.NothingToJudge:
		s.counts["managed"]++
		return
	case guardrail.CannotJudge:
		s.unread[o.ActionReason]++
	case guardrail.Exempt:
		s.judged++
		s.counts["exempt"]++
		return
	case guardrail.Compliant:
		s.judged++
		s.counts["compliant"]++
		return
	default:
		s.judged++
		s.counts[string(o.Severity)]++
	}
	if o.Severity.AtLeast(s.from) {
		s.keep(o)
	}
}

// Missed counts a key that could not be judged for a reason that is not the key's, such as
// an answer that AWS did not give, or that it is gone by now.
func (s *Scan) Missed(reason string) { s.unread[reason]++ }

// keep puts a key into the group of the keys of which the same is to be told.
func (s *Scan) keep(o guardrail.Outcome) {
	var shown []guardrail.Finding
	for _, f := range o.Findings {
		if f.Severity.AtLeast(s.from) {
			f.Message = strings.ReplaceAll(f.Message, o.KeyARN, "this key") // else no two keys would have the same
			shown = append(shown, f)
		}
	}
	text := Findings("  ", shown) + "\n" + repairWords(o)
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
	id := o.KeyARN[strings.LastIndexByte(o.KeyARN, '/')+1:]
	if len(o.Aliases) == 0 {
		return Printable(id + " (" + o.Region + ", no alias)")
	}
	return Printable(strings.Join(o.Aliases, ", ") + " (" + o.Region + ", " + id + ")")
}

// repairWords says what a repair would change and whether it would be written. It is empty
// where no repair was planned.
func repairWords(o guardrail.Outcome) string {
	var b strings.Builder
	line := func(label, text string, indent int) {
		b.WriteString(Wrap(fmt.Sprintf("  %-8s  %s", label, Printable(text)), Width, strings.Repeat(" ", indent)) + "\n")
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
		b.WriteString(g.headline() + g.text + "\n")
	}
	b.WriteString(s.Counts() + "\n") // one line, however long: scripts read it
	_, err := io.WriteString(w, b.String())
	return err
}

// headline names the severity and the keys of a group.
func (g *group) headline() string {
	label := strings.ToUpper(string(g.severity))
	if g.verdict == guardrail.CannotJudge {
		label = "NOT JUDGED"
	}
	slices.Sort(g.names)
	text := fmt.Sprintf("%-10s  %s\n", label, g.names[0])
	for _, name := range g.names[1:] {
		text += fmt.Sprintf("%-10s  %s\n", "", name)
	}
	if more := g.count - len(g.names); more > 0 {
		text += fmt.Sprintf("%-10s  and %d more keys with the same\n", "", more)
	}
	return text
}

// Counts says in one line how many keys became what. Each key that was added is in it once.
func (s *Scan) Counts() string {
	parts := []string{}
	for _, severity := range rules.Severities() {
		if n := s.counts[string(severity)]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, severity))
		}
	}
	parts = append(parts, fmt.Sprintf("%d compliant", s.counts["compliant"]), fmt.Sprintf("%d exempt", s.counts["exempt"]))
	keys := "keys"
	if s.judged == 1 {
		keys = "key"
	}
	text := fmt.Sprintf("%d %s judged: %s.", s.judged, keys, strings.Join(parts, ", "))
	total, reasons := 0, []string{}
	for _, reason := range slices.Sorted(maps.Keys(s.unread)) {
		total += s.unread[reason]
		reasons = append(reasons, fmt.Sprintf("%d %s", s.unread[reason], Printable(reason)))
	}
	if total == 0 {
		text += " 0 not judged."
	} else {
		text += fmt.Sprintf(" %d not judged: %s.", total, strings.Join(reasons, ", "))
	}
	return text + fmt.Sprintf(" %d managed by AWS, skipped.", s.counts["managed"])
}
