package cli

import (
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

func TestProgressIsForTerminals(t *testing.T) {
	tests := []struct {
		because     string
		done, total int
		took        time.Duration
		want        string
	}{
		{"at the start no rate is known", 0, 400, time.Second, "0 of 400 keys"},
		{"nor without time", 1, 400, 0, "1 of 400 keys"},
		{"half way", 200, 400, 2 * time.Second, "200 of 400 keys, 100 a second, 2s left"},
		{"at the end", 400, 400, 4 * time.Second, "400 of 400 keys, 100 a second, 0s left"},
	}
	for _, test := range tests {
		if got := progressLine(test.done, test.total, test.took); got != test.want {
			t.Errorf("%s: got %q, want %q", test.because, got, test.want)
		}
	}
	file, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for _, out := range []io.Writer{file, &strings.Builder{}, io.Discard} {
		if p := newProgress(out); p.out != nil {
			t.Errorf("%T is taken for a terminal", out)
		}
	}
}

func TestProgressIsOneLineNowAndThen(t *testing.T) {
	var out strings.Builder
	now := time.Unix(1000, 0)
	p := &progress{out: &out, now: func() time.Time { return now }, start: now}
	p.clear() // there is nothing to clear
	for i := range 5 {
		now = now.Add(progressEvery / 2)
		p.show(i+1, 5)
	}
	p.clear()
	const line = "\r\x1b[K"
	if got, want := out.String(), line+"1 of 5 keys, 10 a second, 0s left"+line+"3 of 5 keys, 10 a second, 0s left"+line+"5 of 5 keys, 10 a second, 0s left"+line; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
