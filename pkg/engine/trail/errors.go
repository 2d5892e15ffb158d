package trail

import (
	"fmt"
	"strconv"
)

// Code is the class of an [Error]. The values are stable: they appear in outcomes
// and as metric labels.
type Code string

// The codes.
const (
	// CodeMalformed: not one JSON object in valid UTF-8; the same member name twice in
	// an object; a member that is needed is missing or of the wrong type or grammar.
	CodeMalformed Code = "malformed-event"
	// CodeTooLarge: longer than [MaxEventBytes], or a policy longer than maxPolicyBytes.
	CodeTooLarge Code = "event-too-large"
	// CodeTooDeep: nested deeper than maxDepth.
	CodeTooDeep Code = "event-too-deep"
	// CodeNotEvent: a JSON object, but not an EventBridge event with a CloudTrail
	// record or a swept key in it: source, detail-type or detail is missing.
	CodeNotEvent Code = "not-an-event"
	// CodeSource: the event or the record comes from another service. The rule or the
	// queue's policy lets in what it should not.
	CodeSource Code = "unexpected-source"
	// CodeVersion: the record's major eventVersion is not 1. CloudTrail raises it when
	// members change their meaning, and advises to compare it.
	CodeVersion Code = "unsupported-event-version"
	// CodeNoKey: a successful call of a known operation, or a swept key, that names no key.
	CodeNoKey Code = "no-key"
	// CodeKeyReference: something that should name a key is not a key id or key ARN.
	CodeKeyReference Code = "invalid-key-reference"
	// CodeDisagreement: account, Region, partition or key differ between two places
	// of the event.
	CodeDisagreement Code = "event-disagrees"
	// CodePartition: the Region lies in a partition that the guardrail does not know.
	CodePartition Code = "unsupported-partition"
)

// Error is an event that Decode refuses.
type Error struct {
	Code Code
	// Detail says where and what, for people. Text of the event in it is quoted and
	// cut, so that the message stays on one line and under 1 KiB.
	Detail string
}

// Error returns code and detail on one line.
func (e *Error) Error() string { return "decoding event: " + string(e.Code) + ": " + e.Detail }

func refuse(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Detail: fmt.Sprintf(format, args...)}
}

// quote makes text of the event fit for a message.
func quote(text string) string { return strconv.Quote(clip(text, 128)) }
