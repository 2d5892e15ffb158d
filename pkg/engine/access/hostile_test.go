package access_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/access"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// hostileShapes are policies as large as KMS stores, each made to be as hard to compare as
// one idea allows. A shape is called for two policies, version 0 and 1, that differ a little.
var hostileShapes = []struct {
	name string
	text func(version int) string
}{
	{"denies with three keys each", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string { return keysStatement("Deny", "StringEquals", i*3, 3, v) })
	}},
	{"allows with three keys each", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string { return keysStatement("Allow", "StringEquals", i*3, 3, v) })
	}},
	{"denies with forty keys each", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string { return keysStatement("Deny", "StringNotEquals", i*40, 40, v) })
	}},
	{"denies with the same forty keys each", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string { return keysStatement("Deny", "StringNotEquals", i%7, 40, v+i) })
	}},
	{"two denies with hundreds of keys", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string { return keysStatement("Deny", "StringLike", i*600, 600, v) })
	}},
	{"allows of hundreds of keys against denies of them", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return keysStatement([]string{"Allow", "Deny"}[(i+v)%2], "StringLikeIfExists", i/2*200, 200, i)
		})
	}},
	{"thousands of literals", func(v int) string {
		return oneCondition("StringLike", `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"v%d%d"`, i, v) })
	}},
	{"thousands of literals in any case", func(v int) string {
		return oneCondition(`StringLike":{"k":"a*"},"StringEqualsIgnoreCase`, `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"v%d%d"`, i, v) })
	}},
	{"many globs", func(v int) string {
		return oneCondition("StringLike", `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"*a*b%d*a%d*c"`, i, v) })
	}},
	{"many globs of few letters", func(v int) string {
		return oneCondition("StringLike", `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"*%s*%s"`, abWord(i), abWord(i+v)) })
	}},
	{"one long glob", func(v int) string {
		return oneCondition("StringLike", `"k":["`, `b"]`, "", func(i int) string { return fmt.Sprintf(`*a?%d`, (i+v)%3) })
	}},
	{"one glob of *a*a*a*b", func(v int) string {
		return oneCondition("StringLike", `"k":["`, []string{`b"]`, `a"]`}[v], "", func(int) string { return `*a` })
	}},
	{"one glob of question marks", func(v int) string {
		return oneCondition("StringLike", `"k":["*a`, []string{`b"]`, `"]`}[v], "", func(int) string { return `?` })
	}},
	{"globs in statements of their own", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"kms:Sign","Resource":"*","Condition":{"StringLike":{"k":"*%s*%d"}}}`, abWord(i), v)
		})
	}},
	{"ARN patterns", func(v int) string {
		return oneCondition("ArnLike", `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"arn:*:*:*%d:*:*a%d*"`, i, v) })
	}},
	{"thousands of principals", func(v int) string {
		return filled32K(doc+`{"Effect":"Allow","Principal":{"AWS":[`, `]},"Action":"kms:*","Resource":"*"}]}`, func(i int) string { return fmt.Sprintf(`"arn:aws:iam::%012d:role/x%d"`, i*7+v, i) })
	}},
	{"roles of one account, denied by pattern", func(v int) string {
		return filled32K(doc+allowAll+fmt.Sprintf(`,{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/a*b","arn:aws:iam::*:role/*a%d"]}}}`, v)+
			`,{"Effect":"Allow","Principal":{"AWS":[`, `]},"Action":"kms:*","Resource":"*"}]}`, func(i int) string { return fmt.Sprintf(`"arn:aws:iam::111122223333:role/x%d"`, i) })
	}},
	{"sessions of unknown roles, denied by pattern", func(v int) string {
		return filled32K(doc+allowAll+fmt.Sprintf(`,{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ArnNotLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/a*b","arn:aws:iam::*:role/*a%d*"]}}}`, v)+
			`,{"Effect":"Allow","Principal":{"AWS":[`, `]},"Action":"kms:*","Resource":"*"}]}`, func(i int) string { return fmt.Sprintf(`"arn:aws:sts::111122223333:assumed-role/x%d/s"`, i) })
	}},
	{"a statement for each of hundreds of accounts", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"%012d"},"Action":"kms:Sign","Resource":"*"}`, i*7+v)
		})
	}},
	{"thousands of accounts", func(v int) string {
		return filled32K(doc+`{"Effect":"Allow","Principal":{"AWS":[`, `]},"Action":"kms:*","Resource":"*"}]}`, func(i int) string { return fmt.Sprintf(`"%012d"`, i*7+v) })
	}},
	{"thousands of caller accounts", func(v int) string {
		return oneCondition("StringEquals", `"kms:CallerAccount":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"%012d"`, i*7+v) })
	}},
	{"patterns of caller accounts", func(v int) string {
		return oneCondition("StringLike", `"kms:CallerAccount":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"*%d*%d"`, i, v) })
	}},
	{"accounts, and patterns of principals", func(v int) string {
		return oneCondition("ArnLike", `"aws:PrincipalArn":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"arn:aws:iam::%012d:role/*%d"`, i, v) })
	}},
	{"literal ARNs of principals", func(v int) string {
		return oneCondition("StringEquals", `"aws:PrincipalArn":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"arn:aws:iam::111122223333:role/x%d%d"`, i, v) })
	}},
	{"patterns of principals", func(v int) string {
		return oneCondition("ArnLike", `"aws:PrincipalArn":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"arn:aws:iam::*:role/*%d*%d"`, i, v) })
	}},
	{"patterns of user names", func(v int) string {
		return oneCondition("StringLike", `"aws:username":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"*%d*%d"`, i, v) })
	}},
	{"users, and variables of theirs", func(v int) string {
		return filled32K(doc+`{"Effect":"Allow","Principal":{"AWS":[`+listOf32K(300, func(i int) string { return fmt.Sprintf(`"arn:aws:iam::111122223333:user/u%d"`, i) })+
			`]},"Action":"kms:*","Resource":"*","Condition":{"StringLike":{"k":[`, `]}}}]}`, func(i int) string { return fmt.Sprintf(`"${aws:username}%d*%d"`, i, v) })
	}},
	{"a statement with variables for each user", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:user/u%d"},"Action":"kms:*","Resource":"*","Condition":{"StringLike":{"k%d":"${aws:username}*%d"}}}`, i, i%3, v)
		})
	}},
	{"NotPrincipal of hundreds", func(v int) string {
		return filled32K(doc+allowAll+`,{"Effect":"Deny","NotPrincipal":{"AWS":[`, `]},"Action":"kms:*","Resource":"*"}]}`, func(i int) string { return fmt.Sprintf(`"arn:aws:iam::111122223333:role/x%d%d"`, i, v) })
	}},
	{"statements with NotPrincipal", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"%s","NotPrincipal":{"AWS":"arn:aws:iam::%012d:role/x"},"Action":"kms:*","Resource":"*"}`, []string{"Allow", "Deny"}[i%2], i*2+v)
		})
	}},
	{"statements with a variable in Resource", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"%s","Principal":"*","Action":"kms:*","Resource":"${a%d:%d}"}`, []string{"Allow", "Deny"}[i%2], i, v)
		})
	}},
	{"some value is one of two", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ForAnyValue:StringEquals":{"aws:TagKeys":["x%d","y%d"]}}}`, i, i+v)
		})
	}},
	{"all values are not one of two, denied", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Deny","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"ForAllValues:StringNotEquals":{"aws:TagKeys":["x%d","y%d"]}}}`, i, i+v)
		})
	}},
	{"some value is not one, for a key in a thousand spellings", func(v int) string {
		return oneCondition("ForAnyValue:StringNotEquals", ``, ``, ",", func(i int) string { return fmt.Sprintf(`"%s":"%d-%d"`, spellings("aws:tagkeysofx", i), i, v) })
	}},
	{"some value is one, if there is any, for a key in a thousand spellings", func(v int) string {
		return oneCondition("ForAnyValue:StringLikeIfExists", ``, ``, ",", func(i int) string { return fmt.Sprintf(`"%s":"%d*%d"`, spellings("aws:tagkeysofx", i), i, v) })
	}},
	{"a multi-valued key without a set operator", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringNotLike":{"aws:TagKeys":["x%d*","y%d"]}}}`, i, i+v)
		})
	}},
	{"ranges of addresses", func(v int) string {
		return oneCondition("IpAddress", `"aws:SourceIp":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"10.%d.%d.0/%d"`, i%256, i/256, 24+v) })
	}},
	{"ranges inside ranges", func(v int) string {
		return oneCondition("IpAddress", `"aws:SourceIp":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"2001:db8:%x::%x/%d"`, i%50+v, i, 49+i%80) })
	}},
	{"numbers in statements of their own", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"NumericEquals":{"k":%d},"NumericLessThan":{"j":1e%d}}}`, i*2+v, i%90)
		})
	}},
	{"very small numbers", func(v int) string {
		return oneCondition("NumericEquals", `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`%d.%de-%d`, i%9, i+v, 99-i%9) })
	}},
	{"very large and very small numbers", func(v int) string {
		return oneCondition("NumericLessThan", `"k":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`%de%s%d`, i+v+1, []string{"", "-"}[i%2], 99-i%40) })
	}},
	{"dates", func(v int) string {
		return oneCondition("DateEquals", `"aws:CurrentTime":[`, `]`, ",", func(i int) string { return fmt.Sprintf(`"%d"`, 1700000000+i*2+v) })
	}},
	{"a key as text, number, date, address and bytes", func(v int) string {
		return filled32K(doc, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"StringLike":{"k":"*%d*"},"NumericLessThan":{"k":%d},"DateLessThan":{"k":"%d"},"IpAddress":{"k":"10.0.%d.0/24"},"BinaryEquals":{"k":"QUJD"}}}`, i+v, i, i, i%256)
		})
	}},
	{"a statement for each action, with conditions", func(v int) string {
		names := access.AllActions.Names()
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"%s","Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/r%d"]},"Action":"%s","Resource":"*","Condition":{"StringLike":{"k%d":"*%d%d"}}}`, []string{"Allow", "Deny"}[i%2], i%9, names[i%len(names)], i%11, i, v)
		})
	}},
	{"thousands of action patterns", func(v int) string {
		return filled32K(doc+`{"Effect":"Allow","Principal":"*","Resource":"*","Action":[`, `]}]}`, func(i int) string { return fmt.Sprintf(`"*%s*%c"`, abWord(i), "tn"[v]) })
	}},
	{"one long action pattern", func(v int) string {
		return filledBy(doc+`{"Effect":"Allow","Principal":"*","Resource":"*","Action":"kms:`, []string{`t"}]}`, `n"}]}`}[v], "", func(int) string { return `*` })
	}},
	{"thousands of resources", func(v int) string {
		return filled32K(doc+`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":[`, `]}]}`, func(i int) string { return fmt.Sprintf(`"*%d*a*a%c"`, i, "bc"[v]) })
	}},
	{"everything at once", func(v int) string {
		return filled32K(doc+allowAll+`,`, `]}`, func(i int) string {
			return fmt.Sprintf(`{"Effect":"%s","%sPrincipal":{"AWS":["%012d","arn:aws:iam::111122223333:role/r%d"]},"NotAction":"kms:*%c*","Resource":"*","Condition":{"ForAnyValue:StringLikeIfExists":{"aws:TagKeys":"*%d"},"StringNotLike":{"k%d":"${aws:username}*%d"},"ArnNotLike":{"aws:PrincipalArn":"arn:aws:iam::*:*/*%d"}}}`,
				[]string{"Allow", "Deny"}[i%2], []string{"", "", "Not"}[i%3], i, i, 'a'+i%26, i, i%5, i, i+v)
		})
	}},
}

