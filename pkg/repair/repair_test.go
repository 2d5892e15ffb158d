package repair_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/guardrail"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/repair"
)

const (
	account = "111122223333"
	admin   = "arn:aws:iam::111122223333:role/Admin"
	worker  = "arn:aws:iam::111122223333:role/Worker"
	root    = `{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	unsure  = `{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"${aws:username}"}` // is that the key?
	public  = `{"Effect":"Allow","Principal":"*","Action":"kms:Decrypt","Resource":"*"}`
)

var (
	api     = guardrail.Yardstick{Mode: guardrail.Repair, Style: defaultpolicy.API}
	console = guardrail.Yardstick{Mode: guardrail.Repair, Style: defaultpolicy.Console, Administrators: []string{admin}, Users: []string{worker}}
)

func key(t defaultpolicy.KeyType) guardrail.Key {
	return guardrail.Key{
		ARN: "arn:aws:kms:us-east-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab", Account: account,
		Region: "us-east-1", Partition: "aws", Type: t.WithDefaults(),
	}
}

func judge(k guardrail.Key, text string, y guardrail.Yardstick) guardrail.Judgement {
	return guardrail.Judge(guardrail.Snapshot{Key: k, Policy: text, Evidence: guardrail.LivePolicy}, y)
}

func parse(t *testing.T, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// drifted are policies that are proved to differ from either default.
var drifted = map[string]string{
	"public beside the account":              `{"Statement":[` + root + `,` + public + `]}`,
	"public alone":                           `{"Statement":` + public + `}`,
	"nobody":                                 `{"Statement":{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}}`,
	"an open question beside what is proved": `{"Statement":[` + root + `,` + public + `,` + unsure + `]}`,
}

// A plan is sound when the policy it writes is judged compliant: the next event of the
// key, its own among them, then ends without another plan.
func TestThePlannedPolicyIsJudgedCompliantForEveryKeyType(t *testing.T) {
	for _, y := range []guardrail.Yardstick{api, console} {
		for _, spec := range defaultpolicy.KeySpecs() {
			for _, usage := range defaultpolicy.UsagesOf(spec) {
				k := key(defaultpolicy.KeyType{Spec: spec, Usage: usage})
				if spec == defaultpolicy.SM2 { // in China only
					continue
				}
				for name, text := range drifted {
					t.Run(fmt.Sprintf("%s/%s/%s/%s", y.Style, spec, usage, name), func(t *testing.T) { checkPlan(t, k, text, y) })
				}
			}
		}
	}
}

func checkPlan(t *testing.T, k guardrail.Key, text string, y guardrail.Yardstick) {
	t.Helper()
	j := judge(k, text, y)
	plan, err := repair.Reset(k, guardrail.LivePolicy, j)
	if err != nil {
		t.Fatalf("%v (%s)", err, j.Verdict)
	}
	// The same text is equal without a comparison; in other spacing, it is compared.
	again := judge(k, strings.Join(strings.Fields(plan.Document.Text()), " "), y)
	if again.Verdict != guardrail.Compliant {
		t.Errorf("the plan is %s: %+v\n%s", again.Verdict, again.Findings, plan.Document.Text())
	}
	var refusal *repair.ResetRefusal
	if _, err := repair.Reset(k, guardrail.LivePolicy, again); !errors.As(err, &refusal) || refusal.Reason != "difference-not-proved" {
		t.Errorf("what is repaired is planned again: %v", err)
	}
	if want := j.Baseline.Text(); plan.Document.Text() != want {
		t.Errorf("the plan is not the generated default:\n%s\nwant\n%s", plan.Document.Text(), want)
	}
}

func TestThePlanHasTheHashesOfBeforeAndAfter(t *testing.T) {
	k := key(defaultpolicy.KeyType{})
	before := drifted["public beside the account"]
	plan, err := repair.Reset(k, guardrail.LivePolicy, judge(k, before, api))
	if err != nil {
		t.Fatal(err)
	}
	if want := parse(t, before).Hash("aws"); plan.Before != want {
		t.Errorf("before is %s, want %s", plan.Before, want)
	}
	if want := plan.Document.Hash("aws"); plan.After != want || plan.After == plan.Before {
		t.Errorf("after is %s, want %s", plan.After, want)
	}
	// As KMS may hand it back: the same policy, so the same hash.
	respelled := `{"Statement":[{"Resource":["*"],"Action":"kms:Decrypt","Principal":{"AWS":["*"]},"Effect":"Allow"},` +
		strings.Replace(root, `"arn:aws:iam::111122223333:root"`, `"111122223333"`, 1) + `]}`
	again, err := repair.Reset(k, guardrail.LivePolicy, judge(k, respelled, api))
	if err != nil {
		t.Fatal(err)
	}
	if again.Before != plan.Before || again.After != plan.After {
		t.Errorf("another spelling has other hashes: %s, %s", again.Before, again.After)
	}
}

func TestWhatIsNotProvedIsNotPlanned(t *testing.T) {
	k := key(defaultpolicy.KeyType{})
	different := judge(k, drifted["public beside the account"], api)
	noLive, noBaseline, noControl := different, different, different
	noLive.Live, noBaseline.Baseline = nil, nil
	noControl.Baseline = parse(t, `{"Statement":{"Effect":"Allow","Principal":{"AWS":"`+admin+`"},"Action":"kms:*","Resource":"*"}}`)
	halfControl := different
	halfControl.Baseline = parse(t, `{"Statement":[`+root+`,{"Effect":"Deny","Principal":"*","Action":"kms:Put*","Resource":"*"}]}`)
	elsewhere := different
	elsewhere.Baseline = parse(t, strings.Replace(`{"Statement":`+root+`}`, account, "444455556666", 1))

	for _, row := range []struct {
		name     string
		evidence guardrail.Evidence
		j        guardrail.Judgement
		want     string
		reason   string
	}{
		{"the text of an event", guardrail.EventPolicy, different, "policy-not-live", "it was the key's policy at best once"},
		{"evidence that nobody gave", "", different, "policy-not-live", "the zero value is no proof"},
		{"compliant", guardrail.LivePolicy, judge(k, `{"Statement":`+root+`}`, api), "difference-not-proved", "nothing to do"},
		{
			"undecided", guardrail.LivePolicy,
			judge(k, `{"Statement":[`+root+`,`+unsure+`]}`, api),
			"difference-not-proved", "it may be equal",
		},
		{"malformed", guardrail.LivePolicy, judge(k, `{"Statement":[`, api), "difference-not-proved", "a policy that is not understood is not overwritten"},
		{
			"unknown key type", guardrail.LivePolicy, judge(key(defaultpolicy.KeyType{Spec: "KYBER_1"}), drifted["public alone"], api),
			"difference-not-proved", "there is no default to write",
		},
		{"nothing judged", guardrail.LivePolicy, guardrail.Judgement{}, "difference-not-proved", "the zero value is no proof"},
		{"no live policy", guardrail.LivePolicy, noLive, "difference-not-proved", "a judgement that contradicts itself"},
		{"no baseline", guardrail.LivePolicy, noBaseline, "difference-not-proved", "a judgement that contradicts itself"},
		{"a default that leaves out the account", guardrail.LivePolicy, noControl, "account-statement-missing", "one role would have the key"},
		{"a default with a Deny", guardrail.LivePolicy, halfControl, "account-statement-missing", "the account statement is there, and takes no effect"},
		{"a default of another account", guardrail.LivePolicy, elsewhere, "account-statement-missing", "control would leave the account"},
	} {
		t.Run(row.name, func(t *testing.T) {
			plan, err := repair.Reset(k, row.evidence, row.j)
			var refusal *repair.ResetRefusal
			if !errors.As(err, &refusal) || refusal.Reason != row.want || refusal.Error() == "" {
				t.Errorf("refusal %v, want %s: %s", err, row.want, row.reason)
			}
			if plan != (repair.ResetPlan{}) {
				t.Errorf("refused, and planned all the same: %+v", plan)
			}
		})
	}
}

// The plan that matters in China: the account's ARN is of another partition there.
func TestThePlanIsWrittenForThePartitionOfTheKey(t *testing.T) {
	k := guardrail.Key{
		ARN: "arn:aws-cn:kms:cn-north-1:" + account + ":key/1234abcd-12ab-34cd-56ef-1234567890ab", Account: account,
		Region: "cn-north-1", Partition: "aws-cn", Type: defaultpolicy.KeyType{Spec: defaultpolicy.SM2, Usage: defaultpolicy.KeyAgreement}.WithDefaults(),
	}
	checkPlan(t, k, `{"Statement":`+root+`}`, api)
	plan, err := repair.Reset(k, guardrail.LivePolicy, judge(k, `{"Statement":`+root+`}`, api))
	if err != nil || !strings.Contains(plan.Document.Text(), "arn:aws-cn:iam::"+account+":root") {
		t.Errorf("%+v, %v", plan, err)
	}
}
