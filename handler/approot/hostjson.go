package approot

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// HostFile is the file that makes a folder an app root.
const HostFile = "host.json"

// The extension bundle that triggers get which the host does not have built in.
const (
	bundleID      = "Microsoft.Azure.Functions.ExtensionBundle"
	bundleVersion = "[4.*, 5.0.0)"
)

// hostFile is host.json as far as function folders depend on it.
type hostFile struct {
	text                 []byte
	hasBundle, ourBundle bool // ourBundle: it is just what we would write
}

// readHostFile reads the host.json of an app root.
func readHostFile(root string) (*hostFile, error) {
	path := filepath.Join(root, HostFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there, so %q is no app's root: name the folder that has it", path, root)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", HostFile, err)
	}
	h, err := parseHostFile(text)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return h, nil
}

// parseHostFile looks for what matters. Names are compared as encoding/json does, and the host, too: in any letter case.
func parseHostFile(text []byte) (*hostFile, error) {
	var is struct {
		Profile       string          `json:"configurationProfile"`
		Bundle        json.RawMessage `json:"extensionBundle"`
		CustomHandler struct {
			HTTP struct {
				Routes []json.RawMessage `json:"routes"`
			} `json:"http"`
		} `json:"customHandler"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")), &is); err != nil {
		return nil, err //nolint:wrapcheck // the caller does
	}
	switch {
	case !bytes.Contains(text, []byte("{")):
		return nil, errors.New("it holds no settings")
	case string(is.Bundle) == "null":
		return nil, errors.New("extensionBundle is null: remove it")
	case len(is.CustomHandler.HTTP.Routes) > 0:
		return nil, errors.New("the host refuses an app that has both customHandler.http.routes and function folders: remove the routes")
	case strings.HasSuffix(is.Profile, "custom-handler"):
		return nil, fmt.Errorf("the configurationProfile %q brings routes, which the host refuses beside function folders: remove it", is.Profile)
	}
	var bundle struct {
		ID      string `json:"id"`
		Version string `json:"version"`
	}
	if is.Bundle != nil {
		if err := json.Unmarshal(is.Bundle, &bundle); err != nil {
			return nil, fmt.Errorf("extensionBundle: %w", err)
		}
	}
	return &hostFile{text: text, hasBundle: is.Bundle != nil, ourBundle: bundle.ID == bundleID && bundle.Version == bundleVersion}, nil
}

// withBundle puts the bundle in front of the file's members and keeps every other byte: people write these files.
func (h *hostFile) withBundle() []byte {
	open := bytes.IndexByte(h.text, '{') + 1
	rest := h.text[open:]
	lead := rest[:len(rest)-len(bytes.TrimLeft(rest, " \t\r\n"))]
	comma := ","
	if rest[len(lead)] == '}' { // the object is empty
		comma = ""
	}
	var out bytes.Buffer
	out.Write(h.text[:open])
	out.Write(lead)
	fmt.Fprintf(&out, `"extensionBundle": {"id": %q, "version": %q}%s`, bundleID, bundleVersion, comma)
	if len(lead) == 0 && comma != "" {
		out.WriteByte(' ')
	}
	out.Write(rest)
	return out.Bytes()
}
