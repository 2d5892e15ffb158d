package template_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/kms-guardrail/kms-guardrail/pkg/desk/template"
)

// TestFunctionsAreComputedOrUnknown has the value as the Sid of a policy's statement.
func TestFunctionsAreComputedOrUnknown(t *testing.T) {
	const head = `
Parameters:
  Name: {Type: String, Default: App}
  List: {Type: CommaDelimitedList, Default: "a,b"}
  Ids: {Type: "List<String>", Default: "x, y"}
  Given: {Type: String}
  Long: {Type: String, Default: %s}
Mappings:
  M: {k: {word: w, list: [l, m]}}
Conditions:
  Yes: !Equals [a, a]
  No: !Not [!Condition Yes]
  Unknown: !Equals [!Ref Given, a]
  Either: !Or [!Condition Unknown, !Condition Yes]
  Both: !And [!Condition Unknown, !Condition No]
  Open: !And [!Condition Unknown, !Condition Yes]
  Bad: [x]
Resources:
  User: {Type: AWS::IAM::User, Properties: {UserName: Me}}
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub "${Name}Role"}}
  Bucket: {Type: AWS::S3::Bucket}
  K:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {AWS: "111122223333"}
            Action: kms:*
            Resource: "*"
            Sid: %s
`
	tests := []struct{ expression, want string }{ // the value, "? " and why it is not known, or "! " and why it is broken
		{`!Ref Name`, "App"},
		{`{Ref: Name}`, "App"},
		{`!Ref AWS::AccountId`, "111122223333"},
		{`!Ref AWS::Region`, "eu-central-1"},
		{`!Ref AWS::Partition`, "aws"},
		{`!Ref AWS::URLSuffix`, "amazonaws.com"},
		{`!Ref AWS::StackName`, "? !Ref AWS::StackName"},
		{`!Ref AWS::Nothing`, "! \"AWS::Nothing\" is no pseudo parameter"},
		{`!Ref AWS::NoValue`, ""},
		{`!Ref Nowhere`, "! \"Nowhere\" is no parameter or resource"},
		{`!Ref [a]`, "! Ref takes the name"},
		{`!Ref User`, "Me"},
		{`!Ref Bucket`, "? !Ref Bucket"},
		{`!Ref Given`, "? !Ref Given on line 31 (the parameter has no default; --parameter Given=VALUE says it)"},
		{`!GetAtt User.Arn`, "arn:aws:iam::111122223333:user/Me"},
		{`{"Fn::GetAtt": [Role, Arn]}`, "arn:aws:iam::111122223333:role/AppRole"},
		{`{"Fn::GetAtt": Role.Arn}`, "arn:aws:iam::111122223333:role/AppRole"},
		{`!GetAtt Role.RoleId`, "? !GetAtt Role.RoleId"},
		{`!GetAtt Bucket.Arn`, "? !GetAtt Bucket.Arn"},
		{`!GetAtt Nowhere.Arn`, "! \"Nowhere\" is no resource"},
		{`!GetAtt [x, y, z]`, "! Fn::GetAtt takes a logical id"},
		{`!Sub "${Name}-${AWS::Region}-${!Name}"`, "App-eu-central-1-${Name}"},
		{`!Sub ["${Own}-${Name}", {Own: !Ref List}]`, "! the variable \"Own\" of Fn::Sub is no text"},
		{`!Sub ["${Own}-${Name}", {Own: !Select [0, !Ref List]}]`, "a-App"},
		{`!Sub "${Bucket}"`, "? !Ref Bucket"},
		{`!Sub "${Role.Arn}"`, "arn:aws:iam::111122223333:role/AppRole"},
		{`!Sub "{{resolve:ssm:${Name}}}"`, "? \"{{resolve:ssm:App}}\""},
		{`!Sub {a: b}`, "! Fn::Sub takes a text"},
		{`!Join ["-", [a, !Ref Name]]`, "a-App"},
		{`!Join ["-", !Ref Ids]`, "x-y"},
		{`!Join ["-", x]`, "! Fn::Join takes a delimiter and a list"},
		{`!Join ["-", [[a]]]`, "! an item of Fn::Join is no text"},
		{`!Join ["", ["{{", "resolve:ssm:x}}"]]`, "? \"{{resolve:ssm:x}}\""},
		{`!Select [1, !Ref List]`, "b"},
		{`!Select ["0", [a]]`, "a"},
		{`!Select [2, !Ref List]`, "! Fn::Select has no item \"2\""},
		{`!Select [0, !GetAZs ""]`, "? !GetAZs"},
		{`!Select [1, !Split ["/", "a/b"]]`, "b"},
		{`!Split ["", "a/b"]`, "! Fn::Split takes a delimiter"},
		{`!FindInMap [M, k, word]`, "w"},
		{`!Select [1, !FindInMap [M, k, list]]`, "m"},
		{`!FindInMap [M, !Ref Name, word]`, "! the template's Mappings have no \"App\""},
		{`!FindInMap [M, !Ref Name, word, {DefaultValue: d}]`, "d"},
		{`!FindInMap [M]`, "! Fn::FindInMap takes"},
		{`!If [Yes, a, b]`, "a"},
		{`!If [No, a, b]`, "b"},
		{`!If [Either, a, b]`, "a"},
		{`!If [Both, a, b]`, "b"},
		{`!If [Open, a, b]`, "? !Ref Given"},
		{`!If [Unknown, a, b]`, "? !Ref Given on line 12"},
		{`!If [Nowhere, a, b]`, "! \"Nowhere\" is no condition"},
		{`!If [Bad, a, b]`, "! expected a condition function"},
		{`!If [Yes]`, "! Fn::If takes the name of a condition"},
		{`!ImportValue x`, "? !ImportValue x"},
		{`!Transform {Name: x}`, "? !Transform"},
		{`!Base64 a`, "YQ=="},
		{`!ToJsonString [a]`, `["a"]`},
		{`"{{resolve:secretsmanager:x}}"`, "? \"{{resolve:secretsmanager:x}}\""},
		{`!Sub "` + strings.Repeat("${Long}", 300) + `"`, "! the functions of the resource make more than 1048576 bytes"},
		{`!Join ["", [` + strings.Repeat("!Ref Long,", 300) + `x]]`, "! the functions of the resource make more than 1048576 bytes"},
	}
	for _, test := range tests {
		t.Run(test.expression[:min(len(test.expression), 60)], func(t *testing.T) {
			text := fmt.Sprintf(strings.TrimPrefix(head, "\n"), strings.Repeat("x", 4000), test.expression)
			f, err := template.Read([]byte(text), here)
			if err != nil || len(f.Keys) != 1 {
				t.Fatal(err, f)
			}
			checkKeys(t, f)
			if got := answer(t, f.Keys[0]); !strings.HasPrefix(got, test.want) || test.want == "" && got != "" {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// answer returns the Sid of the key's first statement, or why there is none.
func answer(t *testing.T, k template.Key) string {
	t.Helper()
	if k.Problem != nil {
		_, detail, _ := strings.Cut(k.Problem.Error(), ": ")
		return "! " + detail
	}
	if k.Unknown != nil {
		return "? " + k.Unknown[0].String()
	}
	var p struct{ Statement []struct{ Sid string } }
	if err := json.Unmarshal([]byte(k.Policy), &p); err != nil {
		t.Fatal(err, k.Policy)
	}
	return p.Statement[0].Sid
}

// A large mapping that is looked through often ends at a bound, too.
func TestLookingThroughAMappingIsBounded(t *testing.T) {
	entries := `"k0":{"v":"x"}`
	for i := range 3000 {
		entries += fmt.Sprintf(`,"k%d":{"v":"x"}`, i+1)
	}
	lookups := strings.Repeat(`{"Sid":{"Fn::FindInMap":["M","k3000","v"]}},`, 3000)
	text := `{"Mappings":{"M":{` + entries + `}},"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"KeyPolicy":{"Statement":[` + lookups + `{}]}}}}}`
	f, err := template.Read([]byte(text), here)
	if err != nil || len(f.Keys) != 1 || f.Keys[0].Problem == nil || !strings.Contains(f.Keys[0].Problem.Error(), "make more than") {
		t.Errorf("%v %+v", err, f.Keys)
	}
}

// A place that is not known makes the pseudo parameters unknown, and given parameters count.
func TestWhatTheCallerKnows(t *testing.T) {
	const text = `{"Parameters":{"P":{"Type":"String","Default":"x"}},"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"KeyPolicy":
		{"Statement":{"Effect":"Allow","Principal":{"AWS":{"Fn::Sub":"arn:${AWS::Partition}:iam::${AWS::AccountId}:role/${P}-${AWS::Region}"}},"Action":"kms:*","Resource":"*"}}}}}}`
	f, err := template.Read([]byte(text), template.Place{})
	if err != nil {
		t.Fatal(err)
	}
	var unknown []string
	for _, u := range f.Keys[0].Unknown {
		unknown = append(unknown, u.Reason)
	}
	if got := strings.Join(unknown, ", "); got != "--partition says it, --account says it, --region says it" {
		t.Error(got)
	}
	place := here
	place.Parameters = map[string]string{"P": "Given", "AWS::StackName": "Stack"}
	f, err = template.Read([]byte(strings.Replace(text, "${AWS::Region}", "${AWS::StackName}", 1)), place)
	if err != nil || !strings.Contains(f.Keys[0].Policy, "arn:aws:iam::111122223333:role/Given-Stack") || f.Keys[0].Assumed != nil {
		t.Errorf("%v %+v", err, f)
	}
}

// A macro of somebody may make anything of a template.
func TestAMacroLeavesNothingKnown(t *testing.T) {
	for text, want := range map[string]int{
		`{"Transform":"AWS::LanguageExtensions","Resources":{"K":{"Type":"AWS::KMS::Key"}}}`:                                        0,
		`{"Transform":["AWS::Serverless-2016-10-31","Mine"],"Resources":{"K":{"Type":"AWS::KMS::Key"}}}`:                            1,
		`{"Transform":{"Name":"AWS::Include"},"Resources":{"K":{"Type":"AWS::KMS::Key"}}}`:                                          1,
		`{"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"Fn::Transform":{"Name":"AWS::Include"}}}}}`:                       1,
		`{"Resources":{"K":{"Type":"AWS::KMS::Key","Properties":{"KeyPolicy":{"Fn::Transform":{"Name":"AWS::Include"}}}}}}`:         1,
		`{"Resources":{"Fn::ForEach::X":["A",["x"],{"K${A}":{"Type":"AWS::KMS::Key"}}],"B":{"Type":"AWS::S3::Bucket"}}}`:            1,
		`{"Resources":{"Fn::Transform":{"Name":"AWS::Include","Parameters":{"Location":"s3://b/k"}},"K":{"Type":"AWS::KMS::Key"}}}`: 1,
	} {
		f, err := template.Read([]byte(text), here)
		if err != nil || len(f.Keys) != 1 || len(f.Keys[0].Unknown) != want {
			t.Errorf("%s: %v, %+v", text, err, f)
		}
	}
}
