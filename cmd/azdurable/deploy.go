package main

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

type deployCommand struct {
	App   string `arg:"" help:"The name of the Function App."`
	Group string `help:"Its resource group; az needs it." placeholder:"GROUP"`
	Slot  string `help:"The deployment slot; default: the app itself." placeholder:"SLOT"`
	Zip   string `default:"bin/app-linux-amd64.zip" help:"The package that azdurable package made; default: ${default}." placeholder:"FILE"`
	With  string `enum:"any,az,func" default:"any" help:"Deploy with az or func; default: az if it is there, else func."`
	Dry   bool   `name:"dry-run" help:"Print the commands only."`
}

// deployment is one program to run.
type deployment struct {
	name     string
	args     []string
	unpacked bool // in a folder in which the package was unpacked
}

// The programs that deploy.
const (
	azTool   = "az"
	funcTool = "func"
)

// Run deploys with the tool that is there. If there is none it prints what to run.
func (c *deployCommand) Run(o *outside) error {
	tool, dry := c.With, c.Dry
	if tool == "any" {
		tool = azTool
		if !there(azTool) && there(funcTool) {
			tool = funcTool
		}
	}
	if !dry && !there(tool) {
		fmt.Fprintf(o.stderr, "azdurable: %s is not on PATH, so nothing is run; these are the commands:\n", tool)
		dry = true
	}
	steps, err := c.steps(tool)
	if err != nil {
		return err
	}
	if !dry {
		if _, err := os.Stat(c.Zip); err != nil {
			return fmt.Errorf("the package is not there; azdurable package makes it: %w", err)
		}
	}
	for _, s := range steps {
		fmt.Fprintln(o.stdout, s.line(c.Zip))
		if dry {
			continue
		}
		if err := c.do(o, s); err != nil {
			return err
		}
	}
	return nil
}

func there(tool string) bool {
	_, err := exec.LookPath(tool)
	return err == nil
}

// steps are the commands that deploy with a tool.
func (c *deployCommand) steps(tool string) ([]deployment, error) {
	if tool == funcTool {
		args := []string{"azure", "functionapp", "publish", c.App, "--custom"}
		if c.Slot != "" {
			args = append(args, "--slot", c.Slot)
		}
		return []deployment{{name: funcTool, args: args, unpacked: true}}, nil
	}
	if c.Group == "" {
		return nil, fmt.Errorf("az asks for the resource group of %s: name it with --group", c.App)
	}
	which := []string{"--resource-group", c.Group, "--name", c.App}
	if c.Slot != "" {
		which = append(which, "--slot", c.Slot)
	}
	deploy := append([]string{"functionapp", "deployment", "source", "config-zip", "--src", c.Zip}, which...)
	show := append([]string{"functionapp", "show", "--query", "defaultHostName", "--output", "tsv"}, which...)
	return []deployment{{name: azTool, args: deploy}, {name: azTool, args: show}}, nil
}

// line is the command as it would be typed.
func (d *deployment) line(zip string) string {
	words := make([]string, 0, 1+len(d.args))
	for _, arg := range append([]string{d.name}, d.args...) {
		if arg == "" || strings.ContainsAny(arg, " \t\"'$\\*?[]{}()<>|&;") {
			arg = "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
		}
		words = append(words, arg)
	}
	line := strings.Join(words, " ")
	if d.unpacked {
		line += "   # in a folder in which " + zip + " was unpacked"
	}
	return line
}

func (c *deployCommand) do(o *outside, d deployment) error {
	folder := "."
	if d.unpacked {
		var err error
		if folder, err = os.MkdirTemp("", "azdurable-deploy-"); err != nil {
			return fmt.Errorf("a folder for the package: %w", err)
		}
		defer func() { _ = os.RemoveAll(folder) }() // what is left over is in the system's folder for such things
		if err := unzipFolder(c.Zip, folder); err != nil {
			return err
		}
	}
	return o.program(folder, nil, o.stdout, d.name, d.args...)
}
