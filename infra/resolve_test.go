package main

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/assertions"
)

// realized is a template as CloudFormation would deploy it: each reference has the value that AWS would give it.
type realized struct {
	t         *testing.T
	account   string
	region    string
	resources map[string]struct {
		Type       string
		Properties map[string]any
	}
}

// deploy reads a template.
func deploy(t *testing.T, template assertions.Template, account, region string) *realized {
	t.Helper()
	text, err := json.Marshal(template.ToJSON())
	if err != nil {
		t.Fatal(err)
	}
	d := &realized{t: t, account: account, region: region}
	if err := json.Unmarshal(text, &struct{ Resources any }{&d.resources}); err != nil {
		t.Fatal(err)
	}
	return d
}

// find returns the logical id of the one resource of a type whose id begins with a prefix.
func (d *realized) find(kind, prefix string) string {
	d.t.Helper()
	var found []string
	for id, r := range d.resources {
		if r.Type == kind && strings.HasPrefix(id, prefix) {
			found = append(found, id)
		}
	}
	if len(found) != 1 {
		d.t.Fatalf("%d resources %s begin with %s, want one", len(found), kind, prefix)
	}
	return found[0]
}

// properties returns the properties of a resource with every reference resolved.
func (d *realized) properties(id string) map[string]any {
	d.t.Helper()
	object, ok := d.resolve(d.resources[id].Properties).(map[string]any)
	if !ok {
		d.t.Fatalf("%s has no properties", id)
	}
	return object
}

// resolve replaces the functions that our templates use. Another one is an error.
func (d *realized) resolve(value any) any {
	d.t.Helper()
	switch v := value.(type) {
	case []any:
		list := make([]any, len(v))
		for i := range v {
			list[i] = d.resolve(v[i])
		}
		return list
	case map[string]any:
		if text, ok := d.function(v); ok {
			return text
		}
		object := map[string]any{}
		for key := range v {
			if strings.HasPrefix(key, "Fn::") {
				d.t.Fatalf("%s is not resolved: %v", key, v)
			}
			object[key] = d.resolve(v[key])
		}
		return object
	default:
		return value
	}
}

// substitute resolves the references in a text of Fn::Sub.
var substitute = regexp.MustCompile(`\$\{([A-Za-z0-9:]+)\}`)

// function resolves Ref, Fn::GetAtt, Fn::Sub and Fn::Join.
func (d *realized) function(object map[string]any) (string, bool) {
	d.t.Helper()
	if name, ok := object["Ref"].(string); ok {
		return d.reference(name), true
	}
	if attribute, ok := object["Fn::GetAtt"].([]any); ok {
		return d.attribute(fmt.Sprint(attribute[0]), fmt.Sprint(attribute[1])), true
	}
	if text, ok := object["Fn::Sub"].(string); ok {
		return substitute.ReplaceAllStringFunc(text, func(name string) string { return d.reference(name[2 : len(name)-1]) }), true
	}
	join, ok := object["Fn::Join"].([]any)
	if !ok {
		return "", false
	}
	parts, ok := d.resolve(join[1]).([]any)
	if !ok {
		d.t.Fatalf("nothing is joined by %v", object)
	}
	texts := make([]string, len(parts))
	for i, part := range parts {
		texts[i] = fmt.Sprint(part)
	}
	return strings.Join(texts, fmt.Sprint(join[0])), true
}

// reference is what Ref gives.
func (d *realized) reference(name string) string {
	d.t.Helper()
	switch name {
	case "AWS::Partition":
		return "aws"
	case "AWS::Region":
		return d.region
	case "AWS::AccountId":
		return d.account
	case "AWS::StackName":
		return "KmsGuardrail"
	case "AWS::URLSuffix":
		return "amazonaws.com"
	}
	switch kind := d.resources[name].Type; kind {
	case "AWS::SQS::Queue":
		return "https://sqs." + d.region + ".amazonaws.com/" + d.account + "/" + name
	case "AWS::SNS::Topic":
		return d.attribute(name, "Arn")
	case "AWS::S3::Bucket":
		return strings.ToLower(name)
	case "AWS::IAM::Role":
		return fmt.Sprint(d.resolve(d.resources[name].Properties["RoleName"]))
	case "":
		d.t.Fatalf("%s is no resource", name)
		return ""
	default:
		return name
	}
}

// attribute is what Fn::GetAtt gives.
func (d *realized) attribute(id, name string) string {
	d.t.Helper()
	if d.resources[id].Type == "AWS::S3::Bucket" && name == "Arn" {
		return "arn:aws:s3:::" + d.reference(id)
	}
	if d.resources[id].Type == "AWS::IAM::Role" && name == "Arn" {
		return "arn:aws:iam::" + d.account + ":role/" + d.reference(id)
	}
	service := strings.ToLower(strings.Split(d.resources[id].Type, "::")[1])
	if name != "Arn" && name != "TopicArn" {
		d.t.Fatalf("the attribute %s of %s is not resolved", name, id)
	}
	return strings.Join([]string{"arn", "aws", service, d.region, d.account, id}, ":")
}
