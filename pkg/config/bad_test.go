package config_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/config"
)

// bad is a text that is refused.
type bad struct {
	because string
	text    string
	want    []string // the problems, without the file name
	// editor is true where the JSON schema sees that something is wrong.
	editor bool
}

// badTexts are no YAML, or YAML of a kind that is not read. An editor says so without a schema.
var badTexts = []bad{
	{because: "nothing is no configuration", text: "", want: []string{"1:1: the file says nothing; the least that it needs is version and baselines"}},
	{because: "comments say nothing", text: "# later\n", want: []string{"1:1: the file says nothing; the least that it needs is version and baselines"}},
	{because: "one file is one document", text: least + "---\n" + least, want: []string{"3:1: a second YAML document; the file is one"}},
	{because: "bytes must mean characters", text: least + "# \xff\n", want: []string{"3:3: a byte that is not UTF-8 (0xff); save the file as UTF-8"}},
	{because: "UTF-16 is another encoding", text: "\xff\xfev\x00", want: []string{"1:1: a byte that is not UTF-8 (0xff); save the file as UTF-8"}},
	{because: "control characters hide text", text: least + "# \x00\n", want: []string{"3:3: the character U+0000, which does not show; write it as an escape in double quotes, or remove it"}},
	{because: "a terminal shows nothing of a lone carriage return", text: least + "# a\rmode: repair\n", want: []string{"3:4: the character U+000D, which does not show; write it as an escape in double quotes, or remove it"}},
	{because: "YAML breaks lines where editors do not", text: least + "# a\u2028mode: repair\n", want: []string{"3:4: the character U+2028, which does not show; write it as an escape in double quotes, or remove it"}},
	{because: "turned text reads otherwise", text: least + "# \u202emode\n", want: []string{"3:3: the character U+202E, which does not show; write it as an escape in double quotes, or remove it"}},
	{because: "tabs do not indent", text: "version: 1\nbaselines:\n\ta: {}\n", want: []string{"3:1: not YAML: found character that cannot start any token while scanning for the next token; lines are indented with spaces, not tabs, and a value that starts with @, ` or % needs quotes"}},
	{because: "a lone * starts an alias", text: "Principal: *\n", want: []string{`1:13: not YAML: did not find expected alphabetic or numeric character while scanning an alias; a value that starts with * needs quotes, as "*"`}},
	{because: "a brace within brackets ends something", text: "a: [arn:${Partition}:iam]\n", want: []string{"1:10: not YAML: did not find expected ',' or ']' while parsing a flow sequence; within [ ] and { }, values with one of , [ ] { } need quotes"}},
	{because: "two colons are two keys", text: "reason: ticket: SEC-1\n", want: []string{`1:15: not YAML: mapping values are not allowed in this context; a value with ": " in it needs quotes, and keys of one level start in one column`}},
	{because: "keys of one level start in one column", text: "a:\n  b: c\n d: e\n", want: []string{"3:2: not YAML: did not find expected key while parsing a block mapping that starts on line 1; keys of one level start in one column, and nothing follows a quoted value"}},
	{because: "a quote must end", text: "a: 'b\n\n", want: []string{"3:1: not YAML: found unexpected end of stream while scanning a quoted scalar that starts on line 1"}},
	{because: "nesting has an end", text: strings.Repeat("[", 60), want: []string{"1:51: not YAML: exceeded max depth of 50 while increasing flow level; within [ ] and { }, values with one of , [ ] { } need quotes"}},
	{because: "a value stands where it counts", text: "a: &x [1]\nb: *x\n<<: {c: 1}\nd: !!str 5\ne: !own {}\n", want: []string{
		"1:4: the anchor &x; write the value out where it is needed",
		"2:4: the alias *x; write the value here",
		"3:1: the merge key <<; write the keys out",
		"4:4: the tag `!!str`; write the value without it, in quotes where it must be a string",
		"5:4: the tag `!own`; write the value without it, in quotes where it must be a string",
	}},
}

