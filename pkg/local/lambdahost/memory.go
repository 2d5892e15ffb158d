package lambdahost

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// PeakMemory returns the most memory, in bytes, that the running process has had in
// RAM so far (VmHWM). It is there on Linux only, and only while the process runs.
// https://man7.org/linux/man-pages/man5/proc_pid_status.5.html
func (p *Process) PeakMemory() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("reading the process's peak memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(text), " kB"), 10, 64)
			return kilobytes << 10, err
		}
	}
	return 0, errors.New("reading the process's peak memory: the kernel does not tell it")
}
