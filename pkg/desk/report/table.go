package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// narrowest is the fewest columns that a message of a table has beside the other columns. With
// less, it stands below them.
const narrowest = 40

// Table writes findings for people as lines of aligned columns, the worst first, and a line at
// the end that counts. It keeps the lines until then. Findings of exempt keys are not shown.
type Table struct {
	w      io.Writer
	style  Style
	rows   []tableRow
	counts counts
}

// tableRow is one line. Its texts are printable.
type tableRow struct {
	rank     int // larger is worse
	severity rules.Severity
	label    string // the severity as a word
	where    string // file and line, or name of the key
	region   string
	code     string
	message  string
}

// NewTable returns a writer of results.
func NewTable(w io.Writer, style Style) *Table {
	return &Table{w: w, style: style, counts: newCounts()}
}

// Add keeps the findings of one key or file.
func (t *Table) Add(j Judged) error {
	t.Count(j.Outcome)
	for _, i := range j.items() {
		if i.isExcused {
			continue
		}
		t.rows = append(t.rows, tableRow{
			rank: i.severity.Compare(rules.NoSeverity), severity: i.severity, label: Printable(string(i.severity)),
			where: j.where(i), region: Printable(j.Outcome.Region), code: string(i.code), message: i.message,
		})
	}
	return nil
}

// Count counts an outcome that is not shown.
func (t *Table) Count(o guardrail.Outcome) { t.counts.add(o) }

// Missed keeps that there is no outcome of a key or file. It stands before all findings.
func (t *Table) Missed(g Gap) error {
	t.counts.unread["not read"]++
	worst := rules.Critical.Compare(rules.NoSeverity) + 1
	t.rows = append(t.rows, tableRow{rank: worst, severity: rules.Critical, label: "error", where: Printable(g.Name), code: "not-read", message: Printable(g.Why)})
	return nil
}

// where names the file and line of a finding, or its key by an alias or its id.
func (j Judged) where(i item) string {
	switch o := j.Outcome; {
	case j.Source.Name != "":
		return Printable(j.Source.place(j.line(i)))
	case o.KeyARN == "":
		return j.name()
	case len(o.Aliases) > 0:
		return Printable(o.Aliases[0])
	default:
		return Printable(idOf(o.KeyARN))
	}
}

// End writes the table.
func (t *Table) End() error {
	slices.SortStableFunc(t.rows, func(a, b tableRow) int {
		return cmp.Or(cmp.Compare(b.rank, a.rank), cmp.Compare(a.where, b.where))
	})
	var b strings.Builder
	if len(t.rows) > 0 {
		t.lines(&b)
	}
	fmt.Fprintf(&b, "%s %d skipped.\n", t.counts.words("policy", "policies"), t.counts.skipped)
	_, err := io.WriteString(t.w, b.String())
	return err
}

// lines writes the rows below their heads, with the message beside them or, where there is no
// room for that, below them.
func (t *Table) lines(b *strings.Builder) {
	rows := slices.Concat([]tableRow{{label: "SEVERITY", where: "KEY OR FILE", region: "REGION", code: "FINDING", message: "WHAT IS WRONG"}}, t.rows)
	var widths [4]int
	for _, r := range rows {
		for i, cell := range r.cells() {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	indent := 2 * len(widths)
	for _, width := range widths {
		indent += width
	}
	isNarrow := t.style.columns()-indent < narrowest
	if isNarrow {
		rows = rows[1:]
	}
	for _, r := range rows {
		text := t.style.Wrap(r.aligned(widths)+r.message, strings.Repeat(" ", indent))
		if isNarrow {
			text = r.stacked(t.style)
		}
		b.WriteString(t.style.paint(text, r.label, severityColours[r.severity]) + "\n")
	}
}

func (r tableRow) cells() [4]string { return [4]string{r.label, r.where, r.region, r.code} }

// aligned returns the cells of a row in columns of some widths, each with two spaces after it.
func (r tableRow) aligned(widths [4]int) string {
	text := ""
	for i, cell := range r.cells() {
		text += cell + strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)+2)
	}
	return text
}

// stacked returns a row with the key or file in its first line, and the finding below it.
func (r tableRow) stacked(style Style) string {
	indent := strings.Repeat(" ", 10)
	first := strings.TrimRight(fmt.Sprintf("%-8s  %s  %s", r.label, r.where, r.region), " ")
	return style.Wrap(first, indent) + "\n" + style.Wrap(indent+r.code+": "+r.message, indent)
}
