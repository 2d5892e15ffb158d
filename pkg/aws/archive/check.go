package archive

import (
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
)

// maxIdentity bounds the names of holders and events.
const maxIdentity = 1024

// checked returns the key of a record that can be archived as it is, with limits that
// make sense.
func checked(r enforcer.Record, l enforcer.Limits) (key, error) {
	k, err := parseKey(r.KeyARN)
	if err != nil {
		return key{}, err
	}
	age := r.Time.Sub(r.EventTime)
	switch {
	case r.Time.IsZero() || r.EventTime.IsZero():
		return key{}, refuse("the record has no time")
	case age > maxEventAge:
		return key{}, fmt.Errorf("%w: it is %s old", enforcer.ErrTooOld, age)
	case age < -skew:
		return key{}, refuse("the event is of %s, which is in the future", r.EventTime.Format(time.RFC3339))
	case !isIdentity(r.Holder) || !isIdentity(r.EventID):
		return key{}, refuse("the record's holder and event id are 1 to %d bytes of text", maxIdentity)
	case r.Before.Text == "" || r.After.Text == "":
		return key{}, refuse("the record has no policy")
	case !utf8.ValidString(r.Before.Text) || !utf8.ValidString(r.After.Text):
		return key{}, refuse("the policy is not UTF-8, so JSON would not keep it as it is")
	case l.Budget < 1 || l.Budget > maxNumber:
		return key{}, refuse("the budget is 1 to %d repairs, not %d", maxNumber, l.Budget)
	case l.AccountPerHour < 1 || l.AccountPerHour > maxNumber || l.TotalPerHour < 1 || l.TotalPerHour > maxNumber:
		return key{}, refuse("the hourly limits are 1 to %d repairs, not %d and %d", maxNumber, l.AccountPerHour, l.TotalPerHour)
	case l.Window < minWindow || l.Window > maxWindow || l.Window%time.Second != 0:
		return key{}, refuse("the budget's window is %s to %s in whole seconds, not %s", minWindow, maxWindow, l.Window)
	}
	return k, nil
}

func isIdentity(text string) bool {
	return text != "" && len(text) <= maxIdentity && utf8.ValidString(text)
}