const (
	doc      = `{"Version":"2012-10-17","Statement":[`
	allowAll = `{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*"}`
)

// filled32K repeats items between a head and a tail, as many as a key policy holds.
func filled32K(head, tail string, item func(i int) string) string {
	return filledBy(head, tail, ",", item)
}

func filledBy(head, tail, separator string, item func(i int) string) string {
	var b strings.Builder
	b.WriteString(head)
	for i := 0; ; i++ {
		next := item(i)
		if b.Len()+len(next)+len(tail)+len(separator) >= policy.MaxBytes {
			break
		}
		if i > 0 {
			b.WriteString(separator)
		}
		b.WriteString(next)
	}
	return b.String() + tail
}

// oneCondition fills one statement with values of one operator.
func oneCondition(operator, head, tail, separator string, item func(i int) string) string {
	return filledBy(doc+`{"Effect":"Allow","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"`+operator+`":{`+head, tail+`}}}]}`, separator, item)
}

// keysStatement returns a statement with a condition on each of some keys.
func keysStatement(effect, operator string, from, keys, value int) string {
	list := listOf32K(keys, func(i int) string { return fmt.Sprintf(`"k:%d":"v%d"`, from+i, value) })
	return `{"Effect":"` + effect + `","Principal":"*","Action":"kms:*","Resource":"*","Condition":{"` + operator + `":{` + list + `}}}`
}

