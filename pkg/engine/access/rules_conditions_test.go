package access_test

// set and map of a multi-valued key that AWS documents.
const tags = `"aws:TagKeys"`

// conditionRules are those of section 3 about operators and absence.
var conditionRules = []rule{
	{"operators and keys are joined by and", []rulePair{
		{same, "two operators on a key", []string{on(`"StringEquals":{"kms:ViaService":"ab"}`)}, []string{on(`"StringLike":{"kms:ViaService":"a?"},"StringEquals":{"kms:ViaService":["ab","abc"]}`)}},
		{other, "two keys", []string{on(viaA)}, []string{on(`"StringEquals":{"kms:ViaService":"a","aws:SourceVpc":"b"}`)}},
	}},
	{"values are joined by or, of a negated operator by nor", []rulePair{
		{same, "split into statements", []string{on(`"StringEquals":{"kms:ViaService":["a","b"]}`)}, []string{on(viaA), on(`"StringEquals":{"kms:ViaService":"b"}`)}},
		{same, "a Deny unless a or b", []string{on(`"StringEquals":{"kms:ViaService":["a","b"]}`)}, []string{on(""), deny("*", `"StringNotEquals":{"kms:ViaService":["b","a"]}`)}},
		{other, "split, a negated operator is or", []string{on(`"StringNotEquals":{"kms:ViaService":["a","b"]}`)}, []string{on(`"StringNotEquals":{"kms:ViaService":"a"}`), on(`"StringNotEquals":{"kms:ViaService":"b"}`)}},
	}},
	{"an empty condition is no condition", []rulePair{
		{same, "empty element and empty operator", []string{on("")}, []string{instead(on(viaA), viaA, ""), on(`"StringEquals":{}`)}},
		{other, "beside a condition that is none", []string{on("")}, []string{on(viaA + `,"Bool":{}`)}},
	}},
	{"a positive operator is false where the key is absent", []rulePair{
		{same, "so it implies presence", []string{on(viaA)}, []string{on(viaA + `,"Null":{"kms:ViaService":"false"}`)}},
		{other, "a pattern of everything still asks for presence", []string{on("")}, []string{on(`"StringLike":{"kms:ViaService":"*"}`)}},
	}},
	{"a negated operator is true where the key is absent", []rulePair{
		{same, "a Deny unless a denies absence", []string{on(""), deny("*", `"StringNotEquals":{"kms:ViaService":"a"}`)}, []string{on(viaA)}},
		{other, "not so with presence asked for", []string{on(`"StringNotEquals":{"kms:ViaService":"a"}`)}, []string{on(`"StringNotEquals":{"kms:ViaService":"a"},"Null":{"kms:ViaService":"false"}`)}},
	}},
	{"IfExists is true where the key is absent", []rulePair{
		{same, "a, or absent", []string{on(`"StringEqualsIfExists":{"kms:ViaService":"a"}`)}, []string{on(viaA), on(`"Null":{"kms:ViaService":"true"}`)}},
		{same, "a negated operator is so anyway", []string{on(`"StringNotEqualsIfExists":{"kms:ViaService":"a"}`)}, []string{on(`"StringNotEquals":{"kms:ViaService":"a"}`)}},
		{other, "without it, absence does not do", []string{on(`"StringEqualsIfExists":{"kms:ViaService":"a"}`)}, []string{on(viaA)}},
	}},
	{"Null is true for absence, false for presence", []rulePair{
		{same, "either is always", []string{on("")}, []string{on(`"Null":{"kms:ViaService":["true","false"]}`)}},
		{same, "one denies the other", []string{on(`"Null":{"kms:ViaService":"true"}`)}, []string{on(""), deny("*", `"Null":{"kms:ViaService":"false"}`)}},
		{same, "in any case, and as JSON", []string{on(`"Null":{"kms:ViaService":"TRUE"}`)}, []string{on(`"Null":{"kms:ViaService":true}`)}},
		{other, "one is not the other", []string{on(`"Null":{"kms:ViaService":"true"}`)}, []string{on(`"Null":{"kms:ViaService":"false"}`)}},
	}},
	{"Null under ForAllValues is true, under ForAnyValue false, always", []rulePair{
		{same, "ForAllValues", []string{on("")}, []string{on(`"ForAllValues:Null":{` + tags + `:"true"}`)}},
		{same, "ForAnyValue", []string{deny("*", "")}, []string{on(`"ForAnyValue:Null":{` + tags + `:["true","false"]}`)}},
		{other, "one is not the other", []string{on(`"ForAllValues:Null":{` + tags + `:"true"}`)}, []string{on(`"ForAnyValue:Null":{` + tags + `:"true"}`)}},
	}},
	{"ForAllValues is true where the key is absent", []rulePair{
		{same, "only a, or absent", []string{on(`"ForAllValues:StringEquals":{` + tags + `:"a"}`)}, []string{on(`"ForAllValues:StringEquals":{` + tags + `:"a"},"Null":{` + tags + `:"false"}`), on(`"Null":{` + tags + `:"true"}`)}},
		{same, "all values equal something, or are like everything", []string{on("")}, []string{on(`"ForAllValues:StringLike":{` + tags + `:"*"}`)}},
		{other, "not so with presence asked for", []string{on(`"ForAllValues:StringEquals":{` + tags + `:"a"}`)}, []string{on(`"ForAllValues:StringEquals":{` + tags + `:"a"},"Null":{` + tags + `:"false"}`)}},
	}},
	{"ForAnyValue is false where the key is absent, also over a negated operator", []rulePair{
		{same, "some value is not a: not all are a, and there is one", []string{on(`"ForAnyValue:StringNotEquals":{` + tags + `:"a"}`)}, []string{on(""), deny("*", `"ForAllValues:StringEquals":{`+tags+`:"a"}`)}},
		{same, "some value is anything: it is there", []string{on(`"ForAnyValue:StringLike":{` + tags + `:"*"}`)}, []string{on(`"Null":{` + tags + `:"false"}`)}},
		{other, "no value is a is something else", []string{on(`"ForAnyValue:StringNotEquals":{` + tags + `:"a"}`)}, []string{on(`"ForAllValues:StringNotEquals":{` + tags + `:"a"}`)}},
	}},
	{"some value is one thing and some value another", []rulePair{
		{same, "with two values, both", []string{on(`"ForAnyValue:StringEquals":{` + tags + `:"a"}`)}, []string{on(`"ForAnyValue:StringEquals":{` + tags + `:"a"},"ForAnyValue:StringLike":{` + tags + `:"?"}`)}},
		{other, "it need not be the same value", []string{on(`"ForAnyValue:StringEquals":{` + tags + `:"a"},"ForAnyValue:StringNotEquals":{` + tags + `:"a"}`)}, []string{deny("*", "")}},
		{other, "a set of two is not a set of one", []string{on(`"ForAnyValue:StringEquals":{` + tags + `:["a","b"]}`)}, []string{on(`"ForAllValues:StringEquals":{` + tags + `:["a","b"]},"Null":{` + tags + `:"false"}`)}},
	}},
	{"a set operator on a single-valued key sees the set of its one value", []rulePair{
		{same, "ForAnyValue changes nothing", []string{on(viaA)}, []string{on(`"ForAnyValue:StringEquals":{"kms:ViaService":"a"}`)}},
		{same, "ForAllValues is IfExists", []string{on(`"StringEqualsIfExists":{"kms:ViaService":"a"}`)}, []string{on(`"ForAllValues:StringEquals":{"kms:ViaService":"a"}`)}},
		{other, "ForAllValues does not ask for presence", []string{on(viaA)}, []string{on(`"ForAllValues:StringEquals":{"kms:ViaService":"a"}`)}},
	}},
	{"ForAnyValue with IfExists has two readings where the key is absent", []rulePair{
		{same, "where it is present there is one", []string{on(`"ForAnyValue:StringEqualsIfExists":{` + tags + `:"a"},"Null":{` + tags + `:"false"}`)}, []string{on(`"ForAnyValue:StringEquals":{` + tags + `:"a"}`)}},
		{other, "and it is decided", []string{on(`"ForAnyValue:StringEqualsIfExists":{` + tags + `:"a"},"Null":{` + tags + `:"false"}`)}, []string{on(`"ForAnyValue:StringEquals":{` + tags + `:"b"}`)}},
		{open, "false by ForAnyValue, true by IfExists", []string{on(`"ForAnyValue:StringEquals":{` + tags + `:"a"}`)}, []string{on(`"ForAnyValue:StringEqualsIfExists":{` + tags + `:"a"}`)}},
		{open, "of a single-valued key too", []string{on(viaA)}, []string{on(`"ForAnyValue:StringEqualsIfExists":{"kms:ViaService":"a"}`)}},
	}},
	{"a multi-valued key without a set operator has two readings where it is present", []rulePair{
		{same, "where it is absent there is one", []string{deny("*", "")}, []string{on(`"StringEquals":{` + tags + `:"a"},"Null":{` + tags + `:"true"}`)}},
		{other, "a negated one is then true", []string{deny("*", "")}, []string{on(`"StringNotEquals":{` + tags + `:"a"},"Null":{` + tags + `:"true"}`)}},
		{open, "it never holds, or as on a single value", []string{deny("*", "")}, []string{on(`"StringEquals":{` + tags + `:"a"}`)}},
		{open, "an unknown key under a set operator has several values", []string{on(`"ForAnyValue:StringEquals":{"my:key":"a"}`)}, []string{on(`"StringEquals":{"my:key":"a"}`)}},
	}},
	{"an empty list of values holds for absence only, under ForAnyValue never", []rulePair{
		{same, "ForAllValues", []string{on(`"Null":{` + tags + `:"true"}`)}, []string{on(`"ForAllValues:StringEquals":{` + tags + `:[]}`)}},
		{same, "IfExists", []string{on(`"Null":{"kms:ViaService":"true"}`)}, []string{on(`"StringNotLikeIfExists":{"kms:ViaService":[]}`)}},
		{same, "ForAnyValue, negated too", []string{deny("*", "")}, []string{on(`"ForAnyValue:StringNotEquals":{` + tags + `:[]}`)}},
		{other, "so it is not nothing", []string{on("")}, []string{on(`"ForAllValues:StringEquals":{` + tags + `:[]}`)}},
		{open, "plain, AWS does not say", []string{deny("*", "")}, []string{on(`"StringEquals":{"kms:ViaService":[]}`)}},
		{open, "ForAnyValue with IfExists, where absent", []string{deny("*", "")}, []string{on(`"ForAnyValue:StringEqualsIfExists":{` + tags + `:[]}`)}},
		{open, "Null of nothing", []string{deny("*", "")}, []string{on(`"Null":{"kms:ViaService":[]}`)}},
		{open, "Null of nothing under ForAllValues, where present", []string{on("")}, []string{on(`"ForAllValues:Null":{` + tags + `:[]}`)}},
	}},
	{"the empty string counts as present, and no witness shows it", []rulePair{
		{same, "it is one of the values that are not a", []string{on(`"StringNotEquals":{"kms:ViaService":"a"}`)}, []string{on(`"StringNotEquals":{"kms:ViaService":"a"}`), on(`"StringEquals":{"kms:ViaService":""}`)}},
		{other, "beside it there is more", []string{on(viaA)}, []string{on(`"StringEquals":{"kms:ViaService":["a","","b"]}`)}},
		{open, "nor in a set of values", []string{deny("*", "")}, []string{on(`"ForAnyValue:StringEquals":{` + tags + `:""}`)}},
		{open, "nothing else differs", []string{on(viaA)}, []string{on(`"StringEquals":{"kms:ViaService":["a",""]}`)}},
	}},
	{"conditions on a key that the principal determines are part of the principal", []rulePair{
		{same, "a condition that it always meets", []string{allow(ownRole, "")}, []string{allow(ownRole, `"StringEquals":{"aws:PrincipalType":"AssumedRole"},"Null":{"aws:username":"true"}`)}},
		{same, "a condition that it never meets", []string{deny("*", "")}, []string{allow(ownRole, `"StringEquals":{"kms:CallerAccount":"444455556666"}`)}},
		{other, "of an account, some meet it", []string{allow(ownRoot, "")}, []string{allow(ownRoot, `"StringEquals":{"aws:PrincipalType":"AssumedRole"}`)}},
	}},
}