// badValues are read after the shortest file; their lines count from 3.
var badValues = []bad{
	{because: "a typo has one nearest key", text: "repairs: {}", want: []string{"3:1: unknown key `repairs`; did you mean `repair`?"}, editor: true},
	{because: "case counts", text: "Mode: repair", want: []string{"3:1: unknown key `Mode`; did you mean `mode`?"}, editor: true},
	{because: "far off, all keys are listed", text: "policy: x", want: []string{"3:1: unknown key `policy`; known: `version`, `mode`, `default`, `baselines`, `rules`, `exemptions`, `allowTagExemptions`, `repair`, `grants`, `notices`, `organization`, `notify` or `deployment`"}, editor: true},
	{because: "of two values one would be lost", text: "mode: report\nmode: repair", want: []string{"4:1: the key `mode` stands here twice; the first time on line 3"}},
	{because: "a key is text", text: "[mode]: repair", want: []string{"3:1: a list as a key; keys are text"}},
	{because: "a typo has one nearest value", text: "mode: repiar", want: []string{"3:7: unknown mode `repiar`; did you mean `repair`?"}, editor: true},
	{because: "far off, all values are listed", text: "mode: off", want: []string{"3:7: unknown mode `off`; known: `report` or `repair`"}, editor: true},
	{because: "a value is not a list", text: "mode: [repair]", want: []string{"3:7: a list; expected `report` or `repair`"}, editor: true},
	{because: "a key without a value is half a thought", text: "mode:", want: []string{"3:6: no value; expected `report` or `repair`, or nothing, not even the key"}, editor: true},
	{because: "an empty list is written as one", text: "rules:", want: []string{"3:7: no value; expected a list, such as [], or nothing, not even the key"}, editor: true},
	{because: "yes is a text", text: "allowTagExemptions: yes", want: []string{"3:21: `yes` is neither `true` nor `false`; did you mean `true`, without quotes?"}, editor: true},
	{because: "a quoted false is a text", text: `repair: {sweep: "false"}`, want: []string{"3:17: `false` is neither `true` nor `false`; did you mean `false`, without quotes?"}, editor: true},
	{because: "no number is no truth value", text: "repair: {sweep: 1}", want: []string{"3:17: `1` is neither `true` nor `false`"}, editor: true},
	{because: "no repairs at all is what report mode is for", text: "repair: {budget: {repairs: 0}}", want: []string{"3:28: `0` is not a whole number from 1 to 9999"}, editor: true},
	{because: "010 is eight to some readers", text: "repair: {budget: {repairs: 010}}", want: []string{"3:28: `010` is not a whole number from 1 to 9999"}},
	{because: "half a repair is none", text: "repair: {maxPerHour: {total: 1.5}}", want: []string{"3:30: `1.5` is not a whole number from 1 to 9999"}, editor: true},
	{because: "a duration has a unit", text: "repair: {budget: {window: 24}}", want: []string{"3:27: `24` is not a duration from 1m to 7d, such as 24h, 3d or 1h30m"}, editor: true},
	{because: "a window of seconds is a slip", text: "repair: {budget: {window: 30s}}", want: []string{"3:27: `30s` is not a duration from 1m to 7d, such as 24h, 3d or 1h30m"}},
	{because: "the archive counts a week at most", text: "repair: {budget: {window: 7d1s}}", want: []string{"3:27: `7d1s` is not a duration from 1m to 7d, such as 24h, 3d or 1h30m"}},
	{because: "info is never repaired", text: "repair: {from: info}", want: []string{"3:16: unknown severity `info`; known: `critical`, `high`, `medium` or `low`"}, editor: true},
	{because: "each entry is checked", text: "repair: {holdWhen: [cloudformation-managed, would-remove-services-access]}", want: []string{"3:45: unknown reason to hold `would-remove-services-access`; did you mean `would-remove-service-access`?"}, editor: true},
	{because: "a lone value is no list", text: "repair: {holdWhen: cloudformation-managed}", want: []string{"3:20: `cloudformation-managed`; expected a list: [ ] around it, or a line with a dash for each entry"}, editor: true},
	{because: "an object has keys", text: "notify: high", want: []string{"3:9: `high`; expected the keys `from`"}, editor: true},
	{because: "a rule has a name and a match", text: "rules: [{mode: repair}]", want: []string{"3:9: `name` is missing: a name of its own, which outcomes repeat; not `default`, which they have where no rule matches", "3:9: `match` is missing: which keys"}, editor: true},
	{because: "outcomes say default where no rule matches", text: "rules: [{name: default, match: {}}]", want: []string{"3:16: \"default\" is what outcomes say where no rule matches; give the rule another name"}},
	{because: "a name says which rule", text: "rules:\n- {name: a, match: {}}\n- {name: a, match: {}}", want: []string{"5:10: a second rule with the name `a`; the first is on line 4"}},
	{because: "a single key has no rule", text: "rules: [{name: a, match: {keys: []}}]", want: []string{"3:27: `keys` cannot stand here: a rule is for a kind of keys; a single key is exempt, or has an alias or a tag"}, editor: true},
	{because: "an account id has 12 digits", text: `rules: [{name: a, match: {accounts: ["1234"]}}]`, want: []string{"3:38: `1234` is not a 12-digit account id; it looks like `111122223333`"}, editor: true},
	{because: "an organizational unit has an id", text: "rules: [{name: a, match: {organizationalUnits: [Production]}}]", want: []string{"3:49: `Production` is not the id of an organizational unit or root; it looks like `ou-ab12-cdef3456`"}, editor: true},
	{because: "a Region is no pattern", text: "rules: [{name: a, match: {regions: [eu-*]}}]", want: []string{"3:37: `eu-*` is not a Region; it looks like `eu-central-1`"}, editor: true},
	{because: "key specs are spelled as by KMS", text: "rules: [{name: a, match: {keySpecs: [RSA-2048]}}]", want: []string{"3:38: unknown key spec `RSA-2048`; did you mean `RSA_2048`?"}, editor: true},
	{because: "an alias has its prefix", text: "rules: [{name: a, match: {aliases: [payments]}}]", want: []string{"3:37: `payments` is not an alias name or pattern, with its prefix; it looks like `alias/payments-*`"}, editor: true},
	{because: "a tag has a value, which may be empty", text: "rules: [{name: a, match: {tags: {team: }}}]", want: []string{"3:40: no value; expected the value of `team`, \"\" for an empty one, or nothing, not even the key"}, editor: true},
	{because: "an exemption says all of it", text: "exemptions: [{name: a}]", want: []string{
		"3:14: `match` is missing: which keys", "3:14: `owner` is missing: who answers for it", "3:14: `reason` is missing: why",
		"3:14: `expires` is missing: its last day, which ends at midnight UTC",
	}, editor: true},
	{because: "an exemption of everything is none", text: exemptionOf("{accounts: []}"), want: []string{"3:31: this would exempt every key; name keys, aliases, accounts, organizationalUnits, regions or tags"}},
	{because: "a kind of keys has a rule", text: exemptionOf("{keySpecs: [SM2]}"), want: []string{"3:32: `keySpecs` cannot stand here: an exemption names its keys; a kind of keys has a rule with a baseline of its own"}, editor: true},
	{because: "a key has an id, not a pattern", text: exemptionOf(`{keys: ["arn:aws:kms:*:*:key/*"]}`), want: []string{"3:39: `arn:aws:kms:*:*:key/*` is not a key id or key ARN; it looks like `1234abcd-12ab-34cd-56ef-1234567890ab`"}, editor: true},
	{because: "a year has no 30 February", text: expiring("2027-02-30"), want: []string{"3:74: `2027-02-30` is not a day as year-month-day, before the year 3000, such as 2027-01-31"}, editor: true},
	{because: "a day is not a moment", text: expiring("2027-01-31T00:00:00Z"), want: []string{"3:74: `2027-01-31T00:00:00Z` is not a day as year-month-day, before the year 3000, such as 2027-01-31"}, editor: true},
	{because: "for ever is no expiry", text: expiring("9999-12-31"), want: []string{"3:74: `9999-12-31` is not a day as year-month-day, before the year 3000, such as 2027-01-31"}, editor: true},
	{because: "a deployment has known keys", text: "deployment: {sweeps: {every: 24h}}", want: []string{"3:14: unknown key `sweeps`; did you mean `sweep`?"}, editor: true},
	{because: "what is not built is not accepted", text: "deployment: {scope: organization}", want: []string{"3:14: unknown key `scope`; known: `homeRegion`, `regions`, `notify`, `sweep`, `archive` or `concurrency`"}, editor: true},
	{because: "a Region exists", text: "deployment: {homeRegion: eu-centrall-1}", want: []string{"3:26: AWS KMS has no Region `eu-centrall-1`; did you mean `eu-central-1`?"}},
	{because: "a zone is no Region", text: "deployment: {homeRegion: eu-central-1a}", want: []string{"3:26: `eu-central-1a` is not a Region; it looks like `eu-central-1`"}, editor: true},
	{because: "further Regions forward to a home", text: "deployment: {regions: [eu-west-1]}", want: []string{"3:24: `regions` needs `homeRegion`: the Region with the functions and the archive"}},
	{because: "the home is guarded as well", text: "deployment: {homeRegion: eu-central-1, regions: [eu-west-1]}", want: []string{"3:26: `regions` lacks the home Region `eu-central-1`; add it"}},
	{because: "a Region is guarded once", text: "deployment: {homeRegion: eu-west-1, regions: [eu-west-1, eu-west-1]}", want: []string{"3:58: `regions` has `eu-west-1` twice; write it once"}},
	{because: "China has no events across Regions", text: "deployment: {homeRegion: cn-north-1, regions: [cn-north-1, cn-northwest-1]}", want: []string{"3:47: EventBridge forwards no events between the Regions of aws-cn; name one Region, and deploy each other Region with a file of its own"}},
	{because: "events stay in their partition", text: "deployment: {homeRegion: eu-west-1, regions: [eu-west-1, cn-north-1]}", want: []string{"3:58: `cn-north-1` is in partition aws-cn, and `homeRegion` is in aws; events do not cross partitions: deploy the other partition with a file of its own"}},
	{because: "a name is no address", text: "deployment: {notify: {mail: [security]}}", want: []string{"3:30: `security` is not an address; it looks like `security@example.com`"}, editor: true},
	{because: "nor is a name with an address", text: "deployment: {notify: {mail: ['Ana <ana@example.com>']}}", want: []string{"3:30: `Ana <ana@example.com>` is not an address; it looks like `security@example.com`"}, editor: true},
	{because: "a schedule has whole hours", text: "deployment: {sweep: {every: 90m}}", want: []string{"3:29: `90m` is not whole hours, such as 24h"}},
	{because: "an ARN is no name of a bucket", text: "deployment: {archive: {bucket: 'arn:aws:s3:::x'}}", want: []string{"3:32: `arn:aws:s3:::x` is not the name of a bucket; it looks like `kms-archive-111122223333`"}, editor: true},
	{because: "the owner of nothing", text: "deployment: {archive: {owner: 111122223333}}", want: []string{"3:31: `owner` needs `bucket`: the stack makes its own bucket in the account of the deployment"}},
	{because: "S3 has no retention of no days", text: "deployment: {archive: {retentionDays: 0}}", want: []string{"3:39: `0` is not a whole number from 1 to 36500"}, editor: true},
	{because: "a lock has a way", text: "deployment: {archive: {objectLock: Compliance}}", want: []string{"3:36: unknown way to lock `Compliance`; did you mean `compliance`?"}, editor: true},
	{because: "an archive has no unnamed writers", text: "deployment: {archive: {writers: ['arn:aws:iam::111122223333:role/*']}}", want: []string{"3:34: `arn:aws:iam::111122223333:role/*` is not the ARN of a role; it looks like `arn:aws:iam::111122223333:role/KeyOperator`"}, editor: true},
	{because: "somebody must be able to deploy", text: "deployment: {archive: {deployers: ['*']}}", want: []string{"3:36: `*` is not the ARN of a role; it looks like `arn:aws:iam::111122223333:role/Pipeline-*`"}, editor: true},
	{because: "what a budget counts outlives its window", text: "repair: {budget: {window: 25h}}\ndeployment: {archive: {retentionDays: 1}}", want: []string{"4:39: `retentionDays` is 1, and `repair.budget.window` is longer; write at least 2"}},
	{because: "Lambda has no concurrency of one for a queue", text: "deployment: {concurrency: 1}", want: []string{"3:27: `1` is not a whole number from 2 to 1000"}, editor: true},
	{because: "a code that is misspelt excuses nothing", text: excusing("codes: [foreign-acces]"), want: []string{"3:109: unknown code of a finding `foreign-acces`; did you mean `foreign-access`?"}, editor: true},
	{because: "a finding has an id", text: excusing("findings: [x]"), want: []string{`3:112: "x" is not the id of a finding, of 16 digits and letters from a to f`}},
	{because: "no exemption is for the names of all accounts", text: excusing(`principals: ["arn:aws:iam::*:role/x"]`), want: []string{`3:114: "arn:aws:iam::*:role/x" is not the ARN of a principal, in which the account is no pattern, an account id, or an AWS service such as logs.amazonaws.com`}},
	{because: "a critical finding is excused by name", text: excusing("critical: true"), want: []string{"3:111: critical findings are excused only by name: list principals, codes or findings"}},
	{because: "blanks are no reason", text: "exemptions: [{name: a, match: {accounts: [111122223333]}, owner: a, expires: 2027-01-31, reason: ' '}]", want: []string{"3:98: an empty text"}, editor: true},
}

