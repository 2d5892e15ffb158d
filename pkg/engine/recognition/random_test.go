package recognition_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/recognition"
)

// asked is a console default as somebody asks for it.
type asked struct {
	key     policy.Key
	keyType defaultpolicy.KeyType
	options defaultpolicy.Options
}

// askedFor draws a key type that KMS has, with everything that a default varies in.
func askedFor(r *rapid.T) asked {
	type place struct {
		keyType   defaultpolicy.KeyType
		partition string
	}
	var places []place
	for keyType, partition := range everyKeyType() {
		places = append(places, place{keyType, partition})
	}
	p := rapid.SampledFrom(places).Draw(r, "key type")
	identity := rapid.Custom(func(r *rapid.T) string {
		return "arn:" + p.partition + ":iam::" + key.Account + ":" + rapid.SampledFrom([]string{"role/A", "role/a", "role/A/B", "user/A", "user/x/C", "role/D+=,.@_-"}).Draw(r, "name")
	})
	other := rapid.Map(rapid.SampledFrom([]string{"444455556666", "777788889999"}), func(id string) string { return "arn:" + p.partition + ":iam::" + id + ":root" })
	choices := rapid.SampledFrom([]defaultpolicy.Choice{defaultpolicy.ByEvidence, defaultpolicy.Include, defaultpolicy.Omit})
	a := asked{key: keyIn(p.partition), keyType: p.keyType}
	a.options = defaultpolicy.Options{
		Style: defaultpolicy.Console, Account: key.Account, Partition: p.partition,
		Administrators:        rapid.SliceOfNDistinct(identity, 0, 4, rapid.ID[string]).Draw(r, "administrators"),
		Users:                 rapid.SliceOfNDistinct(rapid.OneOf(identity, other), 0, 4, rapid.ID[string]).Draw(r, "users"),
		NoAdministratorDelete: rapid.Bool().Draw(r, "no delete"),
		UndocumentedGrants:    choices.Draw(r, "grants"), UndocumentedRotation: choices.Draw(r, "rotation"),
	}
	var editions []defaultpolicy.Edition
	for _, e := range defaultpolicy.Editions() {
		a.options.Edition = e.Name
		if _, err := defaultpolicy.Generate(a.keyType, a.options); err == nil {
			editions = append(editions, e.Name)
		}
	}
	a.options.Edition = rapid.SampledFrom(editions).Draw(r, "edition")
	return a
}

// respelled writes a policy in other words.
func respelled(r *rapid.T, d *policy.Document) *policy.Document {
	var list []element
	for i, st := range statementsOf(r, d) {
		if rapid.Bool().Draw(r, fmt.Sprintf("split %d", i)) {
			list = append(list, splitStatements([]element{st})...)
		} else {
			st["Sid"] = fmt.Sprintf("Sid%d", i)
			list = append(list, st)
		}
	}
	if rapid.Bool().Draw(r, "dead") {
		list = append(list,
			element{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"},
			element{"Effect": "Allow", "Principal": element{"AWS": "AIDAJJJJJJJJJJJJJJJJJ"}, "Action": "kms:*", "Resource": "*"})
	}
	list = rapid.Permutation(list).Draw(r, "order")
	text := documentOf(r, list).Text()
	if rapid.Bool().Draw(r, "case") {
		text = strings.ReplaceAll(text, `"kms:`, `"kMs:`)
	}
	if rapid.Bool().Draw(r, "ids") {
		for _, p := range defaultpolicy.Partitions() {
			for _, id := range []string{key.Account, "444455556666", "777788889999"} {
				text = strings.ReplaceAll(text, `"arn:`+p+`:iam::`+id+`:root"`, `"`+id+`"`)
			}
		}
	}
	return parse(r, text)
}

func TestIdentifyIsTheInverseOfGenerate(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := askedFor(r)
		d := generate(r, a.keyType, a.options)
		got := identifyAs(r, a.key, a.keyType, respelled(r, d), recognition.Options{})
		if got.Verdict != recognition.Default {
			r.Fatalf("%s: %s", a.keyType, explain(got))
		}
		nobody := len(a.options.Administrators)+len(a.options.Users) == 0
		if f := got.Forms[0]; !sameNames(f.Administrators, a.options.Administrators) || !sameNames(f.Users, a.options.Users) || (f.Style == defaultpolicy.API) != nobody {
			r.Errorf("%s, %+v: %s", a.keyType, a.options, explain(got))
		}
		if !slices.Contains(got.Editions(), a.options.Edition) {
			r.Errorf("%s of %s: the editions are %s", a.keyType, a.options.Edition, got.Editions())
		}
		narrowed := recognition.Options{
			Style: defaultpolicy.Console, Edition: a.options.Edition,
			UndocumentedGrants: a.options.UndocumentedGrants, UndocumentedRotation: a.options.UndocumentedRotation,
		}
		if again := identifyAs(r, a.key, a.keyType, d, narrowed); again.Verdict != recognition.Default {
			r.Errorf("%s narrowed to what was asked for: %s", a.keyType, explain(again))
		}
	})
}

func TestRemovingAnActionOrAPrincipalIsNoticed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		a := askedFor(r)
		d := generate(r, a.keyType, a.options)
		list := statementsOf(r, d)
		st := rapid.SampledFrom(list).Draw(r, "statement")
		values, where := valuesOf(st["Action"]), "Action"
		if rapid.Bool().Draw(r, "a principal") {
			values, where = valuesOf(st["Principal"].(element)["AWS"]), "Principal"
		}
		i := rapid.IntRange(0, len(values)-1).Draw(r, "value")
		rest := slices.Delete(slices.Clone(values), i, i+1)
		if where == "Principal" {
			st["Principal"] = element{"AWS": rest} // an empty list is nobody
		} else {
			st["Action"] = rest
		}
		less := documentOf(r, list)
		redundant := access.Compare(a.key, d.Set, less.Set).Verdict == access.Equal
		before := identifyAs(r, a.key, a.keyType, d, recognition.Options{})
		after := identifyAs(r, a.key, a.keyType, less, recognition.Options{})
		same := after.Verdict == recognition.Default && answer(after) == answer(before)
		if same != redundant {
			r.Errorf("%s without %s %v: %s, before %s", a.keyType, where, values[i], explain(after), explain(before))
		}
	})
}

// answer is all that a result says of a default, whatever the order of names.
func answer(r recognition.Result) string {
	f := r.Forms[0]
	return describe(r) + " " + strings.Join(slices.Sorted(slices.Values(f.Administrators)), " ") + " | " + strings.Join(slices.Sorted(slices.Values(f.Users)), " ")
}
