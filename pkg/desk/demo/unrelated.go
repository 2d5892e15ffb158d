package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"
)

// playUnrelated lets two things happen to a story's key that change no key policy: its
// owner tags it, and mallory tries to put a policy on it and may not. It is an error if
// the event pattern passes one of their events to the guardrail.
func (w *world) playUnrelated(ctx context.Context, s *story) error {
	p := w.place(s)
	_, err := kms.NewFromConfig(w.cloud.Config(p.owner, p.region)).TagResource(ctx, &kms.TagResourceInput{
		KeyId: &s.arn, Tags: []types.Tag{{TagKey: aws.String("team"), TagValue: aws.String("payments")}},
	})
	if err != nil {
		return fmt.Errorf("tagging a key: %w", err)
	}
	_, err = kms.NewFromConfig(w.cloud.Config(p.mallory, p.region)).PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{
		KeyId: &s.arn, Policy: aws.String(with(s.generated(p), `"Effect" : "Allow"`, `"Principal" : "*"`, `"Action" : "kms:*"`)),
	})
	var refused smithy.APIError
	switch {
	case err == nil:
		return errors.New("mallory, who may do nothing, put a key policy")
	case !errors.As(err, &refused) || refused.ErrorCode() != "AccessDeniedException":
		return fmt.Errorf("mallory's key policy: %w", err)
	}
	passed, err := w.cloud.Deliver()
	if err == nil && passed > 0 {
		err = fmt.Errorf("the event pattern passed %d events that tell of no change of a key policy", passed)
	}
	return err
}

// keptBack names the calls whose events the pattern kept from the guardrail, in their
// order, those that failed with their error.
func (w *world) keptBack() []string {
	var names []string
	for _, event := range w.cloud.Events() {
		if w.passed[string(event)] {
			continue
		}
		var e struct {
			Detail struct{ EventName, ErrorCode string }
		}
		if err := json.Unmarshal(event, &e); err != nil {
			panic("demo: embedded AWS recorded " + err.Error())
		}
		name := e.Detail.EventName
		if e.Detail.ErrorCode != "" {
			name += " (" + e.Detail.ErrorCode + ")"
		}
		names = append(names, name)
	}
	return names
}
