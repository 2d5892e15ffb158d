package rules

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/defaultpolicy"
)

// Configuration is what guardrail.yaml says: what a key policy must and may allow,
// which keys are exempt, and what may be repaired. Package config reads it; the
// fields have the names of the file. [Configuration.Check] tells what in it
// contradicts itself.
type Configuration struct {
	// Mode is the mode of keys whose rule names none.
	Mode Mode `json:"mode"`
	// Default names the baseline of keys that no rule names.
	Default string `json:"default"`
	// Baselines are sorted by name; names are unique.
	Baselines []Baseline `json:"baselines"`
	// Rules are tried in their order; the first that matches counts.
	Rules      []Rule      `json:"rules"`
	Exemptions []Exemption `json:"exemptions"`
	// AllowTagExemptions lets exemptions match by tag. Whoever may tag a key can
	// then exempt it.
	AllowTagExemptions bool           `json:"allowTagExemptions"`
	Repair             RepairSettings `json:"repair"`
	// Notify.From is the lowest severity that people are told of.
	Notify NotifySettings `json:"notify"`
	// Grants says which grants are looked at.
	Grants GrantWatch `json:"grants"`
	// Notices are the calls that people want to hear of whenever somebody makes them: names of
	// [NoticeCalls].
	Notices []string `json:"notices"`
	// Organization is the organization of the accounts that own the keys.
	Organization Organization `json:"organization"`
}

// NoticeCalls returns the calls of which there can be notices: they put a key out of use and change no policy.
func NoticeCalls() []string {
	return []string{"DeleteImportedKeyMaterial", "DisableKey", "ScheduleKeyDeletion"}
}

// GrantWatch says which grants are looked at.
type GrantWatch string

// The ways.
const (
	// GrantEvents: those that somebody makes, but for an AWS service's own.
	GrantEvents GrantWatch = "events"
	// NoGrants: none.
	NoGrants GrantWatch = "off"
)

// Mode says what the guardrail may do.
type Mode string

// The modes.
const (
	// Report never writes.
	Report Mode = "report"
	// Repair replaces a policy that is proved to be outside its limits.
	Repair Mode = "repair"
)

// Baseline is what a key is held against. It gives a floor, which the policy must
// allow, and a ceiling, beyond which it must not: see [Baseline.Limits].
//
// ARNs and statements may have the placeholders ${AccountId}, ${Partition},
// ${Region}, ${KeyArn} and ${OrganizationId}, which stand for what the key has.
type Baseline struct {
	Name string `json:"name"`
	// Style says which generated default: the API's names nobody.
	Style defaultpolicy.Style `json:"style"`
	// Match says how near the policy must be to it.
	Match Nearness `json:"match"`
	// Edition is the edition of the console default: "any", "latest" or a name.
	Edition defaultpolicy.Edition `json:"edition"`
	// Administrators and Users are the key administrators and key users of the console default.
	Administrators Principals `json:"administrators"`
	Users          Principals `json:"users"`
	// AdministratorsMayDelete lets administrators schedule the key's deletion.
	AdministratorsMayDelete bool `json:"administratorsMayDelete"`
	// Integrations name AWS service statements that a policy may carry; package
	// integration has them.
	Integrations []string `json:"integrations"`
	// Permit and Require are statements that a policy may, and must, carry.
	Permit  []Template `json:"permit"`
	Require []Template `json:"require"`
	// PermitUntil are the moments from which the statements of Permit, by their index, are not
	// permitted any more; zero, or nothing at the index, for none.
	PermitUntil []time.Time `json:"permitUntil"`
	// HardeningDenies says what to do about Deny statements that only narrow.
	HardeningDenies Denies `json:"hardeningDenies"`
	// GuardrailAccess is the ARN of a role, the guardrail's own, that every policy
	// must let read and repair it; "" for none. Without it, a key whose policy loses
	// the account statement is out of the guardrail's reach.
	GuardrailAccess string `json:"guardrailAccess"`
}

// AnyEdition stands for all editions of the console default.
const AnyEdition defaultpolicy.Edition = "any"

// Nearness says how near a policy must be to the generated default.
type Nearness string

// The degrees.
const (
	// WithinBounds: between floor and ceiling.
	WithinBounds Nearness = "bounds"
	// ExactDefault: it is a generated default, for principals that the baseline permits.
	ExactDefault Nearness = "exact"
)

// Principals are the administrators or users of a baseline.
type Principals struct {
	// Required are ARNs of users and roles of the key's account, each of which must have
	// the access. A required user may also be another account, by the ARN of its root.
	Required []string `json:"required"`
	// Permitted are ARN patterns, with * and ? as in the condition operator ArnLike,
	// of those that may have it. The required ones are permitted, too.
	Permitted []string `json:"permitted"`
}

// Template is one policy statement, as JSON text with placeholders.
type Template string

// Denies says what to do about Deny statements that only narrow.
type Denies string

// The ways.
const (
	// PermitDenies: a Deny may take away what the account could allow through IAM,
	// and under conditions what is required.
	PermitDenies Denies = "permit"
	// ReportDenies: it may not.
	ReportDenies Denies = "report"
)

// Rule says which baseline and mode the keys that it matches have.
type Rule struct {
	Name  string `json:"name"`
	Match Match  `json:"match"`
	// Baseline is a name; "" for the configuration's default.
	Baseline string `json:"baseline"`
	// Mode is "" for the configuration's.
	Mode Mode `json:"mode"`
}

