package archive_test

import (
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/mutation"
)

// mutants break one rule of lock, budget, breaker or outbox each.
var mutants = []mutation.Mutant{
	{Rule: "of concurrent claims one is held", File: "objects.go", Old: `_, err := o.put(ctx, name, body, func(in *s3.PutObjectInput) { in.IfNoneMatch = aws.String("*") })`, Broken: "_, err := o.put(ctx, name, body, func(*s3.PutObjectInput) {})"},
	{Rule: "other events wait for the lock", File: "claim.go", Old: "record.Time.Before(until) {", Broken: "false && record.Time.Before(until) {"},
	{Rule: "a budget ends", File: "claim.go", Old: "if len(used) >= budget {", Broken: "if len(used) > budget {"},
	{Rule: "a breaker counts an account", File: "breaker.go", Old: "case t.Account > limits.AccountPerHour:", Broken: "case false:"},
	{Rule: "a breaker counts all accounts", File: "breaker.go", Old: "case t.Total > limits.TotalPerHour:", Broken: "case false:"},
	{Rule: "a number of the breaker is taken once", File: "breaker.go", Old: "for ; n <= limit; n++ {", Broken: "for ; n <= limit+1; n++ {"},
	{Rule: "a claim is in the outbox", File: "claim.go", Old: "if err := createBody(ctx, a.objects, name.pointer(), slotBody{name.slot()}); err != nil {", Broken: "if err := error(nil); err != nil {"},
	{Rule: "no text of an event is in a name", File: "names.go", Old: "hex.EncodeToString(sum[:])", Broken: "eventID + hex.EncodeToString(sum[:0])"},
}

// TestEveryMutantFollowsTheCode: a text that is no longer in its file breaks no rule.
func TestEveryMutantFollowsTheCode(t *testing.T) { mutation.Follow(t, mutants) }
