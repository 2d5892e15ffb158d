package cli

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// diffFiles compares two policy files and writes what differs.
func diffFiles(o *options, keyARN, baselineFile, actualFile string) error {
	baseline, err := readPolicy(baselineFile, o.streams.in)
	if err != nil {
		return err
	}
	actual, err := readPolicy(actualFile, o.streams.in)
	if err != nil {
		return err
	}
	key, err := keyOf(keyARN, baseline, actual)
	switch {
	case errors.Is(err, access.ErrUnknownOwner):
		return fmt.Errorf("%w with --key-arn", err)
	case err != nil:
		return fmt.Errorf("--key-arn: %w", err)
	case keyARN == "":
		o.streams.note("%s", inferenceNote(key, baseline, actual))
	}
	result := compare(key, baseline, actual)
	return o.answer(verdictCode(result.Verdict), result, func(w io.Writer) error {
		return report.Comparison(w, o.style(), report.Policy{Name: nameOf(baselineFile), Document: baseline},
			report.Policy{Name: nameOf(actualFile), Document: actual}, result)
	})
}

// keyOf reads a key ARN, or infers the key's account from its policies.
func keyOf(keyARN string, documents ...*policy.Document) (policy.Key, error) {
	if keyARN == "" {
		sets := make([]policy.Set, len(documents))
		for i, d := range documents {
			sets[i] = d.Set
		}
		return access.InferKey(sets...)
	}
	return policy.ParseKeyARN(keyARN)
}

// inferenceNote says what the result hangs on where no key ARN was given.
func inferenceNote(key policy.Key, documents ...*policy.Document) string {
	for _, d := range documents {
		if strings.Contains(d.Text(), key.Account) {
			return "note: the key is taken to belong to account " + key.Account + "; say which key it is with --key-arn"
		}
	}
	return "note: the policies name no account, so the key's own is anybody's; say which key it is with --key-arn"
}

// compare compares two policies and lints both.
func compare(key policy.Key, baseline, actual *policy.Document) report.Result {
	result := report.Result{Result: access.Compare(key, baseline.Set, actual.Set), Lint: []report.Lint{}}
	for _, f := range lint.Check(key, baseline) {
		result.Lint = append(result.Lint, report.Lint{Policy: access.Baseline, Finding: f})
	}
	for _, f := range lint.Check(key, actual) {
		result.Lint = append(result.Lint, report.Lint{Policy: access.Actual, Finding: f})
	}
	return result
}

func verdictCode(v access.Verdict) int {
	switch v {
	case access.Equal:
		return exitFine
	case access.Different:
		return exitDifferent
	default:
		return exitInconclusive
	}
}
