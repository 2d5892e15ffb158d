package enforcer_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"

	"github.com/kms-guardrail/kms-guardrail/events"
	"github.com/kms-guardrail/kms-guardrail/pkg/aws/awskms"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/enforcer"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/inspect"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/localaws"
)

const (
	soakKeys = 40
	// contested is how many of the keys a writer opens again whenever they are closed.
	contested = 6
	soakTicks = 800
	soakTick  = 45 * time.Second
)

// soakRepair has a breaker that one busy key cannot open for all others.
var soakRepair = change(func(c *rules.Configuration) { c.Repair.MaxPerHour = rules.PerHour{Account: 60, Total: 60} })

// soak is a long time on embedded AWS, in which everything goes wrong.
type soak struct {
	*world
	t    *testing.T
	seed uint64

	mu     sync.Mutex // of all below
	random *rand.Rand
	calm   bool // no faults
	queue  []*queued
	dead   []*queued
	acked  int
	faults int
	puts   []soakPut
	last   map[string]time.Time // when a key's policy was last put

	quiet   *bucket    // the same bucket, without faults
	writing sync.Mutex // so that the order of the puts is known
}

// soakPut is a PutKeyPolicy call that took effect.
type soakPut struct {
	arn, text string
	event     string // whose repair it is; "" where it is another writer's
}

// soakSeed is that of RANDOM_SEED; 1 is another one every time.
func soakSeed(t *testing.T) uint64 {
	t.Helper()
	switch text := os.Getenv("RANDOM_SEED"); text {
	case "":
		return 20261123
	case "1":
		return rand.Uint64()
	default:
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("RANDOM_SEED: %v", err)
		}
		return seed
	}
}

// TestSoak lets two invocations at a time, of a queue that duplicates and reorders, keep
// keys closed that others open, while KMS, S3 and the invocations themselves fail.
func TestSoak(t *testing.T) {
	seed := soakSeed(t)
	s := &soak{world: newWorld(t, soakRepair), t: t, seed: seed, random: rand.New(rand.NewPCG(seed, seed)), last: map[string]time.Time{}}
	t.Logf("soak: RANDOM_SEED=%d", seed)
	s.quiet, s.bucket.strike = &bucket{store: s.bucket.store}, s.strikeS3
	s.config.Pause = func(_ context.Context, d time.Duration) error { s.clock.advance(d); return nil }
	if err := s.cloud.AddRule(events.Pattern(), s.enqueue); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	arns := s.createKeys()
	ticks := soakTicks
	if testing.Short() {
		ticks /= 2
	}
	for range ticks {
		var all sync.WaitGroup
		batches := s.batches()
		all.Go(func() { s.invoke(batches[0]) })
		all.Go(func() { s.invoke(batches[1]) })
		all.Go(func() { s.write(arns) })
		all.Wait()
		s.clock.advance(soakTick)
		if s.chance(0.6) {
			s.flush()
		}
	}
	s.end()
	s.check(arns)
	t.Logf("proof: soak: seed %d: %d keys, %d messages, %d faults, %d writes by the guardrail and %d by others, %.1f s",
		seed, len(arns), s.acked, s.faults, s.count(true), s.count(false), time.Since(start).Seconds())
	if s.faults < 300 || s.count(true) < 50 {
		t.Error("too little has happened for this to prove anything")
	}
}

func (s *soak) chance(p float64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.Float64() < p
}

func (s *soak) pick(n int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.random.IntN(n)
}

func (s *soak) createKeys() []string {
	var arns []string
	for i := range soakKeys {
		in := &kms.CreateKeyInput{}
		if i%3 == 0 {
			in.Policy = &public
		}
		arns = append(arns, s.create(s.t, in))
	}
	return arns
}

// enqueue is the rule's target: some events come twice, all a little late.
func (s *soak) enqueue(event []byte) {
	for range 1 + min(1, s.pick(5)/4) {
		s.queue = append(s.queue, &queued{event: event, due: s.clock.now().Add(time.Duration(2+s.pick(90)) * time.Second)})
	}
}

// batches takes the messages that are due, in any order, for two invocations.
func (s *soak) batches() (batches [2][]*queued) {
	if _, err := s.cloud.Deliver(); err != nil {
		s.t.Fatal(err)
	}
	now := s.clock.now()
	for _, i := range s.random.Perm(len(s.queue)) {
		if m := s.queue[i]; !m.due.After(now) {
			m.due = now.Add(visibility)
			to := s.pick(2)
			batches[to] = append(batches[to], m)
		}
	}
	return batches
}

// invoke is one invocation of the function, with clients of its own.
func (s *soak) invoke(batch []*queued) {
	for _, m := range batch {
		ok := s.handle(m)
		s.mu.Lock()
		switch {
		case ok:
			s.acked++
			s.queue = slices.DeleteFunc(s.queue, func(o *queued) bool { return o == m })
		case m.receives >= mostReceives:
			s.dead = append(s.dead, m)
			s.queue = slices.DeleteFunc(s.queue, func(o *queued) bool { return o == m })
		}
		s.mu.Unlock()
	}
}

