package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/azdurable/azdurable/handler/approot"
)

type packageCommand struct {
	Package  string   `arg:"" optional:"" default:"./functions" help:"The app's main package; default: ${default}."`
	Platform []string `default:"linux/amd64,linux/arm64" help:"What to build for, each as system/processor; default: ${default}."`
	Out      string   `default:"bin" help:"The folder that the packages are put into; default: ${default}."`
	Version  string   `help:"The version that the app's -version prints, such as v1.2.3; default: what the go command records." placeholder:"VERSION"`
	Folder   bool     `help:"Make folders instead of zips, for container images."`
	Include  []string `help:"More files and folders of the app root that belong into the package." placeholder:"PATH"`
}

var (
	platformText = regexp.MustCompile(`^([a-z0-9]+)/([a-z0-9]+)$`)
	versionText  = regexp.MustCompile(`^[A-Za-z0-9._+-]*$`)
)

// linkedVersion is the variable that -version prints.
const linkedVersion = modulePath + "/handler.stamped"

// Run makes a zip for each platform.
func (c *packageCommand) Run(o *outside) error {
	program, err := executable()
	if err != nil {
		return err
	}
	if !versionText.MatchString(c.Version) {
		return fmt.Errorf("the version %q won't do: write it like v1.2.3", c.Version)
	}
	for _, p := range c.Platform {
		if !platformText.MatchString(p) {
			return fmt.Errorf("the platform %q won't do: write it like linux/amd64", p)
		}
	}
	stage, err := os.MkdirTemp("", "azdurable-package-")
	if err != nil {
		return fmt.Errorf("a folder for the package: %w", err)
	}
	defer func() { _ = os.RemoveAll(stage) }() // what is left over is in the system's folder for such things
	if err := c.stage(o, stage, program); err != nil {
		return err
	}
	for _, p := range c.Platform {
		if err := c.pack(o, stage, program, p); err != nil {
			return err
		}
	}
	return nil
}

// stage puts everything but the program into a folder: host.json, what was asked for, the functions written by hand, and those generated.
func (c *packageCommand) stage(o *outside, stage, program string) error {
	byHand, err := approot.ByHand(".")
	if err != nil {
		return err //nolint:wrapcheck // it says where
	}
	for _, path := range slices.Concat([]string{hostFile}, byHand, c.Include) {
		switch clean := filepath.ToSlash(filepath.Clean(path)); {
		case !filepath.IsLocal(path) || clean == ".":
			return fmt.Errorf("%q can't be included: name a file or a folder below the app root", path)
		case strings.EqualFold(clean, localSettings):
			return errors.New(localSettings + " must not be included: it is for this machine, and may have secrets; use app settings")
		case clean == program:
			return fmt.Errorf("%q is the app's program, which is in the package anyway", path)
		}
		if err := copyInto(stage, path); err != nil {
			return err
		}
	}
	generate := generateCommand{Package: c.Package, Root: stage}
	return generate.Run(&outside{stdout: o.stderr, stderr: o.stderr, stdin: o.stdin})
}

// localSettings are the settings of one machine.
const localSettings = "local.settings.json"

// copyInto copies a file or a folder below the app root to the same place in another folder.
func copyInto(folder, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("include %s: %w", path, err)
	}
	to := filepath.Join(folder, path)
	if info.IsDir() {
		err = os.CopyFS(to, os.DirFS(path))
	} else {
		err = copyFile(to, path)
	}
	if err != nil {
		return fmt.Errorf("include %s: %w", path, err)
	}
	return nil
}

func copyFile(to, from string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err //nolint:wrapcheck // copyInto does
	}
	//nolint:wrapcheck,gosec // as above; the mode is that of the zip, whatever it is here
	return errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, 0o644))
}

// pack builds the program for a platform and makes the zip.
func (c *packageCommand) pack(o *outside, stage, program, target string) error {
	p := platformText.FindStringSubmatch(target)
	flags := "-s -w"
	if c.Version != "" {
		flags += " -X " + linkedVersion + "=" + c.Version
	}
	// Without C nothing of the machine's libraries is needed, and without paths the same source gives the same program.
	env := []string{"CGO_ENABLED=0", "GOOS=" + p[1], "GOARCH=" + p[2]}
	if err := o.goRun(env, "build", "-trimpath", "-ldflags", flags, "-o", filepath.Join(stage, filepath.FromSlash(program)), c.Package); err != nil {
		return err
	}
	path := filepath.Join(c.Out, fmt.Sprintf("%s-%s-%s", strings.TrimSuffix(filepath.Base(program), filepath.Ext(program)), p[1], p[2]))
	if c.Folder {
		if err := os.CopyFS(path, os.DirFS(stage)); err != nil {
			return fmt.Errorf("make the folder %s: %w", path, err)
		}
		_, err := fmt.Fprintln(o.stdout, path)
		return err //nolint:wrapcheck // nothing to add
	}
	path += ".zip"
	size, err := zipFolder(path, stage, program)
	if err != nil {
		return fmt.Errorf("make %s: %w", path, err)
	}
	_, err = fmt.Fprintf(o.stdout, "%s %.1f MB\n", path, float64(size)/1e6)
	return err //nolint:wrapcheck // nothing to add
}
