package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The Functions host would take every function of the sample, and only those that it calls get a folder.
func TestGenerate(t *testing.T) {
	t.Parallel()
	host, err := os.ReadFile(filepath.Join("..", "host.json"))
	if err != nil {
		t.Fatal(err)
	}
	root := t.TempDir()
	if err := os.WriteFile(filepath.Join(root, "host.json"), host, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, flag := range []string{"-generate", "-generate-check"} {
		if out, err := exec.Command(program(t), flag, root).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v %s", flag, err, out)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "HttpStart", "function.json")); err != nil {
		t.Error(err)
	}
	for _, name := range []string{"HelloCities", "SayHello", "Counter"} {
		if _, err := os.Stat(filepath.Join(root, name)); !os.IsNotExist(err) {
			t.Errorf("%s has a folder: %v", name, err)
		}
	}
}
