package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
)

// Outcome writes one outcome as a short paragraph. An error is one of w.
func Outcome(w io.Writer, o guardrail.Outcome) error {
	var b strings.Builder
	subject := o.KeyARN
	if subject == "" {
		subject = "an event that names no key"
	}
	fmt.Fprintf(&b, "%s  %s\n", strings.ToUpper(string(o.Verdict)), Printable(subject))
	if o.KeyType != "" {
		fmt.Fprintf(&b, "  key type  %s\n", Printable(o.KeyType))
	}
	action := string(o.Action)
	if o.ActionReason != "" {
		action += " (" + o.ActionReason + ")"
	}
	fmt.Fprintf(&b, "  action    %s\n", Printable(action))
	if o.Actor != nil && o.Actor.ARN != "" {
		fmt.Fprintf(&b, "  actor     %s\n", Printable(o.Actor.ARN))
	}
	for _, f := range o.Findings {
		fmt.Fprintf(&b, "  %-8s  %s: %s\n", f.Severity, f.Code, Printable(f.Message))
	}
	_, err := io.WriteString(w, b.String())
	return err
}