func listOf32K(n int, item func(i int) string) string {
	list := make([]string, n)
	for i := range list {
		list[i] = item(i)
	}
	return strings.Join(list, ",")
}

// abWord writes a number with the letters a and b.
func abWord(n int) string {
	return strings.NewReplacer("0", "a", "1", "b").Replace(fmt.Sprintf("%b", n))
}

// spellings writes a name in upper and lower case, another way for each number.
func spellings(name string, n int) string {
	letters := []byte(name)
	for i, c := range letters {
		if c >= 'a' && c <= 'z' {
			letters[i] -= byte(n&1) * ('a' - 'A')
			n >>= 1
		}
	}
	return string(letters)
}

// TestNoPolicyThatKMSStoresTakesLong compares two policies of each shape, and each with a
// default. The bounds are generous, for slow and busy machines; BenchmarkHostile tells the
// figures. What is not decided in time is inconclusive, never equal.
func TestNoPolicyThatKMSStoresTakesLong(t *testing.T) {
	const (
		mostTime  = 5 * time.Second
		mostBytes = 512 << 20
	)
	for _, shape := range hostileShapes {
		t.Run(shape.name, func(t *testing.T) {
			a, b := parseText(t, shape.text(0)), parseText(t, shape.text(1))
			others := []*policy.Document{b}
			if full {
				others = append(others, document(t, consoleDefault))
			}
			for _, other := range others {
				took, peak, result := measure(a, other)
				if took > mostTime || peak > mostBytes {
					t.Errorf("%s, %d MiB", took, peak>>20)
				}
				if result.Verdict == access.Equal {
					t.Error("equal, but the policies differ")
				}
			}
			if took, _, result := measure(a, parseText(t, shape.text(0)+"\n")); took > mostTime || result.Verdict == access.Different {
				t.Errorf("the same policy in another text: %s after %s", result.Verdict, took)
			}
		})
	}
}

