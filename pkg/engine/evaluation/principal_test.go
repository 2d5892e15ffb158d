package evaluation

import "testing"

func TestAccountDelegatesToItsIAM(t *testing.T) {
	for _, spelling := range []string{own, arnOf(own, "root")} {
		account := list(allow(aws(spelling)))
		evaluateAll(t, []row{
			{"a user with IAM", account, user(own, "alice"), Delegated},
			{"a user without IAM", account, user(own, "alice").withoutIAM(), ImplicitlyDenied},
			{"a role with IAM", account, role(own, "app"), Delegated},
			{"a session with IAM", account, session(own, "app/s"), Delegated},
			{"a federated user with IAM", account, federated(own, "f"), Delegated},
			{"the root user needs no IAM policy", account, root(own).withoutIAM(), Delegated},
			{"a principal of another account", account, user(foreign, "alice"), ImplicitlyDenied},
			{"a service is of no account", account, service("logs.us-east-1.amazonaws.com"), ImplicitlyDenied},
		})
	}
	evaluateAll(t, []row{
		{"another account delegates alike", list(allow(aws(foreign))), user(foreign, "alice"), Delegated},
		{"another account without IAM", list(allow(aws(foreign))), user(foreign, "alice").withoutIAM(), ImplicitlyDenied},
		{"the root ARN of another partition is nobody", list(allow(aws("arn:aws-cn:iam::" + own + ":root"))), user(own, "alice"), ImplicitlyDenied},
		{"in a Deny too", list(allow(aws(own)), deny(aws("arn:aws-cn:iam::"+own+":root"))), user(own, "alice"), Delegated},
		{"a Deny of the account has its root user", list(allow(`"Principal":"*"`), deny(aws(own))), root(own), ExplicitlyDenied},
		{"a Deny of the account has its sessions", list(allow(`"Principal":"*"`), deny(aws(own))), session(own, "app/s"), ExplicitlyDenied},
	})
}

func TestNamedPrincipalOfTheKeysAccountNeedsNoIAM(t *testing.T) {
	evaluateAll(t, []row{
		{"a user", list(allow(aws(arnOf(own, "user/alice")))), user(own, "alice").withoutIAM(), Allowed},
		{"another user", list(allow(aws(arnOf(own, "user/alice")))), user(own, "bob"), ImplicitlyDenied},
		{"names are case-sensitive", list(allow(aws(arnOf(own, "user/alice")))), user(own, "Alice"), ImplicitlyDenied},
		{"the path is part of the name", list(allow(aws(arnOf(own, "user/alice")))), user(own, "team/alice"), ImplicitlyDenied},
		{"a role of the user's name", list(allow(aws(arnOf(own, "user/alice")))), role(own, "alice"), ImplicitlyDenied},
		{"a user does not stand for a federated user", list(allow(aws(arnOf(own, "user/f")))), federated(own, "f"), ImplicitlyDenied},
		{"a federated user", list(allow(aws("arn:aws:sts::" + own + ":federated-user/f"))), federated(own, "f").withoutIAM(), Allowed},
		{"not another federated user", list(allow(aws("arn:aws:sts::" + own + ":federated-user/f"))), federated(own, "g"), ImplicitlyDenied},
		{"a role", list(allow(aws(arnOf(own, "role/app")))), role(own, "app").withoutIAM(), Allowed},
		{"a role stands for its sessions", list(allow(aws(arnOf(own, "role/app")))), session(own, "app/s").withoutIAM(), Allowed},
		{"by the last segment of its path", list(allow(aws(arnOf(own, "role/team/app")))), session(own, "app/s").withoutIAM(), Allowed},
		{"not by the first", list(allow(aws(arnOf(own, "role/team/app")))), session(own, "team/s"), ImplicitlyDenied},
		{"a role of that name in another account", list(allow(aws(arnOf(foreign, "role/app")))), session(own, "app/s"), ImplicitlyDenied},
		{"a session", list(allow(aws("arn:aws:sts::" + own + ":assumed-role/app/s"))), session(own, "app/s").withoutIAM(), Allowed},
		{"not another session of the role", list(allow(aws("arn:aws:sts::" + own + ":assumed-role/app/s"))), session(own, "app/t"), ImplicitlyDenied},
		{"nor the role", list(allow(aws("arn:aws:sts::" + own + ":assumed-role/app/s"))), role(own, "app"), ImplicitlyDenied},
		{"a name in another partition", list(allow(aws("arn:aws-cn:iam::" + own + ":user/alice"))), user(own, "alice"), ImplicitlyDenied},
		{"a Deny of a role has its sessions", list(allow(everyone), deny(aws(arnOf(own, "role/app")))), session(own, "app/s"), ExplicitlyDenied},
	})
}

