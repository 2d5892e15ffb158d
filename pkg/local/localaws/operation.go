package localaws

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"
)

// operation runs one KMS operation while the cloud is locked. The output is
// marshalled; nil is an empty answer.
type operation func(c *Cloud, req *request) (output any, err error)

// operations are the KMS operations that exist here.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_Operations.html
var operations = map[string]operation{
	"CreateAlias":         withInput((*Cloud).createAlias),
	"CreateKey":           withInput((*Cloud).createKey),
	"DescribeKey":         withInput((*Cloud).describeKey),
	"GetKeyPolicy":        withInput((*Cloud).getKeyPolicy),
	"ListAliases":         withInput((*Cloud).listAliases),
	"ListKeyPolicies":     withInput((*Cloud).listKeyPolicies),
	"ListKeys":            withInput((*Cloud).listKeys),
	"ListResourceTags":    withInput((*Cloud).listResourceTags),
	"PutKeyPolicy":        withInput((*Cloud).putKeyPolicy),
	"ReplicateKey":        withInput((*Cloud).replicateKey),
	"ScheduleKeyDeletion": withInput((*Cloud).scheduleKeyDeletion),
	"TagResource":         withInput((*Cloud).tagResource),
	"UpdatePrimaryRegion": withInput((*Cloud).updatePrimaryRegion),
}

// readOnly tells whether CloudTrail marks the operation as read-only. Only
// the others become events: EventBridge gets read-only management events only
// on request.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail-management.html
func readOnly(operation string) bool {
	for _, verb := range []string{"Describe", "Get", "List"} {
		if strings.HasPrefix(operation, verb) {
			return true
		}
	}
	return false
}

// withInput decodes the body into the operation's own input.
func withInput[In any](run func(*Cloud, *request, In) (any, error)) operation {
	return func(c *Cloud, req *request) (any, error) {
		var in In
		if body := bytes.TrimSpace(req.body); len(body) > 0 {
			if err := json.Unmarshal(body, &in); err != nil {
				return nil, refuse("SerializationException", "%v", err)
			}
		}
		return run(c, req, in)
	}
}

// epoch is a time as AWS JSON writes it: seconds since 1970 with fraction.
type epoch time.Time

// MarshalJSON writes milliseconds as the fraction.
func (e epoch) MarshalJSON() ([]byte, error) {
	return json.Marshal(float64(time.Time(e).UnixMilli()) / 1000)
}
