package archive

import (
	"context"
	"errors"
	"regexp"
	"time"
)

// place is the account and Region of a name.
var place = regexp.MustCompile(`^[0-9]{12}/[a-z0-9-]{1,32}$`)

// sweeps is the folder of the last complete sweeps, one an account and Region.
const sweeps = "sweep/"

// sweepBody is a complete sweep.
type sweepBody struct {
	SweepID           string    `json:"sweepId"`
	Time              time.Time `json:"time"`
	ConfigurationHash string    `json:"configurationHash"`
}

// Sweeps remembers the last complete sweep of an account and Region. It implements what
// package sweeper needs.
type Sweeps struct {
	objects objects
	name    string
}

// Sweeps returns the memory of the sweeps of an account and Region. An error says which of
// the two is none.
func (a *Archive) Sweeps(account, region string) (*Sweeps, error) {
	if !place.MatchString(account + "/" + region) {
		return nil, refuse("%.40q and %.40q are not the names of an account and a Region", account, region)
	}
	return &Sweeps{objects: a.objects, name: sweeps + account + "/" + region}, nil
}

// LastSweep returns the configuration's hash of the last complete sweep, "" if there was
// none, with one GetObject call. An object that is corrupt is an error.
func (s *Sweeps) LastSweep(ctx context.Context) (configurationHash string, err error) {
	text, _, err := s.objects.read(ctx, s.name)
	switch {
	case errors.Is(err, errAbsent):
		return "", nil
	case err != nil:
		return "", err
	}
	body, err := decode[sweepBody](s.name, text)
	return body.ConfigurationHash, err
}

// SaveSweep replaces the last complete sweep with one PutObject call. Of two sweeps at the
// same time the later call counts: if theirs are two configurations, the next sweep under
// the other one is a first one, which is the safe side.
func (s *Sweeps) SaveSweep(ctx context.Context, sweepID string, at time.Time, configurationHash string) error {
	return overwriteBody(ctx, s.objects, s.name, sweepBody{SweepID: sweepID, Time: at.UTC(), ConfigurationHash: configurationHash})
}
