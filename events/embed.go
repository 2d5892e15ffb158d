// Package events holds what goes into the guardrail: the one EventBridge event
// pattern, and one file per sample event, exactly as EventBridge hands it to a rule's
// target.
//
//	rule := events.Pattern()
//	event, err := events.Read("put-key-policy-console")
//
// The deployed rule, the demo, and the tests of decoder, handler and rule all read these
// files, so that they cannot drift apart.
//
// # The pattern
//
// pattern.json matches successful CreateKey, PutKeyPolicy and ReplicateKey calls that
// CloudTrail recorded. Why it reads as it does:
//
//   - source "aws.kms": only AWS may send events whose source begins with "aws.", so
//     this line is what keeps forged events out of the queue.
//   - errorCode must not exist: a failed call changed nothing, and anybody can make
//     failed calls.
//   - Both ReplicateKey and CreateKey: a replica gives a ReplicateKey event in the
//     primary's Region and a CreateKey event in its own
//     (https://docs.aws.amazon.com/kms/latest/developerguide/ct-replicate-key.html).
//     The shape of the second is not published, so neither is relied on alone;
//     package trail decides which key each is about, and judging a key twice does
//     no harm.
//   - The guardrail's own calls are not excluded. "anything-but" on the caller's ARN
//     would also drop callers without that member, the root user first among them. The
//     loop ends because the guardrail writes nothing when nothing differs.
//
// The rule needs a trail that logs write management events and does not exclude KMS
// (https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html#filtering-kms-events),
// and sees the calls of its own Region only.
//
// Two more patterns are for events that not every configuration asks for. pattern-labels.json matches
// calls that change the aliases and tags of a key, by which rules and exemptions choose it.
// pattern-grants.json matches CreateGrant calls that no AWS service made: a service's grants have
// invokedBy, there are many of them, and they are the service's own business.
//
// # The samples
//
// README.md says of every sample what it shows and where its shape comes from. Files
// in bad/ are events that the decoder must refuse. All accounts, keys and people in
// them are the ones of AWS's documentation.
//
// To add a sample: add the file, a line in README.md, a row in the table of
// pattern_test.go and one in the table of pkg/engine/trail. A test fails until all are there.
package events

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"path"
	"strings"
)

//go:embed *.json bad/*.json
var files embed.FS

// The files of the patterns. No sample's name begins with patternPrefix.
const (
	patternPrefix = "pattern"
	patternFile   = "pattern.json"
	labelsFile    = "pattern-labels.json"
	grantsFile    = "pattern-grants.json"
)

// Sample is one event file.
type Sample struct {
	// Name is the file's name without folder and ".json", e.g. "create-key-console".
	Name string
	// JSON is the file's content, one event; for samples of Bad it may be no JSON at all.
	JSON []byte
}

// Pattern returns the event pattern, in the language of EventBridge rules
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
func Pattern() []byte { return mustRead(patternFile) }

// LabelPattern returns the pattern for calls that change aliases and tags. It is for configurations
// whose rules or exemptions ask for them.
func LabelPattern() []byte { return mustRead(labelsFile) }

// GrantPattern returns the pattern for calls that make grants, but for those that an AWS service makes.
func GrantPattern() []byte { return mustRead(grantsFile) }

// NoticePattern returns the pattern for successful calls of some names, such as DisableKey.
func NoticePattern(calls []string) []byte {
	names, err := json.Marshal(calls)
	if err != nil {
		panic(err) // texts always marshal
	}
	return bytes.Replace(mustRead(labelsFile), []byte(`["CreateAlias", "UpdateAlias", "DeleteAlias", "TagResource", "UntagResource"]`), names, 1)
}

// Samples returns the events that may reach the guardrail, matched by the pattern or
// not, sorted by name.
func Samples() []Sample { return list(".") }

// Bad returns the events that nobody should act on, sorted by name.
func Bad() []Sample { return list("bad") }

// Read returns the event of the sample with that name, from Samples only. The error
// names the sample when there is none.
func Read(name string) ([]byte, error) {
	for _, sample := range Samples() {
		if sample.Name == name {
			return sample.JSON, nil
		}
	}
	return nil, fmt.Errorf("no sample event %q", name)
}

func list(folder string) []Sample {
	entries, err := files.ReadDir(folder)
	if err != nil {
		panic(err) // the folders are compiled in
	}
	var samples []Sample
	for _, entry := range entries {
		if entry.IsDir() || strings.HasPrefix(entry.Name(), patternPrefix) {
			continue
		}
		samples = append(samples, Sample{
			Name: strings.TrimSuffix(entry.Name(), ".json"),
			JSON: mustRead(path.Join(folder, entry.Name())),
		})
	}
	return samples
}

func mustRead(name string) []byte {
	content, err := files.ReadFile(name)
	if err != nil {
		panic(err) // the files are compiled in
	}
	return content
}
