//go:build !unix

package hosttest

import (
	"os"
	"os/exec"
)

func ownGroup(*exec.Cmd) {}

// interruptGroup kills: a test can't send Ctrl-C to one program here.
func interruptGroup(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

func exitCode(s *os.ProcessState) int { return s.ExitCode() }
