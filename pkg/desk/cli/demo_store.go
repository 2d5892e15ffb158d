package cli

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

// demoFile is the name of the demo's configuration, and demoConfiguration its text.
const demoFile = "demo_guardrail.yaml"

//go:embed demo_guardrail.yaml
var demoConfiguration string

// demoStore is the S3 of the demo, on loopback. Like the bucket of the stack, its buckets
// keep all versions and lock them.
type demoStore struct {
	url    string
	server *http.Server
}

func startStore(buckets ...string) (*demoStore, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serving the archive: %w", err)
	}
	store := objectstore.New(objectstore.Options{Buckets: buckets, Versioned: true, ObjectLock: true})
	s := &demoStore{url: "http://" + listener.Addr().String(), server: &http.Server{Handler: store, ReadHeaderTimeout: 10 * time.Second}}
	go func() {
		if err := s.server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			panic("demo: serving the archive: " + err.Error())
		}
	}()
	return s, nil
}

// use lets an S3 client call the store.
func (s *demoStore) use(o *s3.Options) { o.BaseEndpoint = &s.url }

func (s *demoStore) close() { _ = s.server.Close() } // closing a listener that is gone is no news
