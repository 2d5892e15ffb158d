package lint

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

// TestPlacesAreThoseOfTheParsedValues reads the text at each place: package policy lists the
// values, this package finds them again, and the two must count alike.
func TestPlacesAreThoseOfTheParsedValues(t *testing.T) {
	documents := []string{
		`{"Statement":{"Condition" : {"Null":{},"Bool":{"a":[true,"false"],"b":true}},"Principal":{"Service":["a.b","c.d"],"AWS":[],"CanonicalUser":"x"},"Effect":"Deny","NotResource":["x","y"],"NotAction":"z","Sid":"["}}`,
		"{\n\t\"Statement\" : [ { \"Sid\" : \"\" , \"Effect\" :\r\n\"Allow\" , \"Act\\u0069on\" : [ \"k\\u006ds:Sign\" , \"*\" ] , \"Principal\" : \"*\" } ] }",
	}
	for _, s := range corpus.Statements(t) {
		documents = append(documents, `{"Statement":[`+s.Text+`]}`)
	}
	values := 0
	for _, document := range documents {
		d, err := policy.Parse(document)
		if err != nil {
			continue
		}
		st := d.Statements[0]
		p := findPlaces(document, st.Offset, st.End)
		var principals, keys []string
		for _, entry := range st.Principals.Entries {
			principals = append(principals, entry.Text)
		}
		for i, c := range st.Conditions {
			keys = append(keys, c.Key)
			values += countValues(t, document, p.values[i], c.Values)
		}
		values += comparePlaces(t, document, p.actions, st.Actions.Values) + comparePlaces(t, document, p.resources, st.Resources.Values) +
			comparePlaces(t, document, p.principals, principals) + comparePlaces(t, document, p.conditions, keys)
	}
	if values < 200 {
		t.Errorf("%d values compared: the test misses most", values)
	}
}

// countValues is comparePlaces for a condition's values, which need not be strings in JSON.
func countValues(t *testing.T, document string, at []int, values []string) int {
	t.Helper()
	if len(at) != len(values) {
		t.Errorf("%d places for %q in %s", len(at), values, document)
		return 0
	}
	for i, value := range values {
		if !strings.HasPrefix(strings.TrimPrefix(document[at[i]:], `"`), value) {
			t.Errorf("offset %d has not %q, in %s", at[i], value, document)
		}
	}
	return len(values)
}

func comparePlaces(t *testing.T, document string, at []int, values []string) int {
	t.Helper()
	if len(at) != len(values) {
		t.Errorf("%d places for %q in %s", len(at), values, document)
		return 0
	}
	for i, value := range values {
		var found string
		if err := json.NewDecoder(strings.NewReader(document[at[i]:])).Decode(&found); err != nil || found != value {
			t.Errorf("offset %d has %q, %v, not %q, in %s", at[i], found, err, value, document)
		}
	}
	return len(values)
}

func TestPlacesOfWhatIsNotJSONAreThoseOfTheStatement(t *testing.T) {
	for _, text := range []string{`{"Action":["a"`, `[]`, `{"Condition":[{"a":`, ``} {
		p := findPlaces("  "+text, 2, 2+len(text))
		if got := at(p, p.actions, 7); got != 2 {
			t.Errorf("%q: the place of an action that is not there is %d, want that of the statement", text, got)
		}
	}
}
