package archive

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/guard/ledger"
)

// maxIdentity bounds the id of an event.
const maxIdentity = 1024

// superseded is the folder beside a record.
const superseded = "/superseded/"

// Keep archives a record that does not exist yet, with one PutObject call. A record that JSON
// would not keep as it is, is refused.
func (a *Archive) Keep(ctx context.Context, r ledger.Record) error {
	key, _, ok := r.Name.Parts()
	of, err := ledger.KeyOf(r.KeyARN)
	switch {
	case err != nil:
		return err
	case !ok || of != key:
		return refuse("%.400q is not the name of a record of %s", string(r.Name), r.KeyARN)
	case r.Time.IsZero() || r.EventTime.IsZero():
		return refuse("the record has no time")
	case !isIdentity(r.EventID):
		return refuse("the record's event id is 1 to %d bytes of text", maxIdentity)
	case r.Before.Text == "" || r.After.Text == "":
		return refuse("the record has no policy")
	case !utf8.ValidString(r.Before.Text) || !utf8.ValidString(r.After.Text):
		return refuse("the policy is not UTF-8, so JSON would not keep it as it is")
	}
	_, err = replaceBody(ctx, a.objects, string(r.Name), r, "")
	return err
}

func isIdentity(text string) bool {
	return text != "" && len(text) <= maxIdentity && utf8.ValidString(text)
}

// KeepSuperseded archives another writer's policy beside a record, with one PutObject call.
func (a *Archive) KeepSuperseded(ctx context.Context, name ledger.Name, other ledger.Superseded) error {
	if !isRecord(name) || !isIdentity(other.EventID) || !utf8.ValidString(other.Policy.Text) {
		return refuse("the superseded policy of %.400q has no event id, or is not UTF-8", string(name))
	}
	object := string(name) + superseded + sum(other.EventID)
	_, err := replaceBody(ctx, a.objects, object, other, "")
	if !errors.Is(err, errTaken) {
		return err
	}
	_, _, err = readBody[ledger.Superseded](ctx, a.objects, object) // an earlier delivery of the event did it
	return err
}

func sum(text string) string {
	all := sha256.Sum256([]byte(text))
	return hex.EncodeToString(all[:])
}

// Record returns a record, with one GetObject call. ErrNoRecord: there is none of that name.
func (a *Archive) Record(ctx context.Context, name ledger.Name) (ledger.Record, error) {
	key, _, ok := name.Parts()
	if !ok {
		return ledger.Record{}, fmt.Errorf("%w: %.400q is not the name of a record", ledger.ErrNoRecord, string(name))
	}
	r, _, err := readBody[ledger.Record](ctx, a.objects, string(name))
	switch {
	case errors.Is(err, errAbsent):
		return ledger.Record{}, fmt.Errorf("%w: %s", ledger.ErrNoRecord, name)
	case err != nil:
		return ledger.Record{}, err
	}
	if of, err := ledger.KeyOf(r.KeyARN); err != nil || of != key || r.Name != name {
		return ledger.Record{}, corrupt(string(name), "it is %.400q, of the key %.200q", string(r.Name), r.KeyARN)
	}
	return r, nil
}

// Entry returns a record with all that there is of it. ErrNoRecord: there is none.
func (a *Archive) Entry(ctx context.Context, name ledger.Name) (ledger.Entry, error) {
	key, _, _ := name.Parts()
	entries, err := a.entries(ctx, key, string(name), 1)
	if err == nil && (key == "" || len(entries) == 0) {
		err = fmt.Errorf("%w: %.400q", ledger.ErrNoRecord, string(name))
	}
	if err != nil {
		return ledger.Entry{}, err
	}
	return entries[0], nil
}

// Entries returns up to limit records of a key with all that there is of them, newest first.
// One that is corrupt does not hide the others: entries and error may both be returned.
func (a *Archive) Entries(ctx context.Context, keyARN string, limit int) ([]ledger.Entry, error) {
	key, err := ledger.KeyOf(keyARN)
	if err != nil {
		return nil, err
	}
	return a.entries(ctx, key, records+string(key)+"/", limit)
}

// entries returns the records of a key whose names have a prefix.
func (a *Archive) entries(ctx context.Context, key ledger.Key, prefix string, limit int) (entries []ledger.Entry, problems error) {
	if key == "" {
		return nil, nil
	}
	l, _, err := a.Ledger(ctx, key)
	if err != nil {
		return nil, err
	}
	var names []ledger.Name
	beside := map[ledger.Name][]string{}
	for object, err := range a.objects.list(ctx, prefix, "") {
		if err != nil {
			return nil, err
		}
		name, rest, isBeside := strings.Cut(object, superseded)
		switch {
		case !isRecord(ledger.Name(name)) || isBeside && len(rest) != hex.EncodedLen(sha256.Size):
			problems = errors.Join(problems, corrupt(fmt.Sprintf("%q", object), "there is no object of such a name"))
		case isBeside:
			beside[ledger.Name(name)] = append(beside[ledger.Name(name)], object)
		default:
			names = append(names, ledger.Name(name))
		}
	}
	for _, name := range slices.Backward(names) {
		if len(entries) >= limit {
			break
		}
		e, err := a.entry(ctx, name, &l, beside[name])
		switch {
		case errors.Is(err, ledger.ErrCorrupt):
			problems = errors.Join(problems, err)
		case err != nil:
			return entries, errors.Join(problems, err)
		default:
			entries = append(entries, e)
		}
	}
	return entries, problems
}

// entry puts a record together with its line of the ledger and the objects beside it.
func (a *Archive) entry(ctx context.Context, name ledger.Name, l *ledger.Ledger, beside []string) (ledger.Entry, error) {
	r, err := a.Record(ctx, name)
	if err != nil {
		return ledger.Entry{}, err
	}
	e := ledger.Entry{Record: r, Repair: l.Find(name)}
	for _, object := range beside {
		other, _, err := readBody[ledger.Superseded](ctx, a.objects, object)
		if err != nil {
			return ledger.Entry{}, err
		}
		if object != string(name)+superseded+sum(other.EventID) {
			return ledger.Entry{}, corrupt(object, "it is of another event")
		}
		e.Superseded = append(e.Superseded, other)
	}
	return e, nil
}

// readBody returns what an object says, and its ETag.
func readBody[T any](ctx context.Context, o objects, name string) (T, string, error) {
	var none T
	text, etag, err := o.read(ctx, name)
	if err != nil {
		return none, "", err
	}
	if etag == "" {
		return none, "", corrupt(name, "it has no ETag")
	}
	body, err := decode[T](name, text)
	return body, etag, err
}

// replaceBody makes an object say something; see objects.replace.
func replaceBody[T any](ctx context.Context, o objects, name string, body T, etag string) (string, error) {
	text, err := encode(body)
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return o.replace(ctx, name, text, etag)
}

// overwriteBody makes an object say something, whatever is there.
func overwriteBody[T any](ctx context.Context, o objects, name string, body T) error {
	text, err := encode(body)
	if err == nil {
		_, err = o.put(ctx, name, text, func(*s3.PutObjectInput) {})
	}
	return err
}
