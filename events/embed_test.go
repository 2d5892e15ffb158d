package events_test

import (
	"bytes"
	"encoding/json"
	"os"
	"regexp"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/events"
)

func TestReadmeExplainsEverySample(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	explained := make(map[string]bool)
	for _, line := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(string(readme), -1) {
		explained[line[1]] = true
	}
	check := func(folder string, samples []events.Sample) {
		for _, sample := range samples {
			if !explained[folder+sample.Name] {
				t.Errorf("README.md has no line for %s", folder+sample.Name)
			}
			delete(explained, folder+sample.Name)
		}
	}
	check("", events.Samples())
	check("bad/", events.Bad())
	for name := range explained {
		t.Errorf("README.md explains %s, which is not there", name)
	}
}

// Nobody's account, key or credential may end up in a public sample.
func TestSamplesNameOnlyDocumentationAccountsAndKeys(t *testing.T) {
	account := regexp.MustCompile(`\b[0-9]{12}\b`)
	accounts := map[string]bool{"111122223333": true, "444455556666": true}
	accessKey := regexp.MustCompile(`\b(AKIA|ASIA)[A-Z0-9]{8,}`)
	keyID := regexp.MustCompile(`key/([A-Za-z0-9-]+)`)
	keys := map[string]bool{
		"1234abcd-12ab-34cd-56ef-1234567890ab": true, "0987dcba-09fe-87dc-65ba-ab0987654321": true,
		"mrk-1234abcd12ab34cd56ef1234567890ab": true, "mrk-0987dcba09fe87dc65baab0987654321": true,
	}
	uuid := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	for _, sample := range append(events.Samples(), events.Bad()...) {
		for _, found := range account.FindAllString(string(uuid.ReplaceAll(sample.JSON, nil)), -1) {
			if !accounts[found] {
				t.Errorf("%s: account %s", sample.Name, found)
			}
		}
		for _, found := range keyID.FindAllSubmatch(sample.JSON, -1) {
			if !keys[string(found[1])] {
				t.Errorf("%s: key %s", sample.Name, found[1])
			}
		}
		if accessKey.Match(sample.JSON) {
			t.Errorf("%s: looks like an access key", sample.Name)
		}
	}
}

// Two samples with one eventID would be one event to whoever removes duplicates.
func TestSamplesAreDifferentEvents(t *testing.T) {
	seen := map[string]string{}
	for _, sample := range events.Samples() {
		var envelope struct {
			ID     string `json:"id"`
			Detail struct {
				EventID string `json:"eventID"`
			} `json:"detail"`
		}
		if err := json.Unmarshal(sample.JSON, &envelope); err != nil {
			t.Errorf("%s: %v", sample.Name, err)
			continue
		}
		for _, id := range []string{envelope.ID, envelope.Detail.EventID} {
			if other, twice := seen[id]; twice && id != "" {
				t.Errorf("%s and %s both have id %s", sample.Name, other, id)
			}
			seen[id] = sample.Name
		}
	}
}

func TestReadFindsSamplesOnly(t *testing.T) {
	for _, sample := range events.Samples() {
		got, err := events.Read(sample.Name)
		if err != nil || !bytes.Equal(got, sample.JSON) {
			t.Errorf("Read(%q): %v", sample.Name, err)
		}
	}
	for _, name := range []string{"pattern", "bad/two-keys", "two-keys", "", "create-key"} {
		if _, err := events.Read(name); err == nil {
			t.Errorf("Read(%q) found something", name)
		}
	}
}

// A caller that changes what it was given must not change it for the next one.
func TestPatternIsACopy(t *testing.T) {
	events.Pattern()[0] = 'x'
	if !json.Valid(events.Pattern()) {
		t.Error("pattern changed under a later caller")
	}
}
