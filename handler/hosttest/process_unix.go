//go:build unix

package hosttest

import (
	"os"
	"os/exec"
	"syscall"
)

// signalled is added to the number of a signal that ended a program.
const signalled = 128

// ownGroup puts the program into a process group of its own, so that Ctrl-C can be sent to it and not to the test.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// interruptGroup sends SIGINT to the program's process group, as a terminal does.
func interruptGroup(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT) // it may have ended
}

func exitCode(s *os.ProcessState) int {
	if status, ok := s.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return signalled + int(status.Signal())
	}
	return s.ExitCode()
}
