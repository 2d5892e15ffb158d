package defaultpolicy

import "slices"

// Edition names a form that the console default had for some time. AWS changed
// it when KMS got new operations; the policies of older keys stay as they were.
type Edition string

// The editions are named for the month in which they came; names sort by age.
const (
	Edition2014 Edition = "2014-11"
	Edition2015 Edition = "2015-10"
	Edition2017 Edition = "2017-02"
	Edition2024 Edition = "2024-04"

	// Latest is another name for the youngest edition.
	Latest Edition = "latest"
)

// EditionInfo describes an edition of the console default.
type EditionInfo struct {
	Name Edition
	// From is the day on which the guide first had it, as year-month-day.
	From string
	// ID is the policy's Id. It tells little: a key made in 2019 is on record
	// with that of 2014.
	ID string
	// Adds are the actions of administrators that the edition before it lacks.
	Adds []string
	// Source is the page that says so.
	Source string
}

// editions, from the oldest. The first three are told apart by a page of the
// guide that is gone: doc_source/key-policy-upgrading.md of the repository
// awsdocs/aws-kms-developer-guide, with dates from dochistory.md there. Which Id
// belongs to which is seen in published policies, not documented.
var editions = []EditionInfo{
	{
		Name: Edition2014, From: "2014-11-12", ID: "key-consolepolicy-1",
		Source: "https://github.com/awsdocs/aws-kms-developer-guide",
	},
	{
		Name: Edition2015, From: "2015-10-15", ID: "key-consolepolicy-2",
		Adds:   []string{"kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"},
		Source: "https://github.com/awsdocs/aws-kms-developer-guide",
	},
	{
		Name: Edition2017, From: "2017-02-15", ID: "key-consolepolicy-3",
		Adds:   []string{"kms:TagResource", "kms:UntagResource"},
		Source: "https://github.com/awsdocs/aws-kms-developer-guide",
	},
	{
		Name: Edition2024, From: "2024-04-12", ID: "key-consolepolicy-3",
		Adds:   []string{"kms:RotateKeyOnDemand"},
		Source: "https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html",
	},
}

// Editions returns the editions of the console default, from the oldest to the
// latest. The API default has had one form only.
func Editions() []EditionInfo {
	list := slices.Clone(editions)
	for i := range list {
		list[i].Adds = slices.Clone(list[i].Adds)
	}
	return list
}

// editionsFor returns the editions that a name stands for and that a key of the
// type can have, from the latest: all of them for "".
func editionsFor(t KeyType, name Edition) ([]EditionInfo, error) {
	latest := editions[len(editions)-1]
	if name == Latest {
		name = latest.Name
	}
	var list []EditionInfo
	known := name == ""
	for _, e := range slices.Backward(editions) {
		known = known || e.Name == name
		if (name == "" || e.Name == name) && e.Name >= t.since() {
			list = append(list, e)
		}
	}
	switch {
	case !known:
		names := make([]Edition, 0, len(editions)+1)
		for _, e := range editions {
			names = append(names, e.Name)
		}
		return nil, fail(UnknownEdition, "unknown edition %s; known are %s", quoted(string(name)), join(append(names, Latest)))
	case len(list) == 0:
		return nil, fail(EditionBeforeKeyType, "no key of type %s can have the console default of %s; the first one is that of %s", t, name, t.since())
	}
	return list, nil
}