func excusing(what string) string {
	return "exemptions: [{name: a, match: {accounts: [111122223333]}, owner: a, expires: 2027-01-31, reason: a, " + what + "}]"
}

func exemptionOf(match string) string {
	return "exemptions: [{name: a, match: " + match + ", owner: a, reason: a, expires: 2027-01-31}]"
}

func expiring(day string) string {
	return "exemptions: [{name: a, match: {regions: [eu-west-1]}, owner: a, expires: " + day + ", reason: a}]"
}

// badBaselines are the one baseline's keys; what is wrong is on line 4.
var badBaselines = []bad{
	{because: "style has no default", text: "match: exact", want: []string{"4:3: `style` is missing: which generated default: that of the API, which names nobody, or that of the console"}, editor: true},
	{because: "a typo has one nearest key", text: "{style: api, users: {permited: []}}", want: []string{"4:24: unknown key `permited`; did you mean `permitted`?"}, editor: true},
	{because: "editions have names", text: "{style: console, edition: 2017-03}", want: []string{"4:29: unknown edition `2017-03`; did you mean `2017-02`?"}, editor: true},
	{because: "placeholders are known", text: `{style: api, guardrailAccess: "arn:${Partition}:iam::${AccountID}:role/x"}`, want: []string{"4:33: unknown placeholder `${AccountID}`; did you mean `${AccountId}`?"}},
	{because: "far off, all placeholders are listed", text: `{style: api, users: {required: ["${x}"]}}`, want: []string{"4:35: unknown placeholder `${x}`; known: `${AccountId}`, `${Partition}`, `${Region}`, `${KeyArn}` or `${OrganizationId}`"}},
	{because: "a brace must close", text: `{style: api, users: {permitted: ["arn:${Partition:iam"]}}`, want: []string{"4:36: `${Partition:iam` has no closing brace"}},
	{because: "IAM resolves nothing outside statements", text: `{style: api, users: {permitted: ["${aws:username}"]}}`, want: []string{"4:36: `${aws:username}` is an IAM policy variable, and those have a value only in statements"}},
	{because: "an ARN is not nothing", text: `{style: api, users: {permitted: [""]}}`, want: []string{"4:36: an empty text; expected an ARN pattern"}, editor: true},
	{because: "statements have known elements", text: `{style: api, permit: [{Effect: Allow, Principle: "*", Action: "kms:*"}]}`, want: []string{"4:41: unknown element `Principle`; did you mean `Principal`?"}, editor: true},
	{because: "an element stands there once", text: `{style: api, permit: [{Effect: Allow, Principal: {AWS: a, AWS: b}}]}`, want: []string{"4:61: the key `AWS` stands here twice; the first time on line 4"}},
	{because: "a statement is an object", text: `{style: api, require: ["{}"]}`, want: []string{"4:26: `{}`; expected a policy statement"}, editor: true},
	{because: "a condition has a value", text: `{style: api, require: [{Effect: Allow, Condition: {Bool: {a: }}}]}`, want: []string{"4:64: no value; expected a value, or nothing, not even the key"}, editor: true},
	{because: "placeholders in statements are known", text: `{style: api, require: [{Effect: Allow, Principal: {AWS: "${accountId}"}}]}`, want: []string{"4:59: unknown placeholder `${accountId}`; did you mean `${AccountId}`?"}},
	{because: "a typo has one nearest integration", text: "{style: api, integrations: [cloudtrial]}", want: []string{"4:31: unknown integration `cloudtrial`; did you mean `cloudtrail`?"}, editor: true},
}

