package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"strings"
)

// hostFile is where the Functions host's settings stand.
const hostFile = "host.json"

// executable returns the path of the app's program from the app root, as host.json says it. It returns an error that says what to write if a package could
// not have the program there.
func executable() (string, error) {
	text, err := os.ReadFile(hostFile)
	if err != nil {
		return "", fmt.Errorf("the current folder is no app's root: %w", err)
	}
	var host struct {
		CustomHandler struct {
			Description struct {
				DefaultExecutablePath string `json:"defaultExecutablePath"`
			} `json:"description"`
		} `json:"customHandler"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &host); err != nil {
		return "", fmt.Errorf("read %s: %w", hostFile, err)
	}
	is := host.CustomHandler.Description.DefaultExecutablePath
	// The tools that publish an app give the bit that makes a file a program only to the entry of exactly this name.
	if is == "" || path.Clean(is) != is || path.IsAbs(is) || strings.HasPrefix(is, "..") || is == "." || strings.ContainsAny(is, `\%:`) {
		return "", fmt.Errorf("customHandler.description.defaultExecutablePath in %s is %q: write a plain path below the app root, such as bin/app", hostFile, is)
	}
	return is, nil
}