// Match tells keys by what they are. Every list that is not empty must have an
// entry that fits. Aliases and tag values are patterns with * and ?.
type Match struct {
	// Keys are key ids or key ARNs. Only an exemption has them.
	Keys                []string                 `json:"keys"`
	Accounts            []string                 `json:"accounts"`
	OrganizationalUnits []string                 `json:"organizationalUnits"`
	Regions             []string                 `json:"regions"`
	KeyUsages           []defaultpolicy.KeyUsage `json:"keyUsages"`
	KeySpecs            []defaultpolicy.KeySpec  `json:"keySpecs"`
	Origins             []defaultpolicy.Origin   `json:"origins"`
	Aliases             []string                 `json:"aliases"`
	// Tags must all be there.
	Tags map[string]string `json:"tags"`
}

// RepairSettings say what may be repaired, and how.
type RepairSettings struct {
	Strategy Strategy `json:"strategy"`
	// From is how severe a finding must be to be repaired. What is less severe stays as it is.
	From Severity `json:"from"`
	// Budget bounds the repairs of one key.
	Budget Budget `json:"budget"`
	// MaxPerHour bounds all repairs of an hour.
	MaxPerHour PerHour `json:"maxPerHour"`
	// Settle is how long aliases and tags of a new key may still come; 0 for not at all. Until then a rule
	// that asks for them and does not find them may yet apply.
	Settle time.Duration `json:"settle"`
	// Sweep lets a sweep repair, too, not only events.
	Sweep bool `json:"sweep"`
	// HoldWhen lists the reasons to hold an edit that would mend a finding below critical.
	HoldWhen []HoldReason `json:"holdWhen"`
}

// Strategy is a way to repair.
type Strategy string

// The strategies.
const (
	// Trim keeps what the ceiling allows, narrows or drops the rest, and adds the floor.
	Trim Strategy = "trim"
	// Reset writes the generated default with the required principals.
	Reset Strategy = "reset"
)

// Budget bounds the repairs of one key.
type Budget struct {
	Repairs int           `json:"repairs"`
	Window  time.Duration `json:"window"`
}

// PerHour bounds the repairs of an hour.
type PerHour struct {
	Account int `json:"account"`
	Total   int `json:"total"`
}

// HoldReason is a reason to report a repair, and not to write it.
type HoldReason string

// The reasons.
const (
	// HoldServiceAccess: an AWS service would lose access.
	HoldServiceAccess HoldReason = "would-remove-service-access"
	// HoldCrossAccountAccess: another account would lose access.
	HoldCrossAccountAccess HoldReason = "would-remove-cross-account-access"
	// HoldCloudFormation: a CloudFormation stack manages the key, and would bring the
	// policy back, or fail.
	HoldCloudFormation HoldReason = "cloudformation-managed"
)

// HoldReasons returns all reasons to hold a repair.
func HoldReasons() []HoldReason {
	return []HoldReason{HoldServiceAccess, HoldCrossAccountAccess, HoldCloudFormation}
}

// Organization is what is known of the organization of the accounts that own the keys. An
// account that is not known to be a member is foreign.
type Organization struct {
	// ID is such as o-a1b2c3d4e5; "" where it is not known.
	ID string `json:"id"`
	// Accounts are the ids of member accounts.
	Accounts []string `json:"accounts"`
}

// Placed returns a key with the organization, unless its organization is known.
func (o Organization) Placed(k Key) Key {
	if k.OrganizationID == "" {
		k.OrganizationID = o.ID
	}
	return k
}

// NotifySettings say of what people are told.
type NotifySettings struct {
	From Severity `json:"from"`
}

// DefaultConfiguration is what counts where there is no file: report mode; a policy
// must give the account control of the key, and may be the console default for the
// key's type with any principal of the key's own account as administrator or user.
// AWS services may use the key for the account.
func DefaultConfiguration() *Configuration {
	const anyone = "arn:${Partition}:iam::${AccountId}:*"
	b := DefaultBaseline()
	b.Name = "default"
	b.Administrators.Permitted = []string{anyone}
	b.Users.Permitted = []string{anyone}
	b.Integrations = []string{"bound-services", "services-in-account"}
	return &Configuration{
		Mode: Report, Default: b.Name, Baselines: []Baseline{b},
		Rules: []Rule{}, Exemptions: []Exemption{}, Repair: DefaultRepair(), Notify: NotifySettings{From: Medium}, Grants: GrantEvents, Notices: []string{},
		Organization: Organization{Accounts: []string{}},
	}
}

// DefaultBaseline is a baseline with every field at the value that it has where the
// file does not say; style has no such value, and is the console's here.
func DefaultBaseline() Baseline {
	return Baseline{
		Style: defaultpolicy.Console, Match: WithinBounds, Edition: AnyEdition,
		AdministratorsMayDelete: true, HardeningDenies: PermitDenies,
		Administrators: Principals{Required: []string{}, Permitted: []string{}},
		Users:          Principals{Required: []string{}, Permitted: []string{}},
		Integrations:   []string{}, Permit: []Template{}, PermitUntil: []time.Time{}, Require: []Template{},
	}
}

// DefaultRepair is what counts where the file says nothing of repairs.
func DefaultRepair() RepairSettings {
	return RepairSettings{
		Strategy: Trim, From: High,
		Budget:     Budget{Repairs: 3, Window: 24 * time.Hour},
		MaxPerHour: PerHour{Account: 20, Total: 100},
		HoldWhen:   []HoldReason{HoldServiceAccess, HoldCloudFormation},
		Settle:     5 * time.Minute,
	}
}

// Hash returns the SHA-256 of the configuration and of the table of severities as 64
// hexadecimal digits. Comments and the order of keys in the file do not count.
func (c *Configuration) Hash() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic("rules: a configuration that is no JSON: " + err.Error()) // it has no type that could not be
	}
	sum := sha256.Sum256(append(text, SeverityTable()...))
	return hex.EncodeToString(sum[:])
}
