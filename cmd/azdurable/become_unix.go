//go:build unix

package main

import (
	"fmt"
	"os"
	"syscall"
)

// become replaces this process by a program.
func (*outside) become(program string, args []string) error {
	path, err := absolute(program)
	if err == nil {
		err = syscall.Exec(path, args, os.Environ())
	}
	return fmt.Errorf("start %s: %w", program, err)
}
