package trail

import (
	"encoding/json"
	"time"
)

// The envelope of a sweep's key message.
const (
	sweepSource     = "kms-guardrail"
	sweepDetailType = "KMS Key Sweep"
	// sweepName is Event.Name of such a message.
	sweepName = "Sweep"
	// maxSweepID bounds a sweep's id, so that Event.ID stays short.
	maxSweepID = 64
)

// SweptKey is a key that a sweep wants to have judged: the message that the sweep puts on
// the queue of events. [SweptKey.Encode] writes it and [Decode] reads it.
type SweptKey struct {
	// KeyARN is a full key ARN. Account and Region of the message are the key's.
	KeyARN string
	// SweepID names the sweep: 1 to 64 letters, digits and hyphens.
	SweepID string
	// Time is when the sweep began. Fractions of a second are cut off.
	Time time.Time
	// ConfigurationHash is that of the configuration under which a sweep was completed
	// before: only under this one may the key be repaired because of the message. "" is none.
	ConfigurationHash string
}

// id is the same for the same key and sweep, so that duplicates of a message can be told.
func (s SweptKey) id(key keyRef) string { return s.SweepID + "-" + key.id }

// Encode returns the message, an EventBridge event in form: source "kms-guardrail",
// detail-type "KMS Key Sweep". The error is an [*Error], about the field that is not as it
// must be.
func (s SweptKey) Encode() ([]byte, error) {
	key, err := s.check("KeyARN", "SweepID", "ConfigurationHash")
	if err != nil {
		return nil, err
	}
	type detail struct {
		KeyARN            string `json:"keyArn"`
		SweepID           string `json:"sweepId"`
		ConfigurationHash string `json:"configurationHash,omitempty"`
	}
	text, err := json.Marshal(struct {
		Version    string   `json:"version"`
		ID         string   `json:"id"`
		DetailType string   `json:"detail-type"`
		Source     string   `json:"source"`
		Account    string   `json:"account"`
		Time       string   `json:"time"`
		Region     string   `json:"region"`
		Resources  []string `json:"resources"`
		Detail     detail   `json:"detail"`
	}{
		"0", s.id(key), sweepDetailType, sweepSource, key.account, s.Time.UTC().Format(time.RFC3339), key.region, []string{},
		detail{s.KeyARN, s.SweepID, s.ConfigurationHash},
	})
	if err != nil {
		return nil, refuse(CodeMalformed, "the message is no JSON: %s", err.Error()) // cannot be: it has texts only
	}
	return text, nil
}

// check returns the key; the places are those of the fields, for messages.
func (s SweptKey) check(keyPlace, idPlace, hashPlace string) (keyRef, error) {
	if !isID(s.SweepID) || len(s.SweepID) > maxSweepID {
		return keyRef{}, refuse(CodeMalformed, "%s is not the id of a sweep: %s", idPlace, quote(s.SweepID))
	}
	if s.ConfigurationHash != "" && !isHash(s.ConfigurationHash) {
		return keyRef{}, refuse(CodeMalformed, "%s is not the hash of a configuration: %s", hashPlace, quote(s.ConfigurationHash))
	}
	if s.KeyARN == "" {
		return keyRef{}, refuse(CodeNoKey, "%s is missing", keyPlace)
	}
	return parseKeyARN(keyPlace, s.KeyARN)
}

// readSweptKey reads the envelope of a sweep's key message.
func readSweptKey(envelope object) (Event, error) {
	detail := envelope.object("detail")
	if !detail.present() {
		return Event{}, refuse(CodeNotEvent, "detail is missing; expected a key that a sweep found")
	}
	when, err := time.Parse(time.RFC3339, envelope.text("time"))
	if err != nil {
		return Event{}, refuse(CodeMalformed, "time is not a time: %s", quote(envelope.text("time")))
	}
	at, err := readPlace(envelope)
	if err != nil {
		return Event{}, err
	}
	swept := SweptKey{
		KeyARN: detail.text("keyArn"), SweepID: detail.text("sweepId"), ConfigurationHash: detail.text("configurationHash"),
	}
	key, err := swept.check(detail.at("keyArn"), detail.at("sweepId"), detail.at("configurationHash"))
	if err != nil {
		return Event{}, err
	}
	id := swept.id(key)
	event := Event{ID: id, Name: sweepName, Time: when.UTC(), Actor: Actor{EventID: id, EventTime: when.UTC()}}
	if err := at.owns(key); err != nil {
		return event, err
	}
	event.EventRegion, event.KeyARN = at.region, key.String()
	event.Account, event.Region, event.Partition = key.account, key.region, key.partition
	event.ParametersOmitted = true
	event.SweepID, event.SweptConfiguration = swept.SweepID, swept.ConfigurationHash
	return event, nil
}

// isHash: a SHA-256 in hexadecimal digits, as guardrail writes it.
func isHash(text string) bool {
	return len(text) == 64 && consistsOf(text, func(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'f' })
}
