package access_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/evaluation"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/local/corpus"
)

var update = flag.Bool("update", false, "write the golden files anew")

// full tells whether to try as much as a night allows instead of a minute. It is an
// environment variable, because a flag would not be known to the tests of other packages.
var full = os.Getenv("ACCESS_PROOF") == "full"

// atLeast returns few, or many in the full mode, or a part of few with -short.
func atLeast(few, many int) int {
	switch {
	case full:
		return many
	case testing.Short():
		return max(1, few/5)
	default:
		return few
	}
}

// apiDefault and consoleDefault are what AWS generates; corpus statements are
// compared alone and beside them.
const (
	apiDefault     = `{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	consoleDefault = apiDefault + `,
{"Sid":"Allow access for Key Administrators","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/admin"},"Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion","kms:RotateKeyOnDemand"],"Resource":"*"},
{"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"},
{"Sid":"Allow attachment of persistent resources","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}`
)

// named is a policy of the corpus.
type named struct {
	name string
	doc  *policy.Document
}

// corpusStatements returns the statements of the corpus that parse, by name.
func corpusStatements(t testing.TB) (names []string, statements map[string]string) {
	t.Helper()
	statements = map[string]string{}
	for _, s := range corpus.Statements(t) {
		if _, err := policy.Parse(`{"Statement":` + s.Text + `}`); err == nil { // TestParseReadsTheCorpusExceptWhatKMSRefuses knows the others
			names = append(names, s.Name)
			statements[s.Name] = s.Text
		}
	}
	return names, statements
}

