package report_test

import (
	"encoding/csv"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
)

// readCSV reads rows, which must all be as long as the first.
func readCSV(t *testing.T, list []report.Judged, gap report.Gap) [][]string {
	t.Helper()
	text := writeAll(t, formats["results.csv"], list, gap)
	if strings.Count(text, "\n") != strings.Count(text, "\r\n") {
		t.Error("RFC 4180 ends a line with CRLF")
	}
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestNoCellOfCSVIsAFormula whatever somebody names a key, a file or a statement.
func TestNoCellOfCSVIsAFormula(t *testing.T) {
	rows := readCSV(t, evilResults(), report.Gap{Name: evil, Why: "@SUM(A1)"})
	for _, row := range rows {
		for i, cell := range row {
			if strings.IndexAny(strings.TrimSpace(cell), "=+-@\t\r\n") == 0 {
				t.Errorf("%s: %q", rows[0][i], cell)
			}
		}
	}
	tests := []struct{ because, text, want string }{
		{"a formula", "=1+1", "'=1+1"},
		{"plus begins one, too", "+1", "'+1"},
		{"and minus", "-1", "'-1"},
		{"and at", "@SUM(A1)", "'@SUM(A1)"},
		{"a space before it is passed over", " =1", "' =1"},
		{"the wide form is the same to some", "＝1", "'＝1"},
		{"a tab is written as an escape", "\t=1", `\t=1`},
		{"an alias stays", "alias/a=b", "alias/a=b"},
		{"quotes and commas stay", `a,"b"`, `a,"b"`},
	}
	for _, test := range tests {
		o := liveKey("x", guardrail.NonCompliant, rules.Low, finding(guardrail.CodeAccessMissing, rules.Low, -1, test.text))
		if row := readCSV(t, []report.Judged{{Outcome: o}}, report.Gap{})[1]; row[11] != test.want {
			t.Errorf("%s: got %q, want %q", test.because, row[11], test.want)
		}
	}
}

func TestCSVHasARowForEachFindingAndEachGap(t *testing.T) {
	rows := readCSV(t, someResults(), report.Gap{Name: "keys/none.json", Why: "there is no such file"})
	if len(rows) != 1+15+1 {
		t.Errorf("%d rows", len(rows))
	}
	last := rows[len(rows)-1]
	if last[1] != "not-read" || last[2] != "not-read" || last[3] != "keys/none.json" || rows[0][11] != "message" || last[11] != "there is no such file" {
		t.Errorf("the gap is %q", last)
	}
}
