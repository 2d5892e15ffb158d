package sweeper_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/sweeper"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/guardtest"
)

// kms has a policy for each key, by ARN. A key with no policy is gone.
type kms struct {
	policies map[string]string
	denied   map[string]bool

	mu   sync.Mutex
	puts int
}

func (k *kms) Describe(_ context.Context, arn string) (rules.Key, error) {
	if k.policies[arn] == "" {
		return rules.Key{}, fmt.Errorf("%w: NotFoundException", inspect.ErrNotFound)
	}
	return keyOf(arn), nil
}

func (k *kms) Policy(_ context.Context, arn string) (string, error) {
	if k.denied[arn] {
		return "", inspect.ErrAccessDenied
	}
	return k.policies[arn], nil
}

func (*kms) Aliases(context.Context, string) ([]string, error)       { return []string{"alias/x"}, nil }
func (*kms) Tags(context.Context, string) (map[string]string, error) { return nil, nil }

func (k *kms) PutPolicy(context.Context, string, string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.puts++
	return errors.New("a sweep wrote")
}

func keyOf(arn string) rules.Key {
	return rules.Key{ARN: arn, Account: guardtest.Account, Region: guardtest.Virginia, Partition: "aws", Type: defaultpolicy.KeyType{}.WithDefaults()}
}

// policies are of every severity: none, low or medium, high, critical, and none to be had.
var policies = []string{
	guardtest.Good,
	guardtest.Document(guardtest.ToAccount, guardtest.Allow(`{"AWS":"`+guardtest.Admin+`"}`, "kms:Encrypt")),
	guardtest.Document(guardtest.ToAccount, guardtest.Allow(`{"AWS":"`+guardtest.Foreign+`"}`, "kms:Decrypt")),
	guardtest.Document(guardtest.ToAccount, guardtest.Allow(`"*"`, "kms:*")),
	guardtest.LockedOut,
	`{`, "",
}

func drawConfiguration(r *rapid.T) *rules.Configuration {
	c := rules.DefaultConfiguration()
	c.Baselines[0].Style = rapid.SampledFrom([]defaultpolicy.Style{defaultpolicy.API, defaultpolicy.Console}).Draw(r, "style")
	c.Mode = rapid.SampledFrom([]rules.Mode{rules.Report, rules.Repair}).Draw(r, "mode")
	c.Repair.From = rapid.SampledFrom([]rules.Severity{rules.Low, rules.Medium, rules.High, rules.Critical}).Draw(r, "from")
	c.Repair.Sweep = rapid.Bool().Draw(r, "sweep")
	if rapid.Bool().Draw(r, "rule") {
		c.Rules = []rules.Rule{{Name: "aliased", Match: rules.Match{Aliases: []string{"alias/x"}}, Mode: rapid.SampledFrom([]rules.Mode{"", rules.Report, rules.Repair}).Draw(r, "rule mode")}}
	}
	return c
}

// I10: what the first sweep says that it would repair is what the judgement under the very
// configuration decides, key by key, and it writes and queues nothing.
func TestTheFirstSweepCountsExactlyWhatWouldBeRepaired(t *testing.T) {
	counted := map[string]int{}
	rapid.Check(t, func(r *rapid.T) {
		c := drawConfiguration(r)
		w := newWorld(rapid.IntRange(0, 6).Draw(r, "keys"))
		k := &kms{policies: map[string]string{}, denied: map[string]bool{}}
		for _, arn := range w.keys {
			k.policies[arn] = rapid.SampledFrom(policies).Draw(r, "policy")
			k.denied[arn] = rapid.IntRange(0, 5).Draw(r, "denied") == 0
		}
		got := sweepWith(r, w, k, c)
		bySweep, byEvent := 0, 0
		for _, arn := range w.keys {
			if k.policies[arn] == "" || k.denied[arn] {
				continue
			}
			s := guardrail.Snapshot{
				Key: keyOf(arn), Labels: rules.Labels{Aliases: []string{"alias/x"}},
				Policy: k.policies[arn], Evidence: guardrail.LivePolicy, Trigger: guardrail.BySweep,
			}
			if guardrail.Judge(s, c, night).Decision.Repair {
				bySweep++
			}
			if s.Trigger = guardrail.ByEvent; guardrail.Judge(s, c, night).Decision.Repair {
				byEvent++
			}
		}
		if got.WouldRepair != bySweep || got.WouldRepair+got.WouldRepairOnEvent != byEvent || !got.Complete {
			r.Fatalf("%+v; a sweep repairs %d, and events %d", got, bySweep, byEvent)
		}
		if k.puts > 0 || len(w.sent) > 0 {
			r.Fatalf("%d policies are written, %d messages queued", k.puts, len(w.sent))
		}
		counted["by a sweep"] += bySweep
		counted["by an event only"] += got.WouldRepairOnEvent
		counted["not"] += len(w.keys) - byEvent
	})
	if len(counted) != 3 || slices.Contains([]int{counted["by a sweep"], counted["by an event only"], counted["not"]}, 0) {
		t.Errorf("the test saw only %v", counted)
	}
}

func sweepWith(r *rapid.T, w *world, k *kms, c *rules.Configuration) sweeper.Summary {
	e := newEnforcer(k, c)
	config := w.config(c.Hash())
	config.Judge = func(ctx context.Context, message []byte) (guardrail.Outcome, error) {
		return e.Handle(ctx, enforcer.Message{Event: message, Delivery: "sweep"})
	}
	got, err := sweeper.New(config).Sweep(context.Background(), "1")
	if err != nil {
		r.Fatal(err)
	}
	return got
}

func newEnforcer(k *kms, c *rules.Configuration) *enforcer.Enforcer {
	return enforcer.New(enforcer.Config{
		Keys: k, Configuration: c, Log: slog.New(slog.DiscardHandler),
		Now: func() time.Time { return night.Add(time.Second) }, Pause: func(context.Context, time.Duration) error { return nil },
	})
}
