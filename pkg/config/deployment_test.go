package config_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

func TestTheDeploymentIsRead(t *testing.T) {
	for _, row := range []struct {
		because, text string
		want          config.Deployment
	}{
		{"what is left out has its default", least, config.DefaultDeployment()},
		{"every key can be set", full(t), config.Deployment{
			HomeRegion: "eu-central-1", Regions: []string{"eu-central-1", "us-east-1"},
			Notify:  config.DeploymentNotify{Mail: []string{"security@example.com"}},
			Sweep:   config.DeploymentSweep{Every: 12 * time.Hour},
			Archive: config.DeploymentArchive{Bucket: "kms-archive-111122223333", Owner: "444455556666", RetentionDays: 400, ObjectLock: config.Compliance, Writers: []string{"arn:aws:iam::111122223333:role/KeyOperator"}, Deployers: []string{"arn:aws:iam::111122223333:role/Pipeline*"}}, Concurrency: 9,
		}},
		{"a home is guarded", least + "deployment: {homeRegion: eu-central-1}\n", func() config.Deployment {
			d := config.DefaultDeployment()
			d.HomeRegion, d.Regions = "eu-central-1", []string{"eu-central-1"}
			return d
		}()},
		{"a retention as long as the window is enough", least + "repair: {budget: {window: 1d}}\ndeployment: {archive: {retentionDays: 1}}\n", func() config.Deployment {
			d := config.DefaultDeployment()
			d.Archive.RetentionDays = 1
			return d
		}()},
	} {
		_, got, err := config.ReadDeployment("g.yaml", []byte(row.text), time.Time{})
		if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", row.because, err, diff)
		}
	}
}

// TestDatesTooFarAwayAreRefusedBeforeADeployment: a function that starts does not ask.
func TestDatesTooFarAwayAreRefusedBeforeADeployment(t *testing.T) {
	const text = least + "exemptions:\n  - {name: a, match: {accounts: [111122223333]}, owner: a, reason: a, critical: true, codes: [public-access], expires: 2027-03-01}\n"
	_, _, err := config.ReadDeployment("g.yaml", []byte(text), time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC))
	const want = "g.yaml:4:120: critical findings are excused for at most 30 days: the last day can be 2027-01-31"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if _, _, err := config.ReadDeployment("g.yaml", []byte(text), time.Date(2027, 2, 1, 12, 0, 0, 0, time.UTC)); err != nil {
		t.Errorf("a month later: %v", err)
	}
	if _, err := config.Read("g.yaml", []byte(text)); err != nil {
		t.Errorf("a function that starts: %v", err)
	}
}
