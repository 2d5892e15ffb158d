package app

import (
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/killswitch"
)

// SetNonce sets what tells invocations apart that share a request id.
func (h *Handler) SetNonce(nonce func() string) { h.nonce = nonce }

// NewSwitched returns the handler of a configuration that repairs, with the kill switch and the
// clock of a test.
func NewSwitched(aws aws.Config, settings Settings, log *slog.Logger, parameter killswitch.Parameter, now func() time.Time, with ...func(*s3.Options)) (*Handler, error) {
	c, topic, err := enforcerConfig(aws, settings, log, with...)
	if err != nil {
		return nil, err
	}
	c.Now = now
	return NewHandler(newSwitched(c, parameter, topic), log), nil
}
