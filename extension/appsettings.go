package extension

import (
	"fmt"
	"strings"

	"github.com/kelseyhightower/envconfig"
)

// AppSettings are the app's settings that come from the environment. Names with lower-case letters are not here, because envconfig
// asks for all names in upper case.
type AppSettings struct {
	SiteName   string `envconfig:"WEBSITE_SITE_NAME"`
	SlotName   string `envconfig:"WEBSITE_SLOT_NAME"`
	InstanceID string `envconfig:"WEBSITE_INSTANCE_ID"`
	SKU        string `envconfig:"WEBSITE_SKU"`
	Container  string `envconfig:"CONTAINER_NAME"`
	// Hostname is where the platform serves this app; it is in links that are made without a request.
	Hostname string `envconfig:"WEBSITE_HOSTNAME"`
	// TimeZone is by whose clock timers go: an IANA name; empty means UTC.
	TimeZone string `envconfig:"WEBSITE_TIME_ZONE"`
	// Port is where the Functions host expects a custom handler to listen; empty when the app runs standalone.
	Port string `envconfig:"FUNCTIONS_CUSTOMHANDLER_PORT"`
	// Key is what callers have to present; empty for none.
	Key string `envconfig:"AZDURABLE_KEY"`
	// SignedURLs makes links to instances carry a signature in place of the key.
	SignedURLs bool `envconfig:"AZDURABLE_SIGNED_URLS"`
	// PublicURL is the scheme and authority under which callers see the app, for links; empty to go by their requests.
	PublicURL string `envconfig:"AZDURABLE_PUBLIC_URL"`
	// Environment is Development for local runs under the Functions host.
	Environment string `envconfig:"AZURE_FUNCTIONS_ENVIRONMENT"`
	// Metrics serves what has been counted at /metrics.
	Metrics bool `envconfig:"AZDURABLE_METRICS"`
	// LogLevel is the least level of what is logged: debug, info, warn or error; empty means info.
	LogLevel string `envconfig:"AZDURABLE_LOG_LEVEL"`
	// ForceLocal allows the embedded store on a Function App.
	ForceLocal bool `envconfig:"AZDURABLE_FORCE_LOCAL"`
}

// ReadAppSettings reads the settings from the environment.
func ReadAppSettings() (AppSettings, error) {
	var s AppSettings
	if err := envconfig.Process("", &s); err != nil {
		return s, fmt.Errorf("read the app settings: %w", err)
	}
	return s, nil
}

// host is the authority under which the app is reached, as far as the platform says (ext: host, HostNameProvider.cs).
func (s *AppSettings) host() string {
	if s.Hostname == "" && s.SiteName != "" {
		return s.SiteName + ".azurewebsites.net"
	}
	return s.Hostname
}

// UnderHost reports whether the Functions host started this process.
func (s *AppSettings) UnderHost() bool { return s.Port != "" }

// development reports whether the host runs on the machine of who writes the app.
func (s *AppSettings) development() bool {
	return strings.EqualFold(s.Environment, "Development") && s.InstanceID == ""
}

// functionApp reports whether the app runs in Azure, where several instances share the work and disks don't last.
func (s *AppSettings) functionApp() bool { return s.InstanceID != "" || s.linuxConsumption() }

// consumptionPlan reports whether the plan is one of small machines, whose limits are lower (ext: DefaultPlatformInformation.cs).
func (s *AppSettings) consumptionPlan() bool {
	return strings.EqualFold(s.SKU, "Dynamic") || s.linuxConsumption()
}

// linuxConsumption reports whether the app runs on the consumption plan for Linux. The reference does not ask for a site name; but
// unlike its code, this runs in other people's containers, too, and some of those set CONTAINER_NAME.
func (s *AppSettings) linuxConsumption() bool {
	return s.Container != "" && s.InstanceID == "" && s.SiteName != ""
}
