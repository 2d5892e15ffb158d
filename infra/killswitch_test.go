package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/jsii-runtime-go"

	"github.com/kms-guardrail/kms-guardrail/pkg/app"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/rules"
	"github.com/kms-guardrail/kms-guardrail/pkg/guard/killswitch"
)

// TestTheKillSwitchIsWhatTheFunctionReads holds the names of the deployment against the function's.
func TestTheKillSwitchIsWhatTheFunctionReads(t *testing.T) {
	if modeParameter != app.DefaultModeParameter || switchUnreadable != killswitch.Unreadable {
		t.Errorf("%s and %q, want %s and %q", modeParameter, switchUnreadable, app.DefaultModeParameter, killswitch.Unreadable)
	}
	template := newTemplate(t, configured(t, repairing))
	for id, p := range decodeResources[struct{ Name, Type, Value string }](t, template, "AWS::SSM::Parameter") {
		if s, err := killswitch.Parse(p.Value); err != nil || s.Mode != rules.Repair || p.Name != app.DefaultModeParameter || p.Type != "String" {
			t.Errorf("%s: %+v, %v, want a String that lets the guardrail repair", id, p, err)
		}
	}
	template.ResourceCountIs(jsii.String("AWS::SSM::Parameter"), jsii.Number(1))
	template.HasResourceProperties(jsii.String("AWS::Logs::MetricFilter"), map[string]any{"FilterPattern": `"kill switch unreadable"`})
}

// TestTheFunctionMayReadTheKillSwitchAndNotWriteIt is for a configuration that repairs. One that
// reports reads no switch, and may not.
func TestTheFunctionMayReadTheKillSwitchAndNotWriteIt(t *testing.T) {
	for _, row := range []struct {
		configuration string
		want          int
		reason        string
	}{
		{repairing, 1, "it repairs unless the switch says no"},
		{strings.Replace(repairing, "repair", "report", 1), 0, "there is nothing to lower"},
	} {
		count := 0
		for _, p := range decodeResources[struct {
			PolicyDocument struct{ Statement []policyStatement }
		}](t, newTemplate(t, configured(t, row.configuration)), "AWS::IAM::Policy") {
			for _, st := range p.PolicyDocument.Statement {
				if actions := fmt.Sprint(st.Action); actions == "ssm:GetParameter" {
					count++
				} else if strings.Contains(actions, "ssm:") {
					t.Errorf("the function may %s", actions)
				}
			}
		}
		if count != row.want {
			t.Errorf("%d permissions to read the switch, want %d: %s", count, row.want, row.reason)
		}
	}
}
