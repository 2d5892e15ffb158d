package policy

import "strings"

// style is how a document is laid out, as far as it takes to write beside what is there.
type style struct {
	newline   string // "" where all is on one line
	indent    string // what stands before a statement's closing brace, on its line
	unit      string // one level more
	colon     string // between a name and its value, blanks included
	gap       string // behind a comma, on one line
	pad       string // inside the brackets, on one line
	listLines bool   // each value of a list on its own line
}

// kmsStyle is how KMS writes the policies it generates.
var kmsStyle = style{newline: "\n", unit: "  ", colon: " : ", gap: " ", pad: " "}

// styleOf reads the style of one statement's text.
func styleOf(text string) style {
	inside := strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}")
	first := blanks(inside)
	st := style{colon: colonOf(inside)}
	if at := strings.LastIndexByte(first, '\n'); at >= 0 {
		st.newline = "\n"
		if strings.Contains(first, "\r\n") {
			st.newline = "\r\n"
		}
		last := inside[len(strings.TrimRight(inside, " \t\r\n")):]
		st.indent = last[strings.LastIndexByte(last, '\n')+1:]
		st.unit = "  "
		if unit, ok := strings.CutPrefix(first[at+1:], st.indent); ok && unit != "" {
			st.unit = unit
		}
	} else {
		st.pad = first
	}
	st.gap = st.colon[strings.IndexByte(st.colon, ':')+1:]
	st.readLists(inside)
	return st
}

// readLists reads how the first list is laid out. Without one, values stand on lines of
// their own where members do, but not in the style of KMS.
func (st *style) readLists(inside string) {
	at := firstOutsideStrings(inside, '[')
	if at < 0 {
		st.listLines = st.newline != "" && st.colon != kmsStyle.colon
		if st.newline != "" && !st.listLines {
			st.pad = kmsStyle.pad
		}
		return
	}
	first := blanks(inside[at+1:])
	if st.listLines = st.newline != "" && strings.Contains(first, "\n"); !strings.Contains(first, "\n") {
		st.pad = first
	}
}

// colonOf returns what stands between the first name and its value.
func colonOf(inside string) string {
	at := firstOutsideStrings(inside, ':')
	if at < 0 {
		return ": "
	}
	before := inside[len(strings.TrimRight(inside[:at], " \t\r\n")):at]
	colon := before + ":" + blanks(inside[at+1:])
	if strings.ContainsAny(colon, "\r\n") {
		return ": "
	}
	return colon
}

func blanks(text string) string { return text[:len(text)-len(strings.TrimLeft(text, " \t\r\n"))] }

// firstOutsideStrings returns where a character first stands in JSON outside strings, -1
// for nowhere.
func firstOutsideStrings(text string, c byte) int {
	inString := false
	for i := 0; i < len(text); i++ {
		switch {
		case inString && text[i] == '\\':
			i++
		case text[i] == '"':
			inString = !inString
		case !inString && text[i] == c:
			return i
		}
	}
	return -1
}
