package lint

import (
	"fmt"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

// asOf ends a finding that is wrong where AWS has since added something.
const asOf = " (as AWS documents it, " + catalog.AsOf + ")"

// longest is the most of a policy's text that one quotation has; a session's ARN fits.
const longest = 160

func shorten(text string) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest], "") + "…"
}

// quote returns text of a policy fit for one line: it was written by anyone.
func quote(text string) string {
	if len(text) <= longest {
		return fmt.Sprintf("%+q", text)
	}
	return fmt.Sprintf("%+q…", strings.ToValidUTF8(text[:longest], ""))
}

// quoteAll joins some texts; of many, it says how many more there are.
func quoteAll(texts []string) string {
	const most = 5
	var b strings.Builder
	for i, text := range texts[:min(len(texts), most)] {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(text))
	}
	if len(texts) > most {
		fmt.Fprintf(&b, " and %d more", len(texts)-most)
	}
	return b.String()
}
