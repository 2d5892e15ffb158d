package config

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v4"
)

// maxProblems is how many problems of one file are listed.
const maxProblems = 50

// Problem is one thing that is wrong with a file.
type Problem struct {
	// File is the name that was given to [Read].
	File string `json:"file"`
	// Line and Column count from 1, and columns count characters. Both are 0 where
	// the problem is the file as a whole.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Detail says what is wrong and what to write, in one line. Text of the file in
	// it is shortened, and escaped where it does not print.
	Detail string `json:"detail"`
}

// String returns "file:line:column: detail", the form that editors and CI make a link of.
func (p Problem) String() string {
	if p.Line == 0 {
		return p.File + ": " + p.Detail
	}
	return fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Detail)
}

// Errors are all problems of a file, in its order. It is never empty.
type Errors struct {
	Problems []Problem
	// More counts the problems beyond maxProblems, which are not listed.
	More int
}

// Error returns one line a problem, without a line feed at the end.
func (e *Errors) Error() string {
	lines := make([]string, 0, len(e.Problems)+1)
	for _, p := range e.Problems {
		lines = append(lines, p.String())
	}
	if e.More > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more problems", e.Problems[0].File, e.More))
	}
	return strings.Join(lines, "\n")
}

// problems collects what is wrong with a file.
type problems struct {
	file string
	list []Problem
}

func (p *problems) at(line, column int, format string, args ...any) {
	p.list = append(p.list, Problem{File: p.file, Line: line, Column: column, Detail: fmt.Sprintf(format, args...)})
}

func (p *problems) fail(n *yaml.Node, format string, args ...any) {
	p.at(n.Line, n.Column, format, args...)
}

// err returns an [*Errors], or nil where nothing was wrong.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	listed := p.list[:min(len(p.list), maxProblems)]
	return &Errors{Problems: listed, More: len(p.list) - len(listed)}
}

// quoted returns text of the file fit for one line of a message.
func quoted(text string) string {
	const most = 60
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	if strings.ContainsFunc(text, func(r rune) bool { return r == '`' || !unicode.IsPrint(r) }) {
		return strconv.Quote(text)
	}
	return "`" + text + "`"
}

// alternatives writes names as a sentence does: "`a`, `b` or `c`".
func alternatives(names []string) string {
	marked := make([]string, len(names))
	for i, name := range names {
		marked[i] = quoted(name)
	}
	last := len(marked) - 1
	if last < 1 {
		return strings.Join(marked, "")
	}
	return strings.Join(marked[:last], ", ") + " or " + marked[last]
}
