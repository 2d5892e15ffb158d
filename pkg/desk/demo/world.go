package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/archive"
	"github.com/kms-guardrail/kms-guardrail/pkg/config"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

// archivedRepairs is what the promises ask of the archive.
type archivedRepairs interface {
	// Entries returns up to limit records of a key, newest first.
	Entries(ctx context.Context, keyARN string, limit int) ([]ledger.Entry, error)
}

// place is an account in a Region with the guardrail deployed in it.
type place struct {
	account, partition, region string

	owner   localaws.Identity // who makes and changes keys
	mallory localaws.Identity // who may do nothing
	role    localaws.Identity // the guardrail's
	handler *app.Handler
	archive archivedRepairs                 // where the handler archives repairs
	stores  map[defaultpolicy.Origin]string // custom key store ids
}

// arn returns the ARN of a user or role of the place's account.
func (p *place) arn(resource string) string {
	return "arn:" + p.partition + ":iam::" + p.account + ":" + resource
}

// The people of the demo, alike in both accounts.
const (
	keyAdmin = "role/KeyAdmin"
	appRole  = "role/App"
)

// world is the embedded AWS of the demo.
type world struct {
	cloud    *localaws.Cloud
	store    *store
	home     *place // the account that has nearly all keys
	china    *place // SM2 keys exist in China only
	stranger string // an account of somebody else

	passed   map[string]bool     // every event that the pattern matched
	outcomes []guardrail.Outcome // of those events
	errors   []error
}

func newWorld() (*world, error) {
	w := &world{stranger: "444455556666", passed: map[string]bool{}}
	w.home = &place{account: "111122223333", partition: "aws", region: "us-east-1"}
	w.china = &place{account: "222233334444", partition: "aws-cn", region: "cn-north-1"}
	var err error
	if w.store, err = startStore(w.home.bucket(), w.china.bucket()); err != nil {
		return nil, err
	}
	w.cloud = localaws.Start(localaws.Options{Seed: 1})
	w.cloud.AddAccount(w.stranger, localaws.AccountOptions{})
	for _, p := range []*place{w.home, w.china} {
		if err := w.deploy(p); err != nil {
			w.close()
			return nil, err
		}
	}
	if err := w.cloud.AddRule(events.Pattern(), w.deliver); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

func (w *world) close() {
	w.cloud.Close()
	w.store.close()
}

// deploy sets up an account: its people, its key stores, and the guardrail.
func (w *world) deploy(p *place) error {
	account := w.cloud.AddAccount(p.account, localaws.AccountOptions{Partition: p.partition})
	p.owner = account.AddRole("Owner", localaws.PrincipalOptions{Policies: []string{localaws.AllowAll}})
	account.AddRole("KeyAdmin", localaws.PrincipalOptions{})
	account.AddRole("App", localaws.PrincipalOptions{})
	p.mallory = account.AddUser("mallory", localaws.PrincipalOptions{})
	p.stores = map[defaultpolicy.Origin]string{
		defaultpolicy.AWSCloudHSM:      account.AddCustomKeyStore(p.region, localaws.StoreOptions{}),
		defaultpolicy.ExternalKeyStore: account.AddCustomKeyStore(p.region, localaws.StoreOptions{External: true}),
	}
	p.role = account.AddRole(guardrailRole, localaws.PrincipalOptions{Policies: []string{p.rolePolicy()}})
	aws := w.cloud.Config(p.role, p.region)
	c, err := config.Read(configurationFile, []byte(configurationText))
	if err != nil {
		return err
	}
	p.handler, err = app.NewEnforceWith(aws, app.Settings{
		Configuration: c, ArchiveBucket: p.bucket(), Account: p.account, Role: p.role.PrincipalARN, Concurrency: 1,
	}, slog.New(slog.DiscardHandler), w.store.use)
	if err != nil {
		return err
	}
	p.archive, err = archive.New(aws, archive.Options{Bucket: p.bucket()}, w.store.use)
	return err
}

// bucket is the archive's.
func (p *place) bucket() string { return "archive-" + p.account }

// deliver is the target of the rule: it invokes the function of the account
// that the event comes from.
func (w *world) deliver(event []byte) {
	w.passed[string(event)] = true
	var envelope struct{ Account string }
	if err := json.Unmarshal(event, &envelope); err != nil {
		w.errors = append(w.errors, err)
		return
	}
	p := w.home
	if envelope.Account == w.china.account {
		p = w.china
	}
	o, err := p.handler.Handle(context.Background(), event)
	if err != nil {
		w.errors = append(w.errors, err)
		return
	}
	w.outcomes = append(w.outcomes, o)
}

// place returns where a story happens.
func (w *world) place(s *story) *place {
	if s.inChina {
		return w.china
	}
	return w.home
}

// play lets one story happen and delivers its events.
func (w *world) play(ctx context.Context, s *story) error {
	p := w.place(s)
	api := kms.NewFromConfig(w.cloud.Config(p.owner, p.region))
	if err := s.create(ctx, api, w, p); err != nil {
		return err
	}
	var err error
	if s.before, err = policyOf(ctx, api, s.arn); err != nil {
		return err
	}
	if _, err := w.cloud.Deliver(); err != nil {
		return err
	}
	if s.drift != nil {
		if err := w.drift(ctx, api, p, s); err != nil {
			return err
		}
	}
	for _, o := range w.outcomes {
		if o.KeyARN == s.arn {
			s.outcomes = append(s.outcomes, o)
		}
	}
	if len(w.errors) > 0 {
		return w.errors[0]
	}
	if s.action != guardrail.Repaired {
		return nil
	}
	s.after, err = policyOf(ctx, api, s.arn)
	return err
}

func policyOf(ctx context.Context, api *kms.Client, arn string) (string, error) {
	inItsRegion := func(o *kms.Options) { o.Region = strings.Split(arn, ":")[3] }
	live, err := api.GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: &arn}, inItsRegion)
	if err != nil {
		return "", fmt.Errorf("reading the key policy: %w", err)
	}
	return aws.ToString(live.Policy), nil
}

// drift lets somebody change the key's policy, and delivers the event of it.
func (w *world) drift(ctx context.Context, api *kms.Client, p *place, s *story) error {
	s.before = s.drift(w, p, s.generated(p))
	_, err := api.PutKeyPolicy(ctx, &kms.PutKeyPolicyInput{
		KeyId: &s.arn, Policy: &s.before,
		BypassPolicyLockoutSafetyCheck: s.bypass, //nolint:forbidigo // the demo's villain, not the guardrail
	})
	if err != nil {
		return fmt.Errorf("drifting: %w", err)
	}
	_, err = w.cloud.Deliver()
	return err
}

// calls counts the guardrail's calls of an operation.
func (w *world) calls(operation string) int {
	n := 0
	for _, call := range w.cloud.Calls(operation) {
		if strings.Contains(call.Identity, ":assumed-role/"+guardrailRole+"/") {
			n++
		}
	}
	return n
}