// badFiles are other whole files.
var badFiles = []bad{
	{because: "a configuration has keys", text: "[]", want: []string{"1:1: a list; expected the keys `version`, `mode`, `default`, `baselines`, `rules`, `exemptions`, `allowTagExemptions`, `repair`, `grants`, `notices`, `organization`, `notify` or `deployment`"}, editor: true},
	{because: "version and baselines have no default", text: "mode: report", want: []string{"1:1: `version` is missing: the version of this file's schema", "1:1: `baselines` is missing: what key policies are held against, by name"}, editor: true},
	{because: "another version means something else", text: "version: 2\nbaselines: {a: {style: api}}", want: []string{"1:10: version `2` is not known; this kms-guardrail reads version 1"}, editor: true},
	{because: "a quoted version is a text", text: "version: '1'\nbaselines: {a: {style: api}}", want: []string{"1:10: version `1` is not known; this kms-guardrail reads version 1"}, editor: true},
	{because: "there is something to hold keys against", text: "version: 1\nbaselines: {}", want: []string{"2:12: expected at least one name with a baseline"}, editor: true},
	{because: "names are fit for outcomes", text: "version: 1\nbaselines: {' a': {style: api}}", want: []string{"2:13: ` a` is no name of a baseline; it needs a name of at most 64 letters, digits, spaces, dots, colons, slashes, hyphens and underscores"}, editor: true},
	{because: "of several baselines one is the default", text: "version: 1\nbaselines: {b: {style: api}, a: {style: api}}", want: []string{"1:1: `default` is missing: which of the baselines `a` or `b` have keys that no rule names?"}},
	{because: "the problems come in the order of the file", text: "mode: x\nversion: 2\n", want: []string{
		"1:1: `baselines` is missing: what key policies are held against, by name", "1:7: unknown mode `x`; known: `report` or `repair`",
		"2:10: version `2` is not known; this kms-guardrail reads version 1",
	}, editor: true},
	{because: "what does not print is escaped, and long text is cut", text: "version: \"\\e[2J\"\nbaselines: {a: {style: " + strings.Repeat("x", 100) + "}}", want: []string{
		"1:10: version \"\\x1b[2J\" is not known; this kms-guardrail reads version 1",
		"2:24: unknown style `" + strings.Repeat("x", 60) + "…`; known: `api` or `console`",
	}, editor: true},
}

