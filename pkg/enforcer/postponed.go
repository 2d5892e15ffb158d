package enforcer

import (
	"strings"
	"time"
)

// Postponed is an event that is to be handled again later.
type Postponed struct {
	KeyARN  string    `json:"keyArn"`
	EventID string    `json:"eventId"`
	Due     time.Time `json:"due"`
	// Event is the EventBridge event, verbatim.
	Event []byte `json:"event"`
}

// partitionOf returns the partition of an ARN.
func partitionOf(arn string) string {
	_, rest, _ := strings.Cut(arn, ":")
	partition, _, _ := strings.Cut(rest, ":")
	return partition
}
