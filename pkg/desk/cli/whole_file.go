package cli

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// wholeFile is a file that is written as a whole or not at all. Until keep, what is written is
// in a file of another name beside it.
type wholeFile struct {
	*bufio.Writer
	path string
	temp *os.File // nil when nothing is left to do
}

// createWhole begins a file. Its folder must exist, and what is there under its name must be a
// regular file, which keep replaces. The file that a symbolic link leads to is replaced, not
// the link.
func createWhole(name string) (*wholeFile, error) {
	path := name
	if end, err := filepath.EvalSymlinks(name); err == nil {
		path = end
	}
	mode := fs.FileMode(0o644) // the next step of a pipeline, often another user, reads it
	switch info, err := os.Stat(path); {
	case err == nil && info.IsDir():
		return nil, fmt.Errorf("%s is a folder, not a file", name)
	case err == nil && !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s is not a regular file, so it cannot be replaced as a whole", name)
	case err == nil:
		mode = info.Mode().Perm()
	case !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("writing %s: %w", name, reasonOf(err))
	}
	temp, err := os.OpenFile(path+"."+rand.Text()+".tmp", os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("writing %s: there is no folder %s; make it first", name, filepath.Dir(path))
	case err != nil:
		return nil, fmt.Errorf("writing %s: %w", name, reasonOf(err))
	}
	return &wholeFile{Writer: bufio.NewWriter(temp), path: path, temp: temp}, nil
}

// keep gives the file its name. After an error there is no new file, and an old one is as it
// was.
func (f *wholeFile) keep() error {
	temp := f.temp
	f.temp = nil
	err := errors.Join(f.Flush(), temp.Sync(), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), f.path)
	}
	if err != nil {
		return fmt.Errorf("writing %s: %w", f.path, errors.Join(reasonOf(err), os.Remove(temp.Name())))
	}
	return nil
}

// discard removes what was written, unless keep has kept it.
func (f *wholeFile) discard() error {
	if f.temp == nil {
		return nil
	}
	temp := f.temp
	f.temp = nil
	return errors.Join(temp.Close(), os.Remove(temp.Name()))
}

// reasonOf returns an error of a file without the name that the file has for now.
func reasonOf(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}
