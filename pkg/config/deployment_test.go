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
			Notify:  config.DeploymentNotify{Mail: []string{"security@example.com"}},
			Sweep:   config.DeploymentSweep{Every: 12 * time.Hour},
			Archive: config.DeploymentArchive{RetentionDays: 400, ObjectLock: config.Compliance, Writers: []string{"arn:aws:iam::111122223333:role/KeyOperator"}, Deployers: []string{"arn:aws:iam::111122223333:role/Pipeline*"}}, Concurrency: 9,
		}},
		{"a retention as long as the window is enough", least + "repair: {budget: {window: 1d}}\ndeployment: {archive: {retentionDays: 1}}\n", func() config.Deployment {
			d := config.DefaultDeployment()
			d.Archive.RetentionDays = 1
			return d
		}()},
	} {
		_, got, err := config.ReadDeployment("g.yaml", []byte(row.text))
		if diff := cmp.Diff(row.want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", row.because, err, diff)
		}
	}
}
