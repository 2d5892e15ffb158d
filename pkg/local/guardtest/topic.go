package guardtest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// Topic is SNS in process: its query protocol, and Publish with the checks that SNS makes of
// subject and size. It may be used by several goroutines.
type Topic struct {
	mu        sync.Mutex
	faults    []TopicFault
	calls     int
	published []Published
	regions   []string
}

// TopicFault is an answer of SNS that refuses. A status of 0 closes the connection.
type TopicFault struct {
	Status int
	Code   string
}

// Published is what one Publish call said.
type Published struct {
	Topic, Subject string
	// Texts are the message for each kind of subscriber.
	Texts      map[string]string
	Attributes map[string]string
	// Bytes is what SNS counts: message, subject and attributes.
	Bytes int
}

// StartTopic serves an SNS on loopback until the test ends, and returns it with its endpoint. Its
// first answers are the faults.
func StartTopic(t testing.TB, faults ...TopicFault) (topic *Topic, endpoint string) {
	t.Helper()
	topic = &Topic{faults: faults}
	server := httptest.NewServer(topic)
	t.Cleanup(server.Close)
	return topic, server.URL
}

// Published are the messages that SNS took, oldest first.
func (s *Topic) Published() []Published {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.published
}

// Calls counts the calls, with those that were refused.
func (s *Topic) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Regions are the Regions that the calls were signed for.
func (s *Topic) Regions() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.regions
}

// ServeHTTP implements [http.Handler].
func (s *Topic) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	text, err := io.ReadAll(r.Body)
	form, formErr := url.ParseQuery(string(text))
	if err != nil || formErr != nil || form.Get("Action") != "Publish" {
		refuse(w, TopicFault{http.StatusBadRequest, "InvalidAction"})
		return
	}
	s.calls++
	if scope := strings.Split(r.Header.Get("Authorization"), "/"); len(scope) > 2 {
		s.regions = append(s.regions, scope[2])
	}
	if len(s.faults) > 0 {
		f := s.faults[0]
		s.faults = s.faults[1:]
		refuse(w, f)
		return
	}
	p, ok := readPublish(form)
	if !ok {
		refuse(w, TopicFault{http.StatusBadRequest, "InvalidParameter"})
		return
	}
	s.published = append(s.published, p)
	_, _ = io.WriteString(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>`)
}

func refuse(w http.ResponseWriter, f TopicFault) {
	if f.Status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(f.Status)
	_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>injected</Message></Error><RequestId>r-1</RequestId></ErrorResponse>`, f.Code)
}

// readPublish checks a call as SNS does.
// https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
func readPublish(form url.Values) (Published, bool) {
	p := Published{Topic: form.Get("TopicArn"), Subject: form.Get("Subject"), Attributes: map[string]string{}}
	message := form.Get("Message")
	p.Bytes = len(message) + len(p.Subject)
	for i := 1; ; i++ {
		entry := fmt.Sprintf("MessageAttributes.entry.%d.", i)
		name := form.Get(entry + "Name")
		if name == "" {
			break
		}
		value := form.Get(entry + "Value.StringValue")
		p.Attributes[name] = value
		p.Bytes += len(name) + len(value) + len("String")
		if value == "" || form.Get(entry+"Value.DataType") != "String" {
			return p, false
		}
	}
	err := json.Unmarshal([]byte(message), &p.Texts)
	ok := err == nil && form.Get("MessageStructure") == "json" && p.Texts["default"] != "" &&
		len(p.Subject) > 0 && len(p.Subject) < 100 && p.Bytes <= 256<<10
	for _, r := range p.Subject {
		ok = ok && r >= ' ' && r <= '~'
	}
	return p, ok
}
