package extension

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// LocalSettingsFile is where an app's settings for local runs stand.
const LocalSettingsFile = "local.settings.json"

// ErrEncrypted says that the local settings can't be read. The Functions host has decrypted them for the apps that it starts.
var ErrEncrypted = errors.New("it is encrypted; decrypt it with 'func settings decrypt'")

// ApplyLocalSettings puts the Values of local.settings.json into the environment of this process, as the Functions host does for
// the handlers it starts. What the environment has already stays. A folder without the file is fine.
func ApplyLocalSettings(folder string) error {
	path := filepath.Join(folder, LocalSettingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the local settings: %w", err)
	}
	var file struct {
		IsEncrypted bool           `json:"IsEncrypted"`
		Values      map[string]any `json:"Values"`
	}
	if err := json.Unmarshal(withoutMark(text), &file); err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if file.IsEncrypted {
		return fmt.Errorf("read %s: %w", path, ErrEncrypted)
	}
	for name, value := range file.Values {
		if _, set := os.LookupEnv(name); set || value == nil {
			continue
		}
		if err := os.Setenv(name, fmt.Sprint(value)); err != nil {
			return fmt.Errorf("apply %q of %s: %w", name, path, err)
		}
	}
	return nil
}

// withoutMark takes off the byte order mark that some editors write.
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) }
