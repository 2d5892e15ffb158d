package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// write writes the short answer first, then the principals; for a policy that is no
// default, the differences from the nearest one as diff does.
func (i identified) write(w io.Writer, style report.Style, actual report.Policy) error {
	var text strings.Builder
	text.WriteString(i.answer(report.Printable(actual.Name)) + "\n") // one line, however long: scripts read it
	switch {
	case len(i.Forms) > 0:
		writePrincipals(&text, style, i.Forms[0])
		writeLine(&text, style, "also", i.others())
	case i.Nearest != nil:
		writePrincipals(&text, style, *i.Nearest)
	}
	writeLine(&text, style, "deleted", strings.Join(i.DeadPrincipals, ", "))
	if i.comparison != nil {
		text.WriteByte('\n')
		baseline := report.Policy{Name: formName(*i.Nearest), Document: i.Nearest.Document}
		if err := report.Comparison(&text, style, baseline, actual, *i.comparison); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// answer is what a person wants to know first.
func (i identified) answer(file string) string {
	forType := " for " + i.keyType.String()
	switch i.Verdict {
	case recognition.Default:
		return file + " is " + formName(i.Forms[0]) + forType
	case recognition.NotDefault:
		return file + " is not " + i.asked() + forType + "; nearest is " + formName(*i.Nearest)
	default:
		return "whether " + file + " is " + i.asked() + forType + " is not decided: " + report.Printable(i.Detail)
	}
}

// asked names what would have counted.
func (i identified) asked() string {
	asked := "a generated default"
	switch i.options.Style {
	case defaultpolicy.API:
		return "the API default"
	case defaultpolicy.Console:
		asked = "a console default"
	}
	switch i.options.Edition {
	case "":
		return asked
	case defaultpolicy.Latest:
		return asked + " of the latest edition"
	default:
		return asked + " of " + string(i.options.Edition)
	}
}

// formName names a generated default.
func formName(f recognition.Form) string {
	if f.Style == defaultpolicy.API {
		return "the API default"
	}
	return "the console default of " + string(f.Edition)
}

// others names the other defaults that allow the same, "" for none.
func (i identified) others() string {
	first := i.Forms[0]
	var editions []string
	for _, e := range i.Editions() {
		if e != first.Edition {
			editions = append(editions, string(e))
		}
	}
	if len(editions) == 0 {
		return ""
	}
	name := "the console default of " + strings.Join(editions, ", ")
	if first.Style == defaultpolicy.API {
		name += ", without administrators and users"
	}
	return name
}

// writePrincipals writes the administrators and users of a console default.
func writePrincipals(text *strings.Builder, style report.Style, f recognition.Form) {
	if f.Style == defaultpolicy.API {
		return
	}
	names := func(arns []string) string {
		if len(arns) == 0 {
			return "none"
		}
		return strings.Join(arns, ", ")
	}
	label := "administrators"
	if len(f.Administrators) > 0 && !f.AdministratorsMayDelete {
		label = "administrators, who may not delete the key"
	}
	writeLine(text, style, label, names(f.Administrators))
	writeLine(text, style, "users", names(f.Users))
}

// writeLine writes text from outside under a label, and nothing where there is none.
func writeLine(text *strings.Builder, style report.Style, label, words string) {
	if words != "" {
		text.WriteString(style.Wrap(fmt.Sprintf("  %s: %s", label, report.Printable(words)), "    ") + "\n")
	}
}
