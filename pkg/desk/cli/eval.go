package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// evalManual is the long help of eval.
const evalManual = `eval decides one concrete request against one policy file, with the evaluator that
confirms the witnesses of diff: a witness can be given to it as it is. A file named
- is standard input. A request is
  {"principal": "arn:aws:iam::111122223333:role/App", "principalType": "role",
   "identityPolicyAllows": true, "action": "kms:Decrypt",
   "resource": "<key ARN>", "context": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
with principalType user, role, session, federated, root, service or other. A condition
key that is not in context is absent; aws:PrincipalArn and the like are not filled in.

The decision is allowed (the key policy is enough), delegated (allowed because an IAM
policy of the principal's own account allows it too), implicitly-denied (nothing allows
it), explicitly-denied (a Deny does) or inconclusive. The exit code is 0 for allowed and
delegated, 1 for denied, 3 for inconclusive, 2 for bad input.

With --batch, each line of a file (- is standard input) is one request,
  {"id": "1", "keyArn": "arn:aws:kms:...", "policy": {...}, "request": {...}}
with the policy as an object or a string; id may be anything, and id and keyArn may be
left out. The answers {"id", "decision"} come in the same order, one JSON object on a
line (an array with --output json). A bad line becomes {"id", "error"} and the rest
goes on; the exit code is 0 unless the stream itself cannot be read.`

func newEval(o *options) *cobra.Command {
	var keyARN, batch string
	cmd := &cobra.Command{
		Use:   "eval [--key-arn ARN] POLICY REQUEST | eval --batch FILE",
		Short: "Decide one request against a key policy",
		Long:  evalManual,
		Example: "  kmsguard eval policy.json request.json\n" +
			"  kmsguard eval --batch requests.jsonl > decisions.jsonl",
		RunE: func(cmd *cobra.Command, args []string) error {
			switch isBatch := cmd.Flags().Changed("batch"); {
			case isBatch && (len(args) > 0 || keyARN != ""):
				return misuse(cmd, "--batch takes policies, requests and key ARNs from its lines; give no others")
			case isBatch:
				return answerLines(cmd, o, batch, requests)
			case len(args) != 2:
				return misuse(cmd, "expected two files, POLICY and REQUEST, got %d", len(args))
			case args[0] == standardInput && args[1] == standardInput:
				return misuse(cmd, "only one of policy and request can be standard input")
			default:
				return evalFiles(cmd, o, keyARN, args[0], args[1])
			}
		},
	}
	cmd.Flags().StringVar(&keyARN, "key-arn", "", "`ARN` of the key that the policy is of (default the request's resource)")
	cmd.Flags().StringVar(&batch, "batch", "", "`FILE` of JSON lines to decide, - for standard input")
	return cmd
}

// decided is the public JSON of a decision.
type decided struct {
	Decision evaluation.Decision `json:"decision"`
	// Inconclusive says why, for that decision only.
	Inconclusive []evaluation.Reason `json:"inconclusive,omitempty"`
}

func evalFiles(cmd *cobra.Command, o *options, keyARN, policyFile, requestFile string) error {
	d, err := readPolicy(policyFile, cmd.InOrStdin())
	if err != nil {
		return err
	}
	text, err := readFile(requestFile, cmd.InOrStdin())
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
		cmd.PrintErrf("note: the policy asks about %s, which every such request has and this one has not; taken for absent\n", strings.Join(missing, ", "))
	}
	if o.output == textOutput {
		err = writeDecision(cmd.OutOrStdout(), nameOf(policyFile), d, result)
	} else {
		err = o.output.writeJSON(cmd.OutOrStdout(), result)
	}
	if err != nil {
		return err
	}
	return status(decisionCode(result.Decision))
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
		text += fmt.Sprintf("  %s:%d:%d, statement %d: %s (%s)\n", report.Printable(name), line, column, why.Statement, report.Printable(why.Detail), why.Code)
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
