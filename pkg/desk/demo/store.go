package demo

import (
	_ "embed"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/kms-guardrail/kms-guardrail/pkg/local/objectstore"
)

// configurationFile is the name of the demo's configuration, and configurationText its text.
const configurationFile = "guardrail.yaml"

//go:embed guardrail.yaml
var configurationText string

// store is the S3 of the demo, on loopback. Like the bucket of the stack, its buckets
// keep all versions and lock them.
type store struct {
	url    string
	server *http.Server
}

func startStore(buckets ...string) (*store, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the archive: %w", err)
	}
	handler := objectstore.New(objectstore.Options{Buckets: buckets, Versioned: true, ObjectLock: true})
	s := &store{url: "http://" + listener.Addr().String(), server: &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic("demo: serving the archive: " + err.Error())
		}
	}()
	return s, nil
}

// use lets an S3 client call the store.
func (s *store) use(o *s3.Options) { o.BaseEndpoint = &s.url }

func (s *store) close() { _ = s.server.Close() } // closing a listener that is gone is no news
