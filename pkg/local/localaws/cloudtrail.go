package localaws

import (
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// trail is what CloudTrail recorded.
type trail struct {
	events    [][]byte // EventBridge envelopes, oldest first
	delivered int      // how many of them Deliver has taken
}

// maxRecordedField is the size from which CloudTrail omits requestParameters
// and responseElements.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
const maxRecordedField = 100 * 1024

// followUp is a further record of a call, in another Region.
type followUp struct {
	operation, region string
	keyARN            string // "" leaves resources out
	params, elements  object
}

// Events returns every event so far, oldest first: CloudTrail's record in
// EventBridge's envelope, as a rule's target gets it.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
func (c *Cloud) Events() [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([][]byte(nil), c.trail.events...)
}

// record writes the records of one call. The caller holds mu.
// https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html
func (c *Cloud) record(req *request, err error) {
	detail := c.detail(req, req.operation, req.region, userIdentity(req.caller))
	detail["requestParameters"], detail["responseElements"] = recordable(req.params), recordable(req.elements)
	c.addResources(detail, req.keyARN, req.aliasARN)
	var failure *apiError
	if errors.As(err, &failure) {
		detail["errorCode"], detail["errorMessage"] = failure.code, failure.message
		detail["responseElements"] = nil
		switch failure.code {
		case "AccessDeniedException": // CloudTrail's name for it; see the package doc
			detail["errorCode"], detail["requestParameters"] = "AccessDenied", nil
			delete(detail, "resources")
		case "NotFoundException":
			delete(detail, "resources")
		}
	}
	c.emit(detail)
	if err != nil {
		return
	}
	for _, more := range req.followUps {
		identity := userIdentity(req.caller)
		identity["invokedBy"] = "kms.amazonaws.com"
		detail := c.detail(req, more.operation, more.region, identity)
		detail["userAgent"] = "AWS Internal"
		detail["requestParameters"], detail["responseElements"] = recordable(more.params), recordable(more.elements)
		c.addResources(detail, more.keyARN, "")
		c.emit(detail)
	}
}

// detail starts a record.
// https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
func (c *Cloud) detail(req *request, operation, region string, identity object) object {
	detail := object{
		"eventVersion": "1.11", "userIdentity": identity, "eventTime": req.time.Format(time.RFC3339),
		"eventSource": "kms.amazonaws.com", "eventName": operation, "awsRegion": region,
		"sourceIPAddress": req.address, "userAgent": req.agent, "requestID": req.id, "eventID": c.uuid(),
		"readOnly": false, "eventType": "AwsApiCall", "managementEvent": true,
		"recipientAccountId": req.caller.account.ID, "eventCategory": "Management",
	}
	if req.caller.console {
		detail["sessionCredentialFromConsole"], detail["userAgent"] = "true", "AWS Internal"
	}
	if service := req.caller.invokedBy; service != "" {
		detail["sourceIPAddress"], detail["userAgent"] = service, service
	}
	return detail
}

// userIdentity: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html
func userIdentity(cred *credential) object {
	identity := object{"type": "Root", "principalId": cred.userID(), "arn": cred.identity.ARN,
		"accountId": cred.account.ID, "accessKeyId": cred.identity.AccessKeyID}
	attributes := object{"creationDate": cred.issued.Format(time.RFC3339), "mfaAuthenticated": "false"}
	switch cred.kind() {
	case "User":
		identity["type"], identity["userName"] = "IAMUser", cred.principal.name
	case "AssumedRole":
		identity["type"] = "AssumedRole"
		identity["sessionContext"] = object{"attributes": attributes, "sessionIssuer": object{
			"type": "Role", "principalId": cred.principal.uniqueID, "arn": cred.principal.arn,
			"accountId": cred.account.ID, "userName": cred.principal.name}}
	}
	if cred.console && identity["sessionContext"] == nil { // a console session of a user or the root user has no issuer
		identity["sessionContext"] = object{"attributes": attributes}
	}
	if cred.invokedBy != "" {
		identity["invokedBy"] = cred.invokedBy
	}
	return identity
}

func (c *Cloud) addResources(detail object, keyARN, aliasARN string) {
	var resources []object
	if arn, ok := parseKMSARN(keyARN); ok {
		resources = append(resources, object{"accountId": arn.account, "type": "AWS::KMS::Key", "ARN": keyARN})
	}
	if arn, ok := parseKMSARN(aliasARN); ok {
		resources = append(resources, object{"accountId": arn.account, "ARN": aliasARN})
	}
	if resources != nil {
		detail["resources"] = resources
	}
}

// emit puts the record into an envelope and queues it for the rules.
func (c *Cloud) emit(detail object) {
	event, err := json.Marshal(object{
		"version": "0", "id": c.uuid(), "detail-type": "AWS API Call via CloudTrail", "source": "aws.kms",
		"account": detail["recipientAccountId"], "time": detail["eventTime"], "region": detail["awsRegion"],
		"resources": []string{}, "detail": detail,
	})
	if err != nil { // strings, numbers and maps always marshal
		panic("localaws: " + err.Error())
	}
	c.trail.events = append(c.trail.events, event)
}

// recordable leaves out what CloudTrail finds too large.
func recordable(o object) object {
	text, err := json.Marshal(o)
	if err != nil {
		panic("localaws: " + err.Error())
	}
	if len(text) > maxRecordedField {
		return nil
	}
	return o
}

// record is the requestParameters of CreateKey.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-createkey.html
func (in *createKeyInput) record() object {
	o := object{"description": in.Description, "keyUsage": in.KeyUsage, "keySpec": in.KeySpec,
		"customerMasterKeySpec": in.KeySpec, "origin": in.Origin,
		"bypassPolicyLockoutSafetyCheck": isTrue(in.BypassPolicyLockoutSafetyCheck)}
	if in.Policy != nil {
		o["policy"] = *in.Policy
	}
	if in.MultiRegion {
		o["multiRegion"] = true
	}
	if len(in.Tags) > 0 {
		o["tags"] = recordedTags(in.Tags)
	}
	if in.CustomKeyStoreId != "" {
		o["customKeyStoreId"] = in.CustomKeyStoreId
	}
	if in.XksKeyId != "" {
		o["xksKeyId"] = in.XksKeyId
	}
	return o
}

// record is the requestParameters of ReplicateKey.
// https://docs.aws.amazon.com/kms/latest/developerguide/ct-replicate-key.html
func (in *replicateKeyInput) record() object {
	o := object{"keyId": in.KeyId, "replicaRegion": in.ReplicaRegion, "description": in.Description,
		"bypassPolicyLockoutSafetyCheck": isTrue(in.BypassPolicyLockoutSafetyCheck)}
	if in.Policy != nil {
		o["policy"] = *in.Policy
	}
	if len(in.Tags) > 0 {
		o["tags"] = recordedTags(in.Tags)
	}
	return o
}

func recordedTags(tags []tag) []object {
	list := []object{}
	for _, t := range tags {
		list = append(list, object{"tagKey": t.TagKey, "tagValue": t.TagValue})
	}
	return list
}

func (c *Cloud) recordedMetadata(k *key) object { return recordedObject(c.metadata(k)) }

// recordedObject writes an answer as CloudTrail does: member names with a
// small first letter ("aWSAccountId"), times as text.
func recordedObject(answer object) object {
	o := object{}
	for name, value := range answer {
		o[strings.ToLower(name[:1])+name[1:]] = recorded(value)
	}
	return o
}

func recorded(v any) any {
	switch v := v.(type) {
	case object:
		return recordedObject(v)
	case []object:
		list := []any{}
		for _, item := range v {
			list = append(list, recorded(item))
		}
		return list
	case epoch:
		return recordedTime(time.Time(v))
	}
	return v
}

// recordedTime is a time inside CloudTrail's responseElements.
func recordedTime(t time.Time) string { return t.UTC().Format("Jan 2, 2006, 3:04:05 PM") }
