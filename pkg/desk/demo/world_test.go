package demo

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/aws/smithy-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// A guardrail that may do everything would prove nothing about the deployed one.
func TestDemoRoleMayJudgeAndRepairOnly(t *testing.T) {
	w, stories := played(t)
	for _, p := range []*place{w.home, w.china} {
		made, err := kms.NewFromConfig(w.cloud.Config(p.owner, p.region)).CreateKey(t.Context(), &kms.CreateKeyInput{})
		if err != nil {
			t.Fatal(err)
		}
		id := made.KeyMetadata.KeyId
		text := stories[0].generated(p)
		role := w.cloud.Config(p.role, p.region)
		for _, row := range []struct {
			reason string
			call   func(api *kms.Client) error
			may    bool
		}{
			{"to know the key's type", func(api *kms.Client) error {
				_, err := api.DescribeKey(t.Context(), &kms.DescribeKeyInput{KeyId: id})
				return err
			}, true},
			{"to judge", func(api *kms.Client) error {
				_, err := api.GetKeyPolicy(t.Context(), &kms.GetKeyPolicyInput{KeyId: id})
				return err
			}, true},
			{"to choose the rule by alias", func(api *kms.Client) error {
				_, err := api.ListAliases(t.Context(), &kms.ListAliasesInput{KeyId: id})
				return err
			}, true},
			{"to choose the rule by tag, and to know who manages the key", func(api *kms.Client) error {
				_, err := api.ListResourceTags(t.Context(), &kms.ListResourceTagsInput{KeyId: id})
				return err
			}, true},
			{"to repair", func(api *kms.Client) error {
				_, err := api.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: id, Policy: &text})
				return err
			}, true},
			{"nobody may skip the lockout check", func(api *kms.Client) error {
				_, err := api.PutKeyPolicy(t.Context(), &kms.PutKeyPolicyInput{KeyId: id, Policy: &text, BypassPolicyLockoutSafetyCheck: true})
				return err
			}, false},
			{"it is no part of a repair", func(api *kms.Client) error {
				_, err := api.TagResource(t.Context(), &kms.TagResourceInput{KeyId: id, Tags: []types.Tag{{TagKey: aws.String("a"), TagValue: aws.String("b")}}})
				return err
			}, false},
			{"a lost key is worse than a public one", func(api *kms.Client) error {
				_, err := api.ScheduleKeyDeletion(t.Context(), &kms.ScheduleKeyDeletionInput{KeyId: id})
				return err
			}, false},
			{"the guardrail needs no keys", func(api *kms.Client) error {
				_, err := api.CreateKey(t.Context(), &kms.CreateKeyInput{})
				return err
			}, false},
		} {
			err := row.call(kms.NewFromConfig(role))
			var refused smithy.APIError
			if denied := errors.As(err, &refused) && refused.ErrorCode() == "AccessDeniedException"; denied == row.may || row.may && err != nil {
				t.Errorf("%s: %s: got %v", p.partition, row.reason, err)
			}
		}
	}
}

func TestPatternKeepsUnrelatedEventsBack(t *testing.T) {
	w, stories := played(t)
	before := len(w.outcomes)
	if err := w.playUnrelated(t.Context(), &stories[0]); err != nil {
		t.Fatal(err)
	}
	if got, want := w.keptBack(), []string{"CreateAlias", "CreateAlias", "TagResource", "PutKeyPolicy (AccessDenied)"}; !slices.Equal(got, want) {
		t.Errorf("kept back %q, want %q", got, want)
	}
	if len(w.outcomes) != before || len(w.passed) != before {
		t.Errorf("%d outcomes of %d events, want %d of both", len(w.outcomes), len(w.passed), before)
	}
}

func TestUnrelatedEventThatPassesIsAnError(t *testing.T) {
	tests := []struct {
		reason, complaint string
		breakIt           func(w *world) error
	}{
		{"a pattern for all of KMS", "the event pattern passed 2 events", func(w *world) error {
			return w.cloud.AddRule([]byte(`{"source":["aws.kms"]}`), func([]byte) {})
		}},
		{"a mallory who may do everything", "put a key policy", func(w *world) error {
			w.home.mallory.SetIdentityPolicies(localaws.AllowAll)
			return nil
		}},
		{"an owner who may not tag", "tagging a key", func(w *world) error {
			w.home.owner.SetIdentityPolicies()
			return nil
		}},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			w, stories := played(t)
			if err := test.breakIt(w); err != nil {
				t.Fatal(err)
			}
			if err := w.playUnrelated(t.Context(), &stories[0]); err == nil || !strings.Contains(err.Error(), test.complaint) {
				t.Errorf("got %v, want %q", err, test.complaint)
			}
		})
	}
}

// half is an archive whose repairs were not reported to their end.
type half struct {
	archivedRepairs
	change func(*ledger.Entry)
}

func (h half) Entries(ctx context.Context, arn string, limit int) ([]ledger.Entry, error) {
	entries, err := h.archivedRepairs.Entries(ctx, arn, limit)
	for i := range entries {
		h.change(&entries[i])
	}
	return entries, err
}

func TestARepairThatIsNotArchivedToItsEndBreaksAPromise(t *testing.T) {
	w, stories := played(t)
	p := *w.home
	for says, change := range map[string]func(*ledger.Entry){
		"is not marked written":     func(e *ledger.Entry) { e.Repair.Phase = ledger.Claimed },
		"is not marked written and": func(e *ledger.Entry) { e.Repair.Reported = false },
		"the outcome names record":  func(e *ledger.Entry) { e.Record.Name += "x" },
	} {
		p.archive = half{w.home.archive, change}
		if err := stories[0].checkRepair(t.Context(), &p); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("got %v, want %q", err, says)
		}
	}
}