func TestForeignPrincipalAlwaysNeedsIAM(t *testing.T) {
	evaluateAll(t, []row{
		{"named, with IAM", list(allow(aws(arnOf(foreign, "user/alice")))), user(foreign, "alice"), Delegated},
		{"named, without IAM", list(allow(aws(arnOf(foreign, "user/alice")))), user(foreign, "alice").withoutIAM(), ImplicitlyDenied},
		{"a session of a named role", list(allow(aws(arnOf(foreign, "role/app")))), session(foreign, "app/s"), Delegated},
		{"a named role, with IAM", list(allow(aws(arnOf(foreign, "role/app")))), role(foreign, "app"), Delegated},
		{"a named role, without IAM", list(allow(aws(arnOf(foreign, "role/app")))), role(foreign, "app").withoutIAM(), ImplicitlyDenied},
		{"a federated user, by anyone", list(allow(everyone)), federated(foreign, "f"), Delegated},
		{"anyone, with IAM", list(allow(everyone)), user(foreign, "alice"), Delegated},
		{"anyone, without IAM", list(allow(everyone)), user(foreign, "alice").withoutIAM(), ImplicitlyDenied},
		{"a foreign root user", list(allow(everyone)), root(foreign), Delegated},
		{"a Deny needs no IAM", list(deny(aws(arnOf(foreign, "user/alice")))), user(foreign, "alice").withoutIAM(), ExplicitlyDenied},
	})
}

func TestAnyone(t *testing.T) {
	for _, spelling := range []string{`"Principal":"*"`, `"Principal":{"AWS":"*"}`, `"Principal":{"AWS":["444455556666","*"]}`} {
		anyone := list(allow(spelling))
		evaluateAll(t, []row{
			{"a user of the key's account, without IAM", anyone, user(own, "alice").withoutIAM(), Allowed},
			{"its root user", anyone, root(own), Allowed},
			{"a session of it", anyone, session(own, "app/s").withoutIAM(), Allowed},
			{"a federated user of it", anyone, federated(own, "f").withoutIAM(), Allowed},
			{"a service", anyone, service("logs.us-east-1.amazonaws.com"), Allowed},
			{"a Deny of anyone has services", list(allow(`"Principal":{"Service":"logs.amazonaws.com"}`), deny(spelling)), service("logs.amazonaws.com"), ExplicitlyDenied},
		})
	}
}

func TestServicePrincipals(t *testing.T) {
	logs := list(allow(`"Principal":{"Service":["s3.amazonaws.com","logs.us-east-1.amazonaws.com"]}`))
	evaluateAll(t, []row{
		{"the service", logs, service("logs.us-east-1.amazonaws.com").withoutIAM(), Allowed},
		{"its global variant is another principal", logs, service("logs.amazonaws.com"), ImplicitlyDenied},
		{"another Region's too", logs, service("logs.eu-west-1.amazonaws.com"), ImplicitlyDenied},
		{"no user", logs, user(own, "alice"), ImplicitlyDenied},
	})
}

func TestOtherPrincipals(t *testing.T) {
	other := request(OtherPrincipal, "anonymous")
	ofOwn := request(OtherPrincipal, "an identity of another kind")
	ofOwn.PrincipalAccount = own
	evaluateAll(t, []row{
		{"of no account, by anyone", list(allow(everyone)), other, Delegated},
		{"of no account, by an account", list(allow(aws(own))), other, ImplicitlyDenied},
		{"of the key's account, by anyone", list(allow(everyone)), ofOwn.withoutIAM(), Allowed},
		{"of the key's account, by the account", list(allow(aws(own))), ofOwn, Delegated},
	})
}