func parseText(t testing.TB, text string) *policy.Document {
	t.Helper()
	d, err := policy.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// measure returns how long a comparison takes, and the most memory in use meanwhile beyond
// what was before.
func measure(a, b *policy.Document) (took time.Duration, peak uint64, result access.Result) {
	runtime.GC()
	var before runtime.MemStats
	runtime.ReadMemStats(&before)
	var most atomic.Uint64
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most.Store(max(most.Load(), now.HeapAlloc))
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	started := time.Now()
	result = access.Compare(key, a.Set, b.Set)
	took = time.Since(started)
	close(stop)
	<-stopped
	return took, most.Load() - min(before.HeapAlloc, most.Load()), result
}

// BenchmarkHostile tells, for each shape, the time of one comparison, the memory it
// allocates and the most that was in use.
func BenchmarkHostile(b *testing.B) {
	for _, shape := range hostileShapes {
		b.Run(strings.ReplaceAll(shape.name, " ", "-"), func(b *testing.B) {
			x, y := parseText(b, shape.text(0)), parseText(b, shape.text(1))
			var peaks []uint64
			b.ReportAllocs()
			for b.Loop() {
				_, peak, _ := measure(x, y)
				peaks = append(peaks, peak)
			}
			b.ReportMetric(float64(slices.Max(peaks))/(1<<20), "MiB-peak")
		})
	}
}
