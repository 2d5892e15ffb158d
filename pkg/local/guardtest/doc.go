// Package guardtest is the world in which the guardrail is tested: an account on embedded
// AWS with its administrator and the guardrail's role, the archive's bucket, the queue of keys,
// the topic of findings, a clock that the test moves, key policies and events.
//
//	w := guardtest.Start(t, guardtest.Options{})
//	arn := w.Create(&kms.CreateKeyInput{Policy: &guardtest.Public})
//	... give w.LastEvent() to the code under test, which calls as w.Config(w.Guardrail, guardtest.Virginia)
//	if w.Policy(arn) == guardtest.Public { t.Error("the key stays public") }
//
// A test takes what it needs: [StartBucket], [StartQueue], [StartTopic] and [NewClock] stand by
// themselves, and so do [Document], [Allow] and [PutEvent]. What only one package's tests need
// stays with them.
package guardtest
