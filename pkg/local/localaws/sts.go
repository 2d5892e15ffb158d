package localaws

import (
	"encoding/xml"
	"net/http"
	"net/url"
)

// getCallerIdentity is the one operation of AWS STS that exists here; the
// name cannot be confused with a KMS target.
const getCallerIdentity = "sts:GetCallerIdentity"

// stsOperation reads the operation of a query-protocol request.
func stsOperation(body []byte) string {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return ""
	}
	return "sts:" + form.Get("Action")
}

type callerIdentityResponse struct {
	XMLName   xml.Name `xml:"https://sts.amazonaws.com/doc/2011-06-15/ GetCallerIdentityResponse"`
	ARN       string   `xml:"GetCallerIdentityResult>Arn"`
	UserID    string   `xml:"GetCallerIdentityResult>UserId"`
	Account   string   `xml:"GetCallerIdentityResult>Account"`
	RequestID string   `xml:"ResponseMetadata>RequestId"`
}

// serveCallerIdentity: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
func (c *Cloud) serveCallerIdentity(w http.ResponseWriter, req *request) {
	cred := req.caller
	text, err := xml.Marshal(callerIdentityResponse{ARN: cred.identity.ARN, UserID: cred.userID(),
		Account: cred.account.ID, RequestID: req.id})
	if err != nil { // strings always marshal
		panic("localaws: " + err.Error())
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("x-amzn-RequestId", req.id)
	_, _ = w.Write(text) // the caller may have gone
}
