package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// decided is the public JSON of a decision.
type decided struct {
	Decision evaluation.Decision `json:"decision"`
	// Inconclusive says why, for that decision only.
	Inconclusive []evaluation.Reason `json:"inconclusive,omitempty"`
}

// evalFiles decides the request of one file against the policy of another.
func evalFiles(o *options, keyARN, policyFile, requestFile string) error {
	d, err := readPolicy(policyFile, o.streams.in)
	if err != nil {
		return err
	}
	text, err := readFile(requestFile, o.streams.in)
	if err != nil {
		return fmt.Errorf("%s: %w", nameOf(requestFile), err)
	}
	request, err := evaluation.ParseRequest(text)
	if err != nil {
		return fmt.Errorf("%s: %w", nameOf(requestFile), err)
	}
	result, err := decide(keyARN, "--key-arn", d, request)
	if err != nil {
		return err
	}
	if missing := evaluation.MissingKeys(d.Set, request); len(missing) > 0 {
		o.streams.note("note: the policy asks about %s, which every such request has and this one has not; taken for absent", strings.Join(missing, ", "))
	}
	return o.answer(decisionCode(result.Decision), result, func(w io.Writer) error {
		return writeDecision(w, nameOf(policyFile), d, result)
	})
}

// decide evaluates a request for the key that it, or keyARN, names; source is what the
// latter is called in messages.
func decide(keyARN, source string, d *policy.Document, request evaluation.Request) (decided, error) {
	arn := keyARN
	if arn == "" {
		arn, source = request.Resource, "request: resource"
	}
	if arn == "" {
		return decided{}, errors.New("which key is it? Say so with --key-arn, keyArn in a batch, or the request's resource")
	}
	key, err := policy.ParseKeyARN(arn)
	if err != nil {
		return decided{}, fmt.Errorf("%s: %w", source, err)
	}
	if err := request.Check(key); err != nil {
		return decided{}, err
	}
	decision, why := evaluation.Evaluate(key, d.Set, request)
	return decided{Decision: decision, Inconclusive: why}, nil
}

// writeDecision writes a decision as a sentence, and what it hangs on.
func writeDecision(w io.Writer, name string, d *policy.Document, result decided) error {
	text := decisionSentence(result.Decision) + "\n"
	for _, why := range result.Inconclusive {
		line, column := d.Position(d.Statements[why.Statement].Offset)
		text += report.Printable(fmt.Sprintf("  %s:%d:%d, %s: %s (%s)", name, line, column, report.Statement(d.Statements, why.Statement), why.Detail, why.Code)) + "\n"
	}
	_, err := io.WriteString(w, text)
	return err
}

func decisionSentence(decision evaluation.Decision) string {
	switch decision {
	case evaluation.Allowed:
		return "allowed: the key policy is enough"
	case evaluation.Delegated:
		return "delegated: allowed, because the principal's own account allows it too"
	case evaluation.ImplicitlyDenied:
		return "implicitly-denied: nothing in the key policy allows it"
	case evaluation.ExplicitlyDenied:
		return "explicitly-denied: the key policy denies it"
	default:
		return "inconclusive: it depends on what AWS does not document"
	}
}

func decisionCode(decision evaluation.Decision) int {
	switch {
	case decision.Allows():
		return exitFine
	case decision == evaluation.Inconclusive:
		return exitInconclusive
	default:
		return exitDifferent
	}
}
