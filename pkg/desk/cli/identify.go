package cli

import (
	"encoding/json"
	"io"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/report"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/lint"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// identifyFile tells whether the policy of a file is a generated default for a key of a type.
func identifyFile(o *options, key policy.Key, keyType defaultpolicy.KeyType, counts recognition.Options, file string) error {
	d, err := readPolicy(file, o.streams.in)
	if err != nil {
		return err
	}
	result, err := recognition.Identify(key, keyType, d.Set, counts)
	if err != nil {
		return withFlag(err)
	}
	found := identified{Result: result, keyType: keyType, options: counts, comparison: comparisonWithNearest(key, d, result)}
	return o.answer(found.code(), found.public(), func(w io.Writer) error {
		return found.write(w, o.style(), report.Policy{Name: nameOf(file), Document: d})
	})
}

// identified is a result with what it is about.
type identified struct {
	recognition.Result
	keyType    defaultpolicy.KeyType
	options    recognition.Options
	comparison *report.Result // with the nearest default; nil where there is none
}

// comparisonWithNearest adds what lint finds in the policy; a generated default has nothing.
func comparisonWithNearest(key policy.Key, d *policy.Document, r recognition.Result) *report.Result {
	if r.Nearest == nil {
		return nil
	}
	result := &report.Result{Result: r.Comparison, Lint: []report.Lint{}}
	for _, f := range lint.Check(key, d) {
		result.Lint = append(result.Lint, report.Lint{Policy: access.Actual, Finding: f})
	}
	return result
}

func (i identified) code() int {
	switch i.Verdict {
	case recognition.Default:
		return exitFine
	case recognition.NotDefault:
		return exitDifferent
	default:
		return exitInconclusive
	}
}

// The public JSON of identify. The first of the forms is the answer; the others allow the
// same to these principals.
type (
	identifiedJSON struct {
		Verdict        recognition.Verdict `json:"verdict"`
		KeyType        string              `json:"keyType"` // as in outcomes
		Forms          []formJSON          `json:"forms"`
		DeadPrincipals []string            `json:"deadPrincipals"`
		Nearest        *formJSON           `json:"nearest,omitempty"`
		Comparison     *report.Result      `json:"comparison,omitempty"`
		Reason         recognition.Reason  `json:"reason,omitempty"`
		Detail         string              `json:"detail,omitempty"`
	}
	formJSON struct {
		Style                   defaultpolicy.Style   `json:"style"`
		Edition                 defaultpolicy.Edition `json:"edition,omitempty"`
		Administrators          []string              `json:"administrators"`
		Users                   []string              `json:"users"`
		AdministratorsMayDelete bool                  `json:"administratorsMayDelete"`
		Rotation                bool                  `json:"rotateOnDemand"`
		Grants                  bool                  `json:"grantsStatement"`
		Policy                  json.RawMessage       `json:"policy"`
	}
)

func (i identified) public() identifiedJSON {
	found := identifiedJSON{
		Verdict: i.Verdict, KeyType: i.keyType.String(), Forms: []formJSON{}, DeadPrincipals: i.DeadPrincipals,
		Comparison: i.comparison, Reason: i.Reason, Detail: i.Detail,
	}
	for _, f := range i.Forms {
		found.Forms = append(found.Forms, publicForm(f))
	}
	if i.Nearest != nil {
		nearest := publicForm(*i.Nearest)
		found.Nearest = &nearest
	}
	return found
}

func publicForm(f recognition.Form) formJSON {
	return formJSON{
		Style: f.Style, Edition: f.Edition,
		Administrators: append([]string{}, f.Administrators...), Users: append([]string{}, f.Users...), // never null
		AdministratorsMayDelete: f.AdministratorsMayDelete, Rotation: f.Rotation, Grants: f.Grants,
		Policy: json.RawMessage(f.Document.Text()),
	}
}
