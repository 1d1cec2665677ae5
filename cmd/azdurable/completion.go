package main

import (
	"embed"
	"fmt"
)

// completions are the scripts, by shell. Each asks the command __complete what comes next, so that none of them has to know the commands.
//
//go:embed completions
var completions embed.FS

type completionCommand struct {
	Shell string `arg:"" enum:"bash,zsh,fish,powershell" help:"bash, zsh, fish or powershell."`
}

// Help is what --help adds.
func (completionCommand) Help() string {
	return `  source <(azdurable completion bash)
  source <(azdurable completion zsh)
  azdurable completion fish | source
  azdurable completion powershell | Out-String | Invoke-Expression`
}

// Run prints the script of a shell.
func (c *completionCommand) Run(o *outside) error {
	script, err := completions.ReadFile("completions/" + c.Shell)
	if err != nil {
		return fmt.Errorf("find the script: %w", err)
	}
	return printf(o.stdout, "%s", script)
}