// corpusPolicies returns every statement of the corpus alone, beside the API default and beside
// the console default, and a policy that allows nothing.
func corpusPolicies(t testing.TB) []named {
	t.Helper()
	list := []named{{"nothing", document(t, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`)}}
	names, statements := corpusStatements(t)
	for _, name := range names {
		list = append(list,
			named{name + " alone", document(t, statements[name])},
			named{name + " beside api", document(t, apiDefault, statements[name])},
			named{name + " beside console", document(t, consoleDefault, statements[name])})
	}
	return list
}

// TestEveryPairOfTheCorpusAgreesWithSampledRequests compares every policy of the corpus
// with every other. Each answer is held against requests that are aimed at any statement of
// the corpus (all policies decide the same ones) and against requests aimed at this pair.
func TestEveryPairOfTheCorpusAgreesWithSampledRequests(t *testing.T) {
	t.Parallel()
	started := time.Now()
	list := corpusPolicies(t)
	documents := make([]*policy.Document, len(list))
	for i := range list {
		documents[i] = list[i].doc
	}
	s := newSampler(documents...)
	var shared []evaluation.Request
	for _, d := range documents {
		shared = append(shared, s.requests(atLeast(10, 300), d)...)
	}
	decided := make([]decisions, len(documents))
	inParallel(len(documents), func(i int) { decided[i] = decide(documents[i], shared) })

	var count struct {
		sync.Mutex
		pairs, requests int
		undecided       map[string][]string
	}
	count.undecided = map[string][]string{}
	inParallel(len(list), func(i int) {
		for j := range list {
			if testing.Short() && (i+j)%7 != 0 {
				continue
			}
			c := compare(documents[i], documents[j])
			found := c.contradictions(shared, decided[i], decided[j])
			own := s.forPair(i, j).requests(atLeast(8, 100), documents[i], documents[j])
			found = append(found, c.contradictions(own, decide(documents[i], own), decide(documents[j], own))...)
			if len(found) > 0 {
				t.Errorf("%s, %s:\n%s", list[i].name, list[j].name, strings.Join(found, "\n"))
			}
			count.Lock()
			count.pairs++
			count.requests += len(shared) + len(own)
			if c.result.Verdict == access.Undecided {
				id := reasons(c.result)
				count.undecided[id] = append(count.undecided[id], list[i].name+" / "+list[j].name)
			}
			count.Unlock()
		}
	})
	t.Logf("proof: %d pairs, %d requests, %.1f s", count.pairs, count.requests, time.Since(started).Seconds())
	if !testing.Short() {
		checkGolden(t, "undecided.golden", undecidedTable(count.undecided))
	}
}

// forPair returns a sampler that knows the same and draws requests of its own.
func (s *sampler) forPair(i, j int) *sampler {
	own := *s
	own.random = newRandom(uint64(i), uint64(j))
	return &own
}

// reasons returns why a comparison is inconclusive, each reason once.
func reasons(r access.Result) string {
	var list []string
	for _, q := range r.Inconclusive {
		list = append(list, q.Reason+": "+q.Detail)
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), "; ")
}

func undecidedTable(pairs map[string][]string) string {
	var reasons []string
	total := 0
	for reason, list := range pairs {
		reasons = append(reasons, reason)
		total += len(list)
	}
	slices.Sort(reasons)
	text := fmt.Sprintf("%d pairs of the corpus are inconclusive.\n", total)
	for _, reason := range reasons {
		slices.Sort(pairs[reason])
		text += fmt.Sprintf("\n%d: %s\n  %s\n", len(pairs[reason]), reason, strings.Join(pairs[reason], "\n  "))
	}
	return text
}

func checkGolden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s has changed (run with -update if it should); now:\n%s", path, got)
	}
}

// inParallel calls work for 0 to n-1 on all processors.
func inParallel(n int, work func(i int)) {
	var next sync.WaitGroup
	jobs := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		next.Go(func() {
			for i := range jobs {
				work(i)
			}
		})
	}
	for i := range n {
		jobs <- i
	}
	close(jobs)
	next.Wait()
}

// TestAConditionBlockLessAndAFlippedEffect makes the pairs that differ in one thing only:
// each statement of the corpus against itself less one condition, and with its effect
// flipped on top of a policy that allows everything.
func TestAConditionBlockLessAndAFlippedEffect(t *testing.T) {
	t.Parallel()
	started := time.Now()
	everything := `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`
	names, statements := corpusStatements(t)
	pairs, requests := 0, 0
	check := func(name, baseline, actual string) {
		a, b := document(t, baseline), document(t, actual)
		sampled := newSampler(a, b).requests(atLeast(400, 10000), a, b)
		pairs++
		requests += len(sampled)
		for _, p := range compare(a, b).contradictions(sampled, decide(a, sampled), decide(b, sampled)) {
			t.Errorf("%s: %s\n%s\n%s", name, p, baseline, actual)
		}
	}
	for _, name := range names {
		statement := statements[name]
		for _, less := range lessOneCondition(t, statement) {
			check(name, statement, less)
			check(name, apiDefault+","+less, apiDefault+","+statement)
		}
		flipped := strings.NewReplacer(`"Effect": "Allow"`, `"Effect": "Deny"`, `"Effect": "Deny"`, `"Effect": "Allow"`).Replace(statement)
		check(name, everything, everything+","+flipped)
		check(name, everything+","+flipped, everything+","+statement)
	}
	t.Logf("proof: %d pairs, %d requests, %.1f s", pairs, requests, time.Since(started).Seconds())
}

// lessOneCondition returns a statement once for each of its condition keys, without it.
func lessOneCondition(t *testing.T, statement string) []string {
	t.Helper()
	var parsed struct {
		Condition map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(statement), &parsed); err != nil {
		t.Fatal(err)
	}
	var list []string
	for operator, keys := range parsed.Condition {
		for key := range keys {
			var whole map[string]any
			if err := json.Unmarshal([]byte(statement), &whole); err != nil {
				t.Fatal(err)
			}
			delete(whole["Condition"].(map[string]any)[operator].(map[string]any), key)
			text, err := json.Marshal(whole)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, string(text))
		}
	}
	slices.Sort(list)
	return list
}