// valueRules are those of section 3 about values.
var valueRules = []rule{
	{"String operators compare the whole string", []rulePair{
		{same, "no wildcard in StringEquals", []string{deny("*", "")}, []string{on(`"StringEquals":{"kms:ViaService":"*"},"StringNotLike":{"kms:ViaService":"${*}"}`)}},
		{other, "it minds case", []string{on(viaA)}, []string{on(`"StringEquals":{"kms:ViaService":"A"}`)}},
		{other, "a NUL is a character", []string{on(`"StringEquals":{"kms:ViaService":"a\u0000b"}`)}, []string{on(`"StringEquals":{"kms:ViaService":["a","b"]}`)}},
	}},
	{"EqualsIgnoreCase ignores case", []rulePair{
		{same, "in any case", []string{on(`"StringEqualsIgnoreCase":{"kms:ViaService":"abC"}`)}, []string{on(`"StringEqualsIgnoreCase":{"kms:ViaService":"Abc"}`)}},
		{same, "and takes in each", []string{on(`"StringEqualsIgnoreCase":{"kms:ViaService":"aB"}`)}, []string{on(`"StringEquals":{"kms:ViaService":["ab","aB","Ab","AB"]}`)}},
		{other, "one spelling is less", []string{on(`"StringEqualsIgnoreCase":{"kms:ViaService":"a"}`)}, []string{on(viaA)}},
	}},
	{"StringLike is a pattern of the whole string", []rulePair{
		{same, "without wildcards it is StringEquals", []string{on(viaA)}, []string{on(`"StringLike":{"kms:ViaService":"a"}`)}},
		{same, "* takes any number, ? one", []string{on(`"StringLike":{"kms:ViaService":"a*"}`)}, []string{on(`"StringLike":{"kms:ViaService":["a","a?","a??*"]}`)}},
		{other, "a*b and *ab overlap and differ", []string{on(`"StringLike":{"kms:ViaService":"a*b"}`)}, []string{on(`"StringLike":{"kms:ViaService":"*ab"}`)}},
		{same, "their overlap is ab and a*ab", []string{on(`"StringLike":{"kms:ViaService":"a*b"}`), deny("*", `"StringNotLike":{"kms:ViaService":"*ab"}`)}, []string{on(`"StringLike":{"kms:ViaService":["ab","a*ab"]}`)}},
		{other, "it is anchored at both ends", []string{on(`"StringLike":{"kms:ViaService":"a*"}`)}, []string{on(`"StringLike":{"kms:ViaService":"*a*"}`)}},
		{other, "a character of control is a character", []string{on(`"StringLike":{"kms:ViaService":"\u0001*"}`)}, []string{on(`"StringLike":{"kms:ViaService":"${*}"}`)}},
	}},
	{"ArnLike and ArnEquals are the same, part by part", []rulePair{
		{same, "Equals takes wildcards", []string{on(`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::a*"}`)}, []string{on(`"ArnEquals":{"aws:SourceArn":"arn:aws:s3:::a*"}`)}},
		{same, "the negated ones too", []string{on(`"ArnNotLike":{"aws:SourceArn":"arn:aws:s3:::a*"}`)}, []string{on(`"ArnNotEquals":{"aws:SourceArn":"arn:aws:s3:::a*"}`)}},
		{other, "a * does not leave its part, in StringLike it does", []string{on(`"ArnLike":{"aws:SourceArn":"arn:aws:*:*:*:a"}`)}, []string{on(`"StringLike":{"aws:SourceArn":"arn:aws:*:*:*:a"}`)}},
		{other, "two patterns that overlap", []string{on(`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::a*"}`)}, []string{on(`"ArnLike":{"aws:SourceArn":"arn:aws:s3:::a*"}`), deny("*", `"ArnLike":{"aws:SourceArn":"arn:aws:s3:::*b"}`)}},
		{other, "a text that is no ARN never matches", []string{on(`"ArnNotLike":{"aws:SourceArn":"arn:*:*:*:*:*"}`)}, []string{on(`"Null":{"aws:SourceArn":"true"}`)}},
		{same, "nor does a pattern of none", []string{deny("*", "")}, []string{on(`"ArnLike":{"aws:SourceArn":["arm:aws:s3:::a","*x:aws:s3:::*",":::::"]}`)}},
		{same, "nor one without six parts", []string{deny("*", "")}, []string{on(`"ArnLike":{"aws:SourceArn":"arn:aws:s3"}`)}},
	}},
	{"numbers are intervals", []rulePair{
		{same, "less or equal, and not equal, is less", []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":"90"}`)}, []string{on(`"NumericLessThanEquals":{"kms:RotationPeriodInDays":"90"},"NumericNotEquals":{"kms:RotationPeriodInDays":"90"}`)}},
		{same, "at least is more or equal", []string{on(`"NumericGreaterThanEquals":{"kms:RotationPeriodInDays":"90"}`)}, []string{on(`"NumericGreaterThan":{"kms:RotationPeriodInDays":"90"}`), on(`"NumericEquals":{"kms:RotationPeriodInDays":"90"}`)}},
		{same, "1.5 is 1.50 is 15e-1", []string{on(`"NumericEquals":{"kms:RotationPeriodInDays":"1.5"}`)}, []string{on(`"NumericEquals":{"kms:RotationPeriodInDays":["1.50","15e-1"]}`)}},
		{same, "nothing is less than 1 and more than 2", []string{deny("*", "")}, []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":"1"},"NumericGreaterThan":{"kms:RotationPeriodInDays":"2"}`)}},
		{open, "whether there are values that are no numbers is not known", []string{on(`"Null":{"kms:RotationPeriodInDays":"false"}`)}, []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":"90"}`), on(`"NumericGreaterThanEquals":{"kms:RotationPeriodInDays":"90"}`)}},
		{other, "an edge", []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":"90"}`)}, []string{on(`"NumericLessThanEquals":{"kms:RotationPeriodInDays":"90"}`)}},
		{other, "between 1 and 2 there are numbers", []string{deny("*", "")}, []string{on(`"NumericGreaterThan":{"kms:RotationPeriodInDays":"1"},"NumericLessThan":{"kms:RotationPeriodInDays":"2"}`)}},
		{other, "of several values the widest counts", []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":["1","2"]}`)}, []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":"1"}`)}},
	}},
	{"dates are intervals", []rulePair{
		{same, "an ISO date is its epoch second", []string{on(`"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`)}, []string{on(`"DateLessThan":{"aws:CurrentTime":"1767225600"}`)}},
		{same, "in any time zone", []string{on(`"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`)}, []string{on(`"DateLessThan":{"aws:CurrentTime":"2026-01-01T01:00:00+01:00"}`)}},
		{other, "an edge", []string{on(`"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`)}, []string{on(`"DateLessThanEquals":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`)}},
		{other, "between two dates there are others", []string{deny("*", "")}, []string{on(`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01"},"DateLessThan":{"aws:CurrentTime":"2026-01-02"}`)}},
		{open, "a witness shows no parts of a millisecond", []string{deny("*", "")}, []string{on(`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00.0001Z"},"DateLessThan":{"aws:CurrentTime":"2026-01-01T00:00:00.0009Z"}`)}},
		{other, "a second later", []string{on(`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:00Z"}`)}, []string{on(`"DateGreaterThan":{"aws:CurrentTime":"2026-01-01T00:00:01Z"}`)}},
	}},
	{"Bool is true or false in any case", []rulePair{
		{same, "in any case", []string{on(`"Bool":{"aws:SecureTransport":"True"}`)}, []string{on(`"Bool":{"aws:SecureTransport":"true"}`)}},
		{same, "a list is or", []string{on(`"Bool":{"aws:SecureTransport":["true","false"]}`)}, []string{on(`"Bool":{"aws:SecureTransport":"false"}`), on(`"Bool":{"aws:SecureTransport":"true"}`)}},
		{same, "a key of this type has no other value", []string{on(`"Null":{"aws:MultiFactorAuthPresent":"false"}`)}, []string{on(`"Bool":{"aws:MultiFactorAuthPresent":["true","false"]}`)}},
		{open, "whether a key that AWS does not document has others is not known", []string{on(`"Null":{"my:key":"false"}`)}, []string{on(`"Bool":{"my:key":["true","false"]}`)}},
		{other, "the opposite of a value need not be named", []string{on(`"Bool":{"my:key":"true"}`)}, []string{on(`"Null":{"my:key":"false"}`)}},
		{other, "a Deny of false leaves absence", []string{on(`"Bool":{"aws:MultiFactorAuthPresent":"true"}`)}, []string{on(""), deny("*", `"Bool":{"aws:MultiFactorAuthPresent":"false"}`)}},
	}},
	{"BinaryEquals compares bytes", []rulePair{
		{same, "in any order", []string{on(`"BinaryEquals":{"my:key":["QUJD","QUJE"]}`)}, []string{on(`"BinaryEquals":{"my:key":["QUJE","QUJD"]}`)}},
		{other, "bytes that nobody names", []string{on(`"BinaryEquals":{"my:key":"QUJD"}`)}, []string{on(`"Null":{"my:key":"false"}`)}},
		{other, "other bytes", []string{on(`"BinaryEquals":{"my:key":"QUJD"}`)}, []string{on(`"BinaryEquals":{"my:key":"QUJE"}`)}},
	}},
	{"addresses are ranges", []rulePair{
		{same, "two halves are the whole", []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":["10.0.0.0/9","10.128.0.0/9"]}`)}},
		{same, "in two statements too", []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/9"}`), on(`"IpAddress":{"aws:SourceIp":"10.128.0.0/9"}`)}},
		{same, "bits behind the mask are ignored", []string{on(`"IpAddress":{"aws:SourceIp":"10.1.2.3/8"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}},
		{same, "a bare address is a range of one", []string{on(`"IpAddress":{"aws:SourceIp":["10.0.0.1","2001:db8::1"]}`)}, []string{on(`"IpAddress":{"aws:SourceIp":["10.0.0.1/32","2001:db8::1/128"]}`)}},
		{same, "IPv6 has many spellings", []string{on(`"IpAddress":{"aws:SourceIp":"2001:DB8:0:0::/32"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":"2001:db8::/32"}`)}},
		{open, "whether there are values that are no addresses is not known", []string{on(`"Null":{"aws:SourceIp":"false"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":["0.0.0.0/0","::/0"]}`)}},
		{other, "one bit more", []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/7"}`)}},
		{other, "one address less", []string{on(`"IpAddress":{"aws:SourceIp":"10.0.0.0/30"}`)}, []string{on(`"IpAddress":{"aws:SourceIp":["10.0.0.0/31","10.0.0.2"]}`)}},
		{other, "not in a range of IPv4 is true of IPv6", []string{on(`"NotIpAddress":{"aws:SourceIp":"0.0.0.0/0"}`)}, []string{on(`"Null":{"aws:SourceIp":"true"}`)}},
	}},
	{"a key may be asked for as text and as a number", []rulePair{
		{same, "the same conditions", []string{on(`"StringEquals":{"kms:RotationPeriodInDays":"30"},"NumericLessThan":{"kms:RotationPeriodInDays":"90"}`)}, []string{on(`"StringEquals":{"kms:RotationPeriodInDays":"30"}`)}},
		{other, "a text is one way to write a number", []string{on(`"StringEquals":{"kms:RotationPeriodInDays":"30"}`)}, []string{on(`"NumericLessThan":{"kms:RotationPeriodInDays":"30"}`)}},
	}},
}

// variableRules are those of section 3 about policy variables.
var variableRules = []rule{
	{"under version 2008-10-17 ${ is text", []rulePair{
		{same, "so ${*} is a pattern with three characters around a *", []string{version2008, on(`"StringLike":{"kms:ViaService":"${*}"}`)}, []string{on(`"StringLike":{"kms:ViaService":"${$}{*}"}`)}},
		{other, "and ${aws:username} is no name", []string{version2008, on(`"StringEquals":{"kms:ViaService":"${aws:username}"}`)}, []string{on(`"StringEquals":{"kms:ViaService":"${aws:username}"}`)}},
		{same, "without ${ the version makes no difference", []string{version2008, on(viaA)}, []string{on(viaA)}},
	}},
	{"${*}, ${?} and ${$} are characters", []rulePair{
		{same, "in patterns and texts", []string{on(`"StringLike":{"kms:ViaService":"a${*}${?}${$}"}`)}, []string{on(`"StringEquals":{"kms:ViaService":"a${*}${?}$"}`)}},
		{other, "not wildcards", []string{on(`"StringLike":{"kms:ViaService":"a${*}"}`)}, []string{on(`"StringLike":{"kms:ViaService":"a*"}`)}},
	}},
	{"a variable that the principal determines has its value", []rulePair{
		{same, "of a user its name", []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"${aws:username}"}`)}, []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"alice"}`)}},
		{same, "the name of a variable ignores case", []string{allow(ownUser, `"StringLike":{"kms:ViaService":"${AWS:userName}-*"}`)}, []string{allow(ownUser, `"StringLike":{"kms:ViaService":"alice-*"}`)}},
		{same, "in an ARN too", []string{allow(ownRole, `"ArnLike":{"aws:SourceArn":"arn:aws:s3:::${aws:PrincipalAccount}-*"}`)}, []string{allow(ownRole, `"ArnLike":{"aws:SourceArn":"arn:aws:s3:::111122223333-*"}`)}},
		{other, "another user has another", []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"${aws:username}"}`)}, []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"bob"}`)}},
		{other, "only String and Arn operators have variables", []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"${aws:username}"}`)}, []string{allow(ownUser, `"StringEqualsIgnoreCase":{"kms:ViaService":"${aws:username}"}`)}},
	}},
	{"a variable without a value matches nothing", []rulePair{
		{same, "a role has no user name", []string{deny("*", "")}, []string{allow(ownRole, `"StringEquals":{"kms:ViaService":"${aws:username}"}`)}},
		{same, "so a negated operator holds", []string{allow(ownRole, "")}, []string{allow(ownRole, `"StringNotEquals":{"kms:ViaService":"${aws:username}"}`)}},
		{other, "a value beside it counts", []string{deny("*", "")}, []string{allow(ownRole, `"StringEquals":{"kms:ViaService":["${aws:username}","a"]}`)}},
	}},
	{"a default stands in where there is no value", []rulePair{
		{same, "of a role", []string{allow(ownRole, `"StringEquals":{"kms:ViaService":"${aws:username, 'nobody'}"}`)}, []string{allow(ownRole, `"StringEquals":{"kms:ViaService":"nobody"}`)}},
		{same, "of a user its name stays", []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"${aws:username, 'nobody'}"}`)}, []string{allow(ownUser, `"StringEquals":{"kms:ViaService":"alice"}`)}},
		{other, "another default", []string{allow(ownRole, `"StringEquals":{"kms:ViaService":"${aws:username, 'nobody'}"}`)}, []string{allow(ownRole, `"StringEquals":{"kms:ViaService":"${aws:username, 'somebody'}"}`)}},
	}},
	{"a variable that the request determines is one question for the same text", []rulePair{
		{same, "the same question", []string{on(`"StringEquals":{"aws:SourceVpc":"${aws:SourceVpce}"}`)}, []string{on(`"StringEquals":{"aws:SourceVpc":["${aws:SourceVpce}","${aws:SourceVpce}"]}`)}},
		{same, "its opposite is its opposite", []string{on(`"Null":{"aws:SourceVpc":"false"},"StringEquals":{"aws:SourceVpc":"${aws:SourceVpce}"}`), on(`"Null":{"aws:SourceVpc":"false"},"StringNotEquals":{"aws:SourceVpc":"${aws:SourceVpce}"}`)}, []string{on(`"Null":{"aws:SourceVpc":"false"}`)}},
		{other, "a positive operator asks for presence at least", []string{on(`"StringEquals":{"aws:SourceVpc":"${aws:SourceVpce}"}`)}, []string{on("")}},
		{open, "of an account that nobody names, its id is one", []string{on(`"StringEquals":{"aws:SourceAccount":"${aws:PrincipalAccount}"},"Null":{"aws:PrincipalAccount":"false"},"StringNotEquals":{"kms:CallerAccount":"111122223333"}`)},
			[]string{on(`"StringEquals":{"aws:SourceAccount":"999999999999"},"Null":{"aws:PrincipalAccount":"false"},"StringNotEquals":{"kms:CallerAccount":"111122223333"}`)}},
		{open, "another text is another question", []string{on(`"StringEquals":{"aws:SourceVpc":"${aws:SourceVpce}"}`)}, []string{on(`"StringEquals":{"aws:SourceVpc":"x${aws:SourceVpce}"}`)}},
		{open, "where a key ends and a value begins matters", []string{on(`"Null":{"a":"false","a b":"false"},"StringEquals":{"a":"b ${aws:SourceVpce}"}`)}, []string{on(`"Null":{"a":"false","a b":"false"},"StringEquals":{"a b":"${aws:SourceVpce}"}`)}},
	}},
}
