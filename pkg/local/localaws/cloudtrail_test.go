package localaws

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
)

var update = flag.Bool("update", false, "write the golden files anew")

// eventCases are calls and the events that they leave, as golden files under
// testdata/events. The shapes follow the samples of
// https://docs.aws.amazon.com/kms/latest/developerguide/understanding-kms-entries.html
var eventCases = []struct {
	name string
	call func(t *testing.T, w world) // the events of its last operation are compared
}{
	{"createkey-user", func(t *testing.T, w world) { newDefaultKey(t, w.client(virginia)) }},
	{"createkey-role-with-policy", func(t *testing.T, w world) {
		role := w.own.AddRole("Builder", PrincipalOptions{Path: "/ops/", Policies: []string{AllowAll}}).Session("job")
		newKey(t, w.as(role, virginia), &kms.CreateKeyInput{Policy: aws.String(policyOf(w.account)), Description: aws.String("orders"),
			KeySpec: types.KeySpecRsa2048, KeyUsage: types.KeyUsageTypeSignVerify, Tags: []types.Tag{{TagKey: aws.String("Team"), TagValue: aws.String("blue")}}})
	}},
	{"createkey-root", func(t *testing.T, w world) { newDefaultKey(t, w.as(w.own.Root(), virginia)) }},
	{"createkey-console", func(t *testing.T, w world) {
		role := w.own.AddRole("Console", PrincipalOptions{Policies: []string{AllowAll}}).FromConsole()
		newDefaultKey(t, w.as(role, virginia))
	}},
	{"createkey-cloudformation", func(t *testing.T, w world) {
		newDefaultKey(t, w.as(w.admin.InvokedBy("cloudformation.amazonaws.com"), virginia))
	}},
	{"createkey-multi-region", func(t *testing.T, w world) { newPrimary(t, w) }},
	{"createkey-refused", func(t *testing.T, w world) {
		_, err := w.client(virginia).CreateKey(ctx, &kms.CreateKeyInput{Policy: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"kms:*","Resource":"*"}]}`)})
		wantError(t, err, malformedCode)
	}},
	{"putkeypolicy-id", func(t *testing.T, w world) {
		id, _ := newDefaultKey(t, w.client(virginia))
		w.skipEvents()
		if err := put(w.client(virginia), id, policyOf(w.account)); err != nil {
			t.Fatal(err)
		}
	}},
	{"putkeypolicy-denied", func(t *testing.T, w world) {
		_, arn := newDefaultKey(t, w.client(virginia))
		w.skipEvents()
		wantError(t, put(w.as(w.own.AddUser("Eve", PrincipalOptions{}), virginia), arn, policyOf(w.account)), "AccessDeniedException")
	}},
	{"replicatekey", func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		w.skipEvents()
		must(replicate(w, id, ireland))(t)
	}},
	{"updateprimaryregion", func(t *testing.T, w world) {
		id, _ := newPrimary(t, w)
		must(replicate(w, id, ireland))(t)
		w.clock.at = w.clock.at.Add(time.Minute)
		w.skipEvents()
		must(w.client(virginia).UpdatePrimaryRegion(ctx, &kms.UpdatePrimaryRegionInput{KeyId: &id, PrimaryRegion: aws.String(ireland)}))(t)
	}},
	{"tagresource", func(t *testing.T, w world) {
		id, _ := newDefaultKey(t, w.client(virginia))
		w.skipEvents()
		must(w.client(virginia).TagResource(ctx, &kms.TagResourceInput{KeyId: &id, Tags: []types.Tag{{TagKey: aws.String("Team"), TagValue: aws.String("blue")}}}))(t)
	}},
	{"createalias", func(t *testing.T, w world) {
		id, _ := newDefaultKey(t, w.client(virginia))
		w.skipEvents()
		must(w.client(virginia).CreateAlias(ctx, &kms.CreateAliasInput{AliasName: aws.String("alias/orders"), TargetKeyId: &id}))(t)
	}},
	{"schedulekeydeletion", func(t *testing.T, w world) {
		id, _ := newDefaultKey(t, w.client(virginia))
		w.skipEvents()
		must(schedule(w.client(virginia), id, 7))(t)
	}},
}

// skipEvents marks the events so far as not of interest.
func (w world) skipEvents() {
	w.cloud.mu.Lock()
	defer w.cloud.mu.Unlock()
	w.cloud.trail.delivered = len(w.cloud.trail.events)
}

func TestEventsHaveCloudTrailsShape(t *testing.T) {
	for _, c := range eventCases {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.call(t, w)
			var events []map[string]any
			for event := w.cloud.nextEvent(); event != nil; event = w.cloud.nextEvent() {
				var e map[string]any
				if err := json.Unmarshal(event, &e); err != nil {
					t.Fatal(err)
				}
				mask(e)
				events = append(events, e)
			}
			got, err := json.MarshalIndent(events, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, filepath.Join("testdata", "events", c.name+".json"), string(got)+"\n")
		})
	}
}

// mask hides the version of the SDK, and access key ids, which scanners of
// repositories take for real ones.
func mask(event map[string]any) {
	detail, _ := event["detail"].(map[string]any)
	if agent, _ := detail["userAgent"].(string); strings.HasPrefix(agent, "aws-sdk-go-v2/") {
		detail["userAgent"] = "aws-sdk-go-v2/..."
	}
	identity, _ := detail["userIdentity"].(map[string]any)
	if id, _ := identity["accessKeyId"].(string); len(id) == 20 {
		identity["accessKeyId"] = id[:4] + "EXAMPLE"
	}
}

func compareGolden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-update writes it anew):\n%s", path, got)
	}
}

func TestReadsLeaveNoEvents(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	id, _ := newDefaultKey(t, client)
	w.skipEvents()
	get(t, client, id)
	describe(t, client, id)
	must(client.ListKeys(ctx, &kms.ListKeysInput{}))(t)
	if event := w.cloud.nextEvent(); event != nil {
		t.Errorf("event %s", event)
	}
}

func TestOverlargeParametersAreOmitted(t *testing.T) {
	w := newWorld(t)
	client := w.client(virginia)
	id, _ := newDefaultKey(t, client)
	w.skipEvents()
	wantError(t, put(client, id, padded(w, 110_000)), "LimitExceededException")
	if event := string(w.cloud.nextEvent()); !strings.Contains(event, `"requestParameters":null`) {
		t.Errorf("event of %d bytes", len(event))
	}
}
