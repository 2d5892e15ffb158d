package catalog_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/engine/catalog"
)

func TestARegionHasItsPartition(t *testing.T) {
	for _, row := range []struct{ because, region, want string }{
		{"a Region of the commercial partition", "eu-central-1", "aws"},
		{"China", "cn-northwest-1", "aws-cn"},
		{"GovCloud", "us-gov-west-1", "aws-us-gov"},
		{"the European Sovereign Cloud", "eusc-de-east-1", "aws-eusc"},
		{"no such Region", "eu-central-9", ""},
		{"no name", "", ""},
	} {
		if got := catalog.PartitionOf(row.region); got != row.want {
			t.Errorf("%s: %q is of %q, want %q", row.because, row.region, got, row.want)
		}
	}
}

func TestRegionsOfAPartitionAreSortedAndOfNoOther(t *testing.T) {
	all := slices.Collect(catalog.Regions(""))
	if len(all) != 39 {
		t.Errorf("%d Regions", len(all))
	}
	for _, partition := range []string{"aws", "aws-cn", "aws-us-gov", "aws-eusc"} {
		regions := slices.Collect(catalog.Regions(partition))
		if len(regions) == 0 || !slices.IsSorted(regions) {
			t.Errorf("%s: %v", partition, regions)
		}
		for _, region := range regions {
			if catalog.PartitionOf(region) != partition {
				t.Errorf("%s is of %s, and of %s", region, partition, catalog.PartitionOf(region))
			}
		}
	}
}

// TestTheSDKHasTheSameRegions reads the endpoints that the SDK in go.mod knows of KMS.
func TestTheSDKHasTheSameRegions(t *testing.T) {
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/aws/aws-sdk-go-v2/service/kms").Output()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(folder)), "internal", "endpoints", "endpoints.go"))
	if err != nil {
		t.Fatal(err)
	}
	for region := range catalog.Regions("") {
		if !strings.Contains(string(text), `"`+region+`"`) {
			t.Errorf("the SDK does not know %s", region)
		}
	}
	found := 0
	for _, line := range strings.Split(string(text), "\n") {
		region, ok := strings.CutPrefix(strings.TrimSpace(line), `Region: "`)
		if !ok {
			continue
		}
		region, _, _ = strings.Cut(region, `"`)
		if strings.Contains(region, "-iso") || strings.HasSuffix(region, "-fips") || region == "ProdFips" {
			continue // no public partition, and no Region
		}
		found++
		if catalog.PartitionOf(region) == "" {
			t.Errorf("the SDK knows %s: add it to the table", region)
		}
	}
	if found < 39 {
		t.Errorf("%d Regions found in the SDK", found)
	}
}
