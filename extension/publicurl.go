package extension

import (
	"fmt"
	"net/url"
	"strings"
)

// publicURL checks the URL under which callers see the app, which links begin with.
func publicURL(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil || strings.Trim(u.Path, "/") != "" ||
		u.RawQuery != "" || u.Fragment != "" {
		return "", fmt.Errorf("AZDURABLE_PUBLIC_URL = %q is not a scheme and a host, such as https://orders.example.org", text)
	}
	return u.Scheme + "://" + u.Host, nil
}
