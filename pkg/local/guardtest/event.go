package guardtest

import (
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
)

// madeUp counts the events of all tests: no two have the same id.
var madeUp atomic.Int64

// PutEvent makes up the event of a PutKeyPolicy call, which somebody made who may have made it
// up as well. Each has another id. It panics if keyARN is no ARN.
func PutEvent(keyARN, text string, at time.Time) []byte {
	key, err := arn.Parse(keyARN)
	if err != nil {
		panic(err)
	}
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": "e-1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.kms",
		"account": key.AccountID, "time": at.Format(time.RFC3339), "region": key.Region, "resources": []string{},
		"detail": map[string]any{
			"eventVersion": "1.11", "userIdentity": map[string]any{"type": "IAMUser", "arn": "arn:aws:iam::" + key.AccountID + ":user/Mallory"},
			"eventTime": at.Format(time.RFC3339), "eventSource": "kms.amazonaws.com", "eventName": "PutKeyPolicy", "awsRegion": key.Region,
			"sourceIPAddress": "192.0.2.7", "userAgent": "made-up/1.0",
			"requestParameters": map[string]any{"keyId": keyARN, "policyName": "default", "policy": text},
			"eventID":           fmt.Sprint("made-up-", madeUp.Add(1)), "eventType": "AwsApiCall",
		},
	})
	if err != nil {
		panic(err)
	}
	return event
}
