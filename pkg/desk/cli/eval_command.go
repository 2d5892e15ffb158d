package cli

import "github.com/spf13/cobra"

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
				return misuse("--batch takes policies, requests and key ARNs from its lines; give no others")
			case isBatch:
				return answerLines(cmd.Context(), o, batch, requests)
			case len(args) != 2:
				return misuse("expected two files, POLICY and REQUEST, got %d", len(args))
			case args[0] == standardInput && args[1] == standardInput:
				return misuse("only one of policy and request can be standard input")
			default:
				return evalFiles(o, keyARN, args[0], args[1])
			}
		},
	}
	cmd.Flags().StringVar(&keyARN, "key-arn", "", "`ARN` of the key that the policy is of (default the request's resource)")
	cmd.Flags().StringVar(&batch, "batch", "", "`FILE` of JSON lines to decide, - for standard input")
	return cmd
}
