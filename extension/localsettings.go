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

// LocalSettings is what local.settings.json says.
type LocalSettings struct {
	// Values become environment variables.
	Values map[string]string
	// Port is that of a local run under the Functions host; 0 for its default.
	Port int
}

// ReadLocalSettings reads local.settings.json. A folder without the file is fine: it says nothing.
func ReadLocalSettings(folder string) (LocalSettings, error) {
	var s LocalSettings
	path := filepath.Join(folder, LocalSettingsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the local settings: %w", err)
	}
	var file struct {
		IsEncrypted bool           `json:"IsEncrypted"`
		Values      map[string]any `json:"Values"`
		Host        struct {
			Port int `json:"LocalHttpPort"`
		} `json:"Host"`
	}
	if err := json.Unmarshal(withoutMark(text), &file); err != nil {
		return s, fmt.Errorf("read %s: %w", path, err)
	}
	if file.IsEncrypted {
		return s, fmt.Errorf("read %s: %w", path, ErrEncrypted)
	}
	s.Port, s.Values = file.Host.Port, make(map[string]string, len(file.Values))
	for name, value := range file.Values {
		if value != nil {
			s.Values[name] = fmt.Sprint(value)
		}
	}
	return s, nil
}

// ApplyLocalSettings puts the Values of local.settings.json into the environment of this process, as the Functions host does for
// the handlers it starts. What the environment has already stays. A folder without the file is fine.
func ApplyLocalSettings(folder string) error {
	s, err := ReadLocalSettings(folder)
	if err != nil {
		return err
	}
	for name, value := range s.Values {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("apply %q of %s: %w", name, filepath.Join(folder, LocalSettingsFile), err)
		}
	}
	return nil
}

// withoutMark takes off the byte order mark that some editors write.
func withoutMark(text []byte) []byte { return bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")) }
