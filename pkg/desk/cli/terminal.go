package cli

import "os"

// isTerminal tells whether somebody may be there to read a stream, or to answer on it.
func isTerminal(stream any) bool {
	if i, ok := stream.(interruptible); ok {
		stream = i.in
	}
	file, ok := stream.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err == nil && !os.SameFile(info, null)
}