// allBad returns every text that is YAML, as a whole file.
func allBad() []bad {
	all := slices.Clone(badFiles)
	for _, b := range badValues {
		b.text = least + b.text
		all = append(all, b)
	}
	for _, b := range badBaselines {
		b.text = "version: 1\nbaselines:\n standard:\n  " + b.text + "\n"
		all = append(all, b)
	}
	return all
}

func TestEveryProblemHasItsPlaceAndTheNextStep(t *testing.T) {
	for _, b := range append(slices.Clone(badTexts), allBad()...) {
		t.Run(b.because, func(t *testing.T) {
			c, err := config.Read("g.yaml", []byte(b.text))
			want := "g.yaml:" + strings.Join(b.want, "\ng.yaml:")
			if c != nil || err == nil || err.Error() != want {
				t.Errorf("got\n%v\nwant\n%s\nfor\n%s", err, want, b.text)
			}
		})
	}
}

func TestProblemsAreBounded(t *testing.T) {
	text := least
	for i := range config.MaxProblems + 7 {
		text += fmt.Sprintf("x%d: 1\n", i)
	}
	_, err := config.Read("g.yaml", []byte(text))
	var problems *config.Errors
	if !errors.As(err, &problems) || len(problems.Problems) != config.MaxProblems || problems.More != 7 || !strings.HasSuffix(err.Error(), "\ng.yaml: and 7 more problems") {
		t.Errorf("got %v", err)
	}
}