// process is the enforcer of a new process.
func (s *soak) process() *enforcer.Enforcer {
	config := s.config
	config.Keys = soakKMS{awskms.New(s.cloud.Config(s.guardrail, virginia), 1), s}
	config.Archive = s.bucket.archive()
	return enforcer.New(config)
}

func (s *soak) handle(m *queued) (ok bool) {
	defer survive(&ok)
	message := first(m.event)
	message.Again = m.receives > 0
	m.receives++
	_, err := s.process().Handle(s.t.Context(), message)
	return err == nil
}

func (s *soak) flush() {
	ok := true
	defer survive(&ok)
	name := fmt.Sprint("flush-", deliveries.Add(1))
	_, err := s.process().Flush(s.t.Context(), name)
	if err != nil && s.calm {
		s.t.Error(err)
	}
}

// survive ends a crash.
func survive(ok *bool) {
	if r := recover(); r != nil {
		if _, dead := r.(crash); !dead {
			panic(r)
		}
		*ok = false
	}
}

// write lets others put policies: mostly bad ones, now and then a good one.
func (s *soak) write(arns []string) {
	bad := []string{public, publicToo, toService, public}
	for i, arn := range arns {
		switch {
		case i < contested && s.chance(0.05), s.chance(0.01):
			s.putAs(arn, bad[s.pick(len(bad))])
		case s.chance(0.003):
			s.putAs(arn, apiDefault(s.t))
		}
	}
}

func (s *soak) putAs(arn, text string) {
	s.writing.Lock()
	defer s.writing.Unlock()
	_, err := s.kms(virginia).PutKeyPolicy(s.t.Context(), &kms.PutKeyPolicyInput{KeyId: &arn, PolicyName: aws.String("default"), Policy: &text})
	if err != nil {
		s.t.Error(err)
	}
	s.took(soakPut{arn, text, ""})
}

func (s *soak) took(p soakPut) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.puts = append(s.puts, p)
	s.last[p.arn] = s.clock.now()
}

// strike lets a call happen, or go wrong.
func (s *soak) strike(do func() error) error {
	s.clock.advance(15 * time.Millisecond)
	s.mu.Lock()
	n := s.random.IntN(1000)
	calm := s.calm
	if n < 80 && !calm {
		s.faults++
	}
	s.mu.Unlock()
	switch {
	case calm || n >= 80:
		return do()
	case n < 40:
		return errNoAnswer
	case n < 60:
		_ = do()
		return errNoAnswer
	default:
		_ = do()
		panic(crash{})
	}
}

func (s *soak) strikeS3(_ *http.Request, call serve) (answer *http.Response, err error) {
	err = s.strike(func() error { answer = call(); return nil }) //nolint:bodyclose // it is in memory
	if err != nil && s.chance(0.5) {
		return answered(http.StatusServiceUnavailable, "SlowDown"), nil
	}
	return answer, err
}

// soakKMS is a process's KMS.
type soakKMS struct {
	enforcer.Keys
	s *soak
}

func (k soakKMS) Describe(ctx context.Context, arn string) (key rules.Key, err error) {
	failure := k.s.strike(func() error { key, err = k.Keys.Describe(ctx, arn); return nil })
	if failure != nil {
		err = failure
	}
	return key, err
}

func (k soakKMS) Policy(ctx context.Context, arn string) (text string, err error) {
	k.s.mu.Lock()
	// A few seconds less: the time of the last put was taken a little after it.
	settling := !k.s.calm && k.s.clock.now().Sub(k.s.last[arn]) < settling-10*time.Second && k.s.random.IntN(10) == 0
	k.s.mu.Unlock()
	if settling {
		k.s.cloud.Inject(localaws.Fault{Kind: localaws.StaleRead, KeyARN: arn})
	}
	failure := k.s.strike(func() error { text, err = k.Keys.Policy(ctx, arn); return nil })
	if failure != nil {
		err = failure
	}
	return text, err
}

func (k soakKMS) PutPolicy(ctx context.Context, arn, text string) (err error) {
	k.s.writing.Lock()
	defer k.s.writing.Unlock()
	l := k.s.quiet.ledger(k.s.t, arn)
	claim := l.Open()
	if claim == nil {
		k.s.t.Errorf("%s is written without a claim", arn)
		return inspect.ErrRefused
	}
	failure := k.s.strike(func() error {
		if err = k.Keys.PutPolicy(ctx, arn, text); err == nil {
			k.s.took(soakPut{arn, text, claim.EventID})
		}
		return nil
	})
	if failure != nil {
		err = failure
	}
	return err
}
