package localaws

import (
	"maps"
	"strconv"
	"time"
)

type scheduleKeyDeletionInput struct {
	KeyId               *string
	PendingWindowInDays *int
}

// scheduleKeyDeletion: https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
func (c *Cloud) scheduleKeyDeletion(req *request, in scheduleKeyDeletionInput) (any, error) {
	window := 30
	if in.PendingWindowInDays != nil {
		window = *in.PendingWindowInDays
	}
	req.params = object{"keyId": in.KeyId, "pendingWindowInDays": window}
	if window < 7 || window > 30 {
		return nil, invalid("PendingWindowInDays must be between 7 and 30.")
	}
	k, err := c.findOwn(req, in.KeyId)
	if err != nil {
		return nil, err
	}
	extra := contextOf("kms:ScheduleKeyDeletionPendingWindowInDays", strconv.Itoa(window))
	if err := c.authorize(req, "kms:ScheduleKeyDeletion", k, extra); err != nil {
		return nil, err
	}
	if err := k.usable(); err != nil {
		return nil, err
	}
	if k.stateAt(req.time) == "Updating" {
		return nil, refuse("KMSInvalidStateException", "%s is updating.", k.arn)
	}
	k.window, k.state, k.deletion = window, "PendingDeletion", req.time.AddDate(0, 0, window)
	if k.primary() && len(c.family(k)) > 1 {
		k.state, k.deletion = "PendingReplicaDeletion", time.Time{}
	}
	output := object{"KeyId": k.arn, "KeyState": k.state, "PendingWindowInDays": window}
	req.elements = object{"keyId": k.arn, "keyState": k.state, "pendingWindowInDays": window}
	if !k.deletion.IsZero() {
		output["DeletionDate"] = epoch(k.deletion)
		req.elements["deletionDate"] = recordedTime(k.deletion)
	}
	return output, nil
}

// usable refuses a key that waits for its deletion.
// https://docs.aws.amazon.com/kms/latest/developerguide/key-state.html
func (k *key) usable() error {
	if k.state == "PendingDeletion" || k.state == "PendingReplicaDeletion" {
		return refuse("KMSInvalidStateException", "%s is pending deletion.", k.arn)
	}
	return nil
}

// expire removes the keys whose waiting period is over, with their aliases. A
// primary key that waited for its replicas starts its own waiting period.
// https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html
func (c *Cloud) expire() {
	now := c.now()
	maps.DeleteFunc(c.keys, func(_ string, k *key) bool {
		return !k.deletion.IsZero() && !now.Before(k.deletion)
	})
	maps.DeleteFunc(c.aliases, func(_ string, a *alias) bool { return c.keys[a.target.arn] == nil })
	for _, k := range c.keys {
		if k.state == "PendingReplicaDeletion" && len(c.family(k)) == 1 {
			k.state = "PendingDeletion"
			k.deletion = now.AddDate(0, 0, k.window)
		}
	}
}
