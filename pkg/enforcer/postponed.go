package enforcer

import "time"

// Postponed is an event that is to be handled again later.
type Postponed struct {
	KeyARN  string    `json:"keyArn"`
	EventID string    `json:"eventId"`
	Due     time.Time `json:"due"`
	// Event is the EventBridge event, verbatim.
	Event []byte `json:"event"`
}
