package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
)

// gate serves a stand-in of an AWS service on loopback, and lets through what the permissions of the caller allow.
func gate(t *testing.T, p *permissions, target string, call func(r *http.Request, body []byte) (action, resource string, context map[string]string), refusal string) string {
	t.Helper()
	to, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !p.isAllowed(call(r, body)) {
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, refusal)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// The refusals of the protocols.
const (
	refusedXML  = `<Error><Code>AccessDenied</Code><Message>refused by the gate</Message></Error>`
	refusedJSON = `{"__type":"AccessDeniedException","message":"refused by the gate"}`
)

// callOfS3 reads a request for a bucket or object whose name is in the path.
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
func callOfS3(r *http.Request, _ []byte) (action, resource string, context map[string]string) {
	bucket, key, isObject := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	resource = "arn:aws:s3:::" + bucket
	if !isObject || key == "" {
		return "s3:ListBucket", resource, nil
	}
	context = map[string]string{}
	for _, header := range []string{"If-Match", "If-None-Match"} {
		if value := r.Header.Get(header); value != "" {
			context["s3:"+strings.ToLower(header)] = value
		}
	}
	action = map[string]string{http.MethodGet: "s3:GetObject", http.MethodHead: "s3:GetObject", http.MethodPut: "s3:PutObject", http.MethodDelete: "s3:DeleteObject"}[r.Method]
	return action, resource + "/" + key, context
}

// callOfSNS reads a call of the query protocol.
func callOfSNS(_ *http.Request, body []byte) (action, resource string, context map[string]string) {
	form, _ := url.ParseQuery(string(body)) // what cannot be read is allowed nothing
	return "sns:" + form.Get("Action"), form.Get("TopicArn"), nil
}

// callOfSSM reads a call of the JSON protocol about one parameter.
func callOfSSM(account, region string) func(r *http.Request, body []byte) (action, resource string, context map[string]string) {
	return func(r *http.Request, body []byte) (action, resource string, context map[string]string) {
		var in struct{ Name string }
		_ = json.Unmarshal(body, &in) // what cannot be read is allowed nothing
		_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
		return "ssm:" + operation, "arn:aws:ssm:" + region + ":" + account + ":parameter" + in.Name, nil
	}
}