func TestDeadPrincipalsAreNobody(t *testing.T) {
	evaluateAll(t, []row{
		{"a deleted user", list(allow(aws("AIDAEXAMPLEEXAMPLE12"))), user(own, "alice"), ImplicitlyDenied},
		{"a deleted role", list(allow(aws("AROAEXAMPLEEXAMPLE12"))), role(own, "app"), ImplicitlyDenied},
		{"an identity provider", list(allow(`"Principal":{"Federated":"cognito-identity.amazonaws.com"}`)), federated(own, "f"), ImplicitlyDenied},
		{"a canonical user", list(allow(`"Principal":{"CanonicalUser":"79a59d"}`)), user(own, "alice"), ImplicitlyDenied},
		{"an empty list", list(allow(`"Principal":{"AWS":[]}`)), user(own, "alice"), ImplicitlyDenied},
		{"an empty object", list(allow(`"Principal":{}`)), user(own, "alice"), ImplicitlyDenied},
		{"a deleted user in a Deny", list(allow(everyone), deny(aws("AIDAEXAMPLEEXAMPLE12"))), user(own, "alice"), Allowed},
	})
}

func TestNotPrincipal(t *testing.T) {
	except := func(principals string) []string {
		return list(allow(everyone), deny(`"NotPrincipal":`+principals))
	}
	alice, account := `"arn:aws:iam::111122223333:user/alice"`, `"arn:aws:iam::111122223333:root"`
	appRole, appSession := `"arn:aws:iam::111122223333:role/app"`, `"arn:aws:sts::111122223333:assumed-role/app/s"`
	evaluateAll(t, []row{
		{"not listed", except(`{"AWS":[` + alice + `]}`), user(own, "bob"), ExplicitlyDenied},
		{"a user and its account", except(`{"AWS":[` + alice + `,` + account + `]}`), user(own, "alice"), Allowed},
		{"the bare account id is the account", except(`{"AWS":[` + alice + `,"111122223333"]}`), user(own, "alice"), Allowed},
		{"a user without its account", except(`{"AWS":[` + alice + `]}`), user(own, "alice"), Inconclusive},
		{"the account without the user", except(`{"AWS":[` + account + `]}`), user(own, "alice"), Inconclusive},
		{"another account", except(`{"AWS":"444455556666"}`), user(own, "alice"), ExplicitlyDenied},
		{"the account for its root user", except(`{"AWS":[` + account + `]}`), root(own), Allowed},
		{"a role and its account", except(`{"AWS":[` + appRole + `,` + account + `]}`), role(own, "app"), Allowed},
		{"a session without itself listed", except(`{"AWS":[` + appRole + `,` + account + `]}`), session(own, "app/s"), Inconclusive},
		{"a session and its account without the role", except(`{"AWS":[` + appSession + `,` + account + `]}`), session(own, "app/s"), Inconclusive},
		{"all three layers of a session", except(`{"AWS":[` + appSession + `,` + appRole + `,` + account + `]}`), session(own, "app/s"), Allowed},
		{"another session, its role and account listed", except(`{"AWS":[` + appSession + `,` + appRole + `,` + account + `]}`), session(own, "app/t"), Inconclusive},
		{"another session, its account not listed", except(`{"AWS":[` + appSession + `]}`), session(own, "app/t"), ExplicitlyDenied},
		{"a federated user and its account", except(`{"AWS":["arn:aws:sts::111122223333:federated-user/f",` + account + `]}`), federated(own, "f"), Allowed},
		{"a service", except(`{"Service":"logs.amazonaws.com"}`), service("logs.amazonaws.com"), Allowed},
		{"another service", except(`{"Service":"logs.amazonaws.com"}`), service("s3.amazonaws.com"), ExplicitlyDenied},
		{"anyone", except(`{"AWS":"*"}`), session(own, "app/s"), Allowed},
		{"the account of another partition is not listed", except(`{"AWS":"arn:aws-cn:iam::111122223333:root"}`), root(own), ExplicitlyDenied},
		{"nobody listed", except(`{"AWS":[]}`), user(own, "alice"), Inconclusive},
		{"with Allow", list(allow(`"NotPrincipal":{"AWS":` + alice + `}`)), user(own, "bob"), Inconclusive},
		{"with Allow, of another action", list(allow(`"NotPrincipal":{"AWS":`+alice+`}`, `"Action":"kms:Sign"`)), user(own, "bob"), ImplicitlyDenied},
	})
}
