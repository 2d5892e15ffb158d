package trail

import (
	"strings"
	"time"
)

// readers says who reads which envelope, by source and detail-type. An envelope of
// another source is refused; one of a known source but another detail-type is ignored.
// The rule lets events of AWS pass only; a sweep's messages reach the queue without it.
var readers = map[string]map[string]func(envelope object) (Event, error){
	"aws.kms":   {"AWS API Call via CloudTrail": readAPICall},
	sweepSource: {sweepDetailType: readSweptKey},
}

// Decode reads one event. The error, if any, is an [*Error]; the Event then has at
// most ID, Name, Time and Actor, so that a log line can tell which event it was.
// When Event.Ignored is empty, the Event names a key and agrees with itself.
func Decode(raw []byte) (Event, error) {
	envelope, err := parse(raw)
	if err != nil {
		return Event{}, err
	}
	event, err := readEnvelope(envelope)
	call := Event{ID: event.ID, Name: event.Name, Time: event.Time, Actor: event.Actor}
	if fault := envelope.faults.first; fault != nil {
		return call, fault // a wrong type read as empty: what was concluded from it is void
	}
	if err != nil {
		return call, err
	}
	return event, nil
}

func readEnvelope(envelope object) (Event, error) {
	source, detailType := envelope.text("source"), envelope.text("detail-type")
	if source == "" || detailType == "" {
		return Event{}, refuse(CodeNotEvent, "source or detail-type is missing; expected an EventBridge event (SNS subscriptions need raw message delivery)")
	}
	byDetailType, ok := readers[source]
	if !ok {
		return Event{}, refuse(CodeSource, "source is %s; check the rule's pattern and who may write to the queue", quote(source))
	}
	read, ok := byDetailType[detailType]
	if !ok {
		return Event{Name: printable(detailType), Ignored: NotAPICall}, nil
	}
	return read(envelope)
}

// readAPICall reads the envelope of a CloudTrail record of one API call.
func readAPICall(envelope object) (Event, error) {
	record := envelope.object("detail")
	if !record.present() {
		return Event{}, refuse(CodeNotEvent, "detail is missing; expected a CloudTrail record")
	}
	if err := checkRecordKind(record); err != nil {
		return Event{}, err
	}
	event, err := readCall(record)
	if err != nil {
		return Event{}, err
	}
	at, err := readHome(envelope, record)
	if err != nil {
		return event, err
	}
	event.EventRegion = at.region

	resolve, known := operations[event.Name]
	switch eventType := record.text("eventType"); {
	case eventType != "" && eventType != "AwsApiCall":
		event.Ignored = NotAPICall
	case !known:
		event.Ignored = UnhandledOperation
	case record.text("errorCode") != "":
		event.Ignored = FailedCall
	}
	if event.Ignored != "" {
		return event, nil
	}
	found, err := resolve(record, at)
	if err != nil {
		return event, err
	}
	return complete(event, record, found)
}

// checkRecordKind makes sure that the record is one that this package knows how to read.
func checkRecordKind(record object) error {
	if source := record.text("eventSource"); source != "kms.amazonaws.com" {
		return refuse(CodeSource, "%s is %s", record.at("eventSource"), quote(source))
	}
	version := record.text("eventVersion")
	if major, _, _ := strings.Cut(version, "."); major != "1" {
		return refuse(CodeVersion, "%s is %s, only 1.x is known; a newer guardrail may know it", record.at("eventVersion"), quote(version))
	}
	return nil
}

// readCall reads what every record has: which call, when, by whom.
func readCall(record object) (Event, error) {
	id := record.text("eventID")
	if !isID(id) {
		return Event{}, refuse(CodeMalformed, "%s is not an event id: %s", record.at("eventID"), quote(id))
	}
	when, err := time.Parse(time.RFC3339, record.text("eventTime"))
	if err != nil {
		return Event{}, refuse(CodeMalformed, "%s is not a time: %s", record.at("eventTime"), quote(record.text("eventTime")))
	}
	name := record.text("eventName")
	if name == "" {
		return Event{}, refuse(CodeMalformed, "%s is missing", record.at("eventName"))
	}
	when = when.UTC()
	return Event{ID: id, Name: printable(name), Time: when, Actor: readActor(record, id, when)}, nil
}

// home is where a call was recorded: the account and Region of the event.
type home struct{ account, region, partition string }

// readPlace reads account and Region from the envelope.
func readPlace(envelope object) (home, error) {
	account, region := envelope.text("account"), envelope.text("region")
	if !isAccount(account) {
		return home{}, refuse(CodeMalformed, "account is not twelve digits: %s", quote(account))
	}
	if !isRegion(region) {
		return home{}, refuse(CodeMalformed, "region is not the name of a Region: %s", quote(region))
	}
	partition, err := partitionOf(region)
	if err != nil {
		return home{}, err
	}
	return home{account: account, region: region, partition: partition}, nil
}

// readHome reads account and Region from the envelope; the record must say the same.
func readHome(envelope, record object) (home, error) {
	at, err := readPlace(envelope)
	if err != nil {
		return home{}, err
	}
	if recorded := record.text("awsRegion"); recorded != at.region {
		return home{}, refuse(CodeDisagreement, "the event is of Region %s, %s is %s", at.region, record.at("awsRegion"), quote(recorded))
	}
	if recipient := record.text("recipientAccountId"); recipient != "" && recipient != at.account {
		return home{}, refuse(CodeDisagreement, "the event is of account %s, %s is %s",
			at.account, record.at("recipientAccountId"), quote(recipient))
	}
	return at, nil
}

// complete adds the key and what the record says of its policy.
func complete(event Event, record object, found subject) (Event, error) {
	if len(found.policy) > maxPolicyBytes {
		return event, refuse(CodeTooLarge, "the policy in the record has %d bytes, more than %d", len(found.policy), maxPolicyBytes)
	}
	event.KeyARN = found.key.String()
	event.Account = found.key.account
	event.Region = found.key.region
	event.Partition = found.key.partition
	event.PolicyText, event.Grant = found.policy, found.grant

	// Older records mark what was cut with a member "omitted".
	parameters := record.object("requestParameters")
	event.ParametersOmitted = !parameters.present() || parameters.truth("omitted")
	event.BypassLockoutCheck = parameters.truth("bypassPolicyLockoutSafetyCheck")

	if found.manager == "AWS" {
		event.Ignored = AWSManagedKey
	}
	return event, nil
}
