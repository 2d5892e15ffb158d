package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// CSV writes one row for each finding, after a row of names, as RFC 4180 has it: commas,
// quotes where they are needed, and CRLF.
//
// A program for tables takes a cell that begins with = + - or @ for a formula, and runs it. So
// such a cell, also one that begins with the wide form of one of them, has an apostrophe in
// front, which these programs do not show.
// https://owasp.org/www-community/attacks/CSV_Injection
type CSV struct{ w *csv.Writer }

// columns are the names of the columns. New ones go to the end.
var columns = []string{
	"severity", "code", "verdict", "file", "line", "statement", "sid", "key_arn", "aliases", "account", "region",
	"message", "rule", "baseline", "exemption", "action", "action_reason", "finding_id", "resource",
}

// NewCSV returns a writer of results.
func NewCSV(w io.Writer) *CSV {
	c := &CSV{csv.NewWriter(w)}
	c.w.UseCRLF = true
	_ = c.w.Write(columns) // Error has it
	return c
}

// Add writes the findings of one key or file.
func (c *CSV) Add(j Judged) error {
	o := j.Outcome
	for _, i := range j.items() {
		file := j.Source.File
		if file == "" {
			file = j.Source.Name
		}
		_ = c.w.Write(cells(
			string(i.severity), string(i.code), string(o.Verdict), file, number(j.line(i)), number(i.statement), i.sid, o.KeyARN, strings.Join(o.Aliases, " "), o.Account, o.Region,
			i.message, o.Rule, o.Baseline, o.Exemption, string(o.Action), o.ActionReason, i.id, j.Source.Resource,
		))
	}
	c.w.Flush()
	return c.w.Error()
}

// Missed writes a row for a key or file of which there is no outcome. Its code and verdict are
// not-read.
func (c *CSV) Missed(g Gap) error {
	row := cells("high", "not-read", "not-read", g.Name)
	for len(row) < len(columns) {
		row = append(row, "")
	}
	row[11] = cells(g.Why)[0]
	_ = c.w.Write(row)
	c.w.Flush()
	return c.w.Error()
}

// End writes what is left.
func (c *CSV) End() error {
	c.w.Flush()
	return c.w.Error()
}

// number writes a number, and nothing for 0.
func number(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// cells returns texts as cells that are printable and no formula.
func cells(texts ...string) []string {
	row := make([]string, len(texts))
	for i, text := range texts {
		row[i] = Printable(text)
		if strings.IndexAny(strings.TrimLeft(row[i], " "), "=+-@＝＋－＠") == 0 {
			row[i] = "'" + row[i]
		}
	}
	return row
}
