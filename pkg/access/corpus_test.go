package access_test

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/policy"
)

// apiDefault and consoleDefault are what AWS generates; corpus statements are
// compared alone and beside them.
const (
	apiDefault     = `{"Sid":"Enable IAM User Permissions","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:root"},"Action":"kms:*","Resource":"*"}`
	consoleDefault = apiDefault + `,
{"Sid":"Allow access for Key Administrators","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/admin"},"Action":["kms:Create*","kms:Describe*","kms:Enable*","kms:List*","kms:Put*","kms:Update*","kms:Revoke*","kms:Disable*","kms:Get*","kms:Delete*","kms:TagResource","kms:UntagResource","kms:ScheduleKeyDeletion","kms:CancelKeyDeletion","kms:RotateKeyOnDemand"],"Resource":"*"},
{"Sid":"Allow use of the key","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:Encrypt","kms:Decrypt","kms:ReEncrypt*","kms:GenerateDataKey*","kms:DescribeKey"],"Resource":"*"},
{"Sid":"Allow attachment of persistent resources","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/app"},"Action":["kms:CreateGrant","kms:ListGrants","kms:RevokeGrant"],"Resource":"*","Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}}`
)

type named struct {
	name string
	doc  *policy.Document
}

// corpus returns every statement of the corpus that parses: alone, beside the API
// default and beside the console default.
func corpus(t testing.TB) []named {
	t.Helper()
	file, err := os.ReadFile("../policy/testdata/statements.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	list := []named{{"nothing", document(t, `{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*"}`)}}
	for line := range strings.Lines(string(file)) {
		var entry struct {
			Name      string
			Statement json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Fatal(err)
		}
		for beside, statements := range map[string][]string{
			"alone": {string(entry.Statement)}, "beside api": {apiDefault, string(entry.Statement)}, "beside console": {consoleDefault, string(entry.Statement)},
		} {
			d, err := policy.Parse(`{"Version":"2012-10-17","Statement":[` + strings.Join(statements, ",") + `]}`)
			if err == nil { // TestParseReadsTheCorpusExceptWhatKMSRefuses knows the others
				list = append(list, named{entry.Name + " " + beside, d})
			}
		}
	}
	slices.SortFunc(list, func(a, b named) int { return strings.Compare(a.name, b.name) })
	return list
}

func TestScratchCorpus(t *testing.T) {
	list := corpus(t)
	verdicts := map[access.Verdict]int{}
	reasons := map[string]int{}
	var times []time.Duration
	var worst time.Duration
	for _, a := range list {
		for _, b := range list {
			start := time.Now()
			r := access.Compare(key, a.doc, b.doc)
			took := time.Since(start)
			times = append(times, took)
			if took > worst {
				worst = took
				t.Log(took, a.name, b.name)
			}
			verdicts[r.Verdict]++
			if r.Verdict == access.Undecided {
				for _, q := range r.Inconclusive {
					reasons[q.Reason+" "+q.Detail]++
				}
			}
		}
	}
	slices.Sort(times)
	t.Log(len(list), verdicts, times[len(times)/2], times[len(times)*95/100], times[len(times)-1])
	for r, n := range reasons {
		t.Logf("%d %.160q", n, r)
	}
}
