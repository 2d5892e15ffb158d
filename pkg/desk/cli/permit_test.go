package cli

import (
	"strings"
	"testing"
	"time"
)

func TestPermitPrintsLinesThatPermitWhatWasFound(t *testing.T) {
	configuration := "version: 1\nmode: repair\nbaselines:\n  standard:\n    style: api\n"
	file, policy := write(t, "guardrail.yaml", configuration), write(t, "policy.json", foreignPolicy)
	flags := []string{"--config", file, "--account", account, "--region", "us-east-1"}
	permit := func(more ...string) result {
		return kmsguard(t, "", append(append([]string{"permit"}, flags...), more...)...)
	}
	check := func(file string) result {
		return kmsguard(t, "", "check", "--config", file, "--account", account, "--region", "us-east-1", policy)
	}
	check(file).check(t, exitDifferent, "foreign-access", "")
	got := permit(policy)
	got.check(t, exitFine, "# guardrail.yaml: add to the list permit of baseline standard\npermit:\n  - {\"Effect\":\"Allow\",", "")

	// What it prints, put where it says.
	lines := strings.Split(strings.TrimSpace(got.out), "\n")[1:]
	pasted := configuration + "    " + strings.Join(lines, "\n    ") + "\n"
	check(write(t, "pasted.yaml", pasted)).check(t, exitFine, "COMPLIANT  ", "")

	month := time.Now().AddDate(0, 1, 0).Format(time.DateOnly)
	permit("--until", month, policy).check(t, exitFine, `  - {"until":"`+month+`","Effect":`, "")
	permit("--until", "2999-01-01", policy).check(t, exitError, "", "for at most 365 days")
	permit("--until", "soon", policy).check(t, exitError, "", `--until: "soon" is not a day`)
	permit("--until", "2020-01-01", policy).check(t, exitError, "", "statement 2 would still be a finding")
	permit(write(t, "good.json", accountPolicy)).check(t, exitFine, "Nothing is to be permitted: no finding is about a statement that gives too much.", "")
	permit("--output", "json", policy).check(t, exitFine, `"baseline": "standard"`, "")
	permit().check(t, exitError, "", "expected one file with a key policy, or one --key-id")
	permit(policy, policy).check(t, exitError, "", "expected one file")

	alone := write(t, "alone.json", strings.Replace(foreignPolicy, account+":root", account+":role/Nobody", 1))
	permit(alone).check(t, exitDifferent, "444455556666", "left: ")
}

func TestPermitReadsALiveKey(t *testing.T) {
	h := newHome(t)
	arn, _ := h.key(t, logsPolicy)
	file := write(t, "guardrail.yaml", "version: 1\nbaselines: {standard: {style: api}}\n")
	h.desk(t, "permit", "--config", file, "--key-id", arn).check(t, exitFine, "logs.us-east-1.amazonaws.com", "")
	h.noWrites(t)
}
