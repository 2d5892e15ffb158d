package cli

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
	"github.com/kms-guardrail/kms-guardrail/pkg/engine/policy"
)

// assembly is what the manifest of a CDK app's cdk.out says of its templates: the environment
// of each file, such as aws://111122223333/eu-central-1.
// https://docs.aws.amazon.com/cdk/v2/guide/deploy.html
type assembly map[string]string

// nestedStack stands for the templates of nested stacks, which no manifest lists. They have the
// environment of their parent, which is known where all stacks have one environment.
const nestedStack = "*"

// assemblyIn reads the manifest in a folder. A folder without one has no environments.
func assemblyIn(folder string) assembly {
	var manifest struct {
		Artifacts map[string]struct {
			Type, Environment string
			Properties        struct{ TemplateFile string }
		}
	}
	text, err := readFile(filepath.Join(folder, "manifest.json"), nil)
	if err != nil || json.Unmarshal(text, &manifest) != nil {
		return nil // the templates are judged by what the flags say
	}
	environments := assembly{}
	all := map[string]bool{}
	for _, artifact := range manifest.Artifacts {
		if artifact.Type == "aws:cloudformation:stack" && artifact.Properties.TemplateFile != "" {
			environments[artifact.Properties.TemplateFile] = artifact.Environment
			all[artifact.Environment] = true
		}
	}
	if len(all) == 1 {
		environments[nestedStack] = slices.Collect(maps.Keys(all))[0]
	}
	return environments
}

// placeOf returns where the template in a file is deployed: as the manifest beside it says, else
// as the flags do.
func (f *fileChecker) placeOf(file string) template.Place {
	place := template.Place{Account: f.key.Account, Region: f.key.Region, Partition: f.key.Partition, Parameters: f.parameters}
	account, region, ok := strings.Cut(strings.TrimPrefix(f.environmentOf(file), "aws://"), "/")
	if ok && policy.IsAccountID(account) {
		place.Account = account
	}
	if ok && regionForm.MatchString(region) {
		place.Region = region
	}
	if !f.hasPartition {
		place.Partition = partitionOf(place.Region)
	}
	return place
}

// environmentOf returns what the manifest beside a file says of the file; "" for nothing.
func (f *fileChecker) environmentOf(file string) string {
	if file == standardInput {
		return ""
	}
	folder := filepath.Dir(file)
	environments, read := f.assemblies[folder]
	if !read {
		environments = assemblyIn(folder)
		f.assemblies[folder] = environments
	}
	name := filepath.Base(file)
	if strings.HasSuffix(name, ".nested.template.json") {
		name = nestedStack
	}
	return environments[name]
}

// partitionOf returns the partition of a Region; aws where it is not known.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
func partitionOf(region string) string {
	for _, p := range []struct{ prefix, partition string }{
		{"cn-", "aws-cn"}, {"us-gov-", "aws-us-gov"}, {"eusc-", "aws-eusc"},
		{"us-iso-", "aws-iso"}, {"us-isob-", "aws-iso-b"}, {"eu-isoe-", "aws-iso-e"}, {"us-isof-", "aws-iso-f"},
	} {
		if strings.HasPrefix(region, p.prefix) {
			return p.partition
		}
	}
	return "aws"
}
