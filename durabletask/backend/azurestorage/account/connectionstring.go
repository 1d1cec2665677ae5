package account

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// The account of every emulator; its key is public.
const (
	emulatorAccount = "devstoreaccount1"
	emulatorKey     = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
	emulatorHost    = "http://127.0.0.1"
)

// emulatorPorts are the ports of an emulator's services.
var emulatorPorts = [services]string{blobService: "10000", queueService: "10001", tableService: "10002"}

// publicSuffix is the domain of accounts in the public cloud.
const publicSuffix = "core.windows.net"

var accountNames = regexp.MustCompile(`^[a-z0-9]{3,24}$`)

// ParseConnectionString reads a connection string as the portal shows it: AccountName, AccountKey or SharedAccessSignature,
// DefaultEndpointsProtocol, EndpointSuffix, BlobEndpoint, QueueEndpoint, TableEndpoint; or UseDevelopmentStorage=true, perhaps with
// DevelopmentStorageProxyUri. Names are matched in any case, and others are ignored. Errors name the part that is wrong and what to write, never a value.
func ParseConnectionString(text string) (Connection, error) {
	c, err := parseConnectionString(text)
	if err != nil {
		return Connection{}, fmt.Errorf("connection string: %w", err)
	}
	return c, nil
}

func parseConnectionString(text string) (Connection, error) {
	parts, err := splitParts(text)
	if err != nil {
		return Connection{}, err
	}
	if use, ok := parts["usedevelopmentstorage"]; ok {
		if !strings.EqualFold(use, "true") {
			return Connection{}, errors.New("UseDevelopmentStorage can only be true: for an account, leave it out and write AccountName=…;AccountKey=…")
		}
		return emulatorConnection(parts["developmentstorageproxyuri"])
	}
	c := Connection{accountName: parts["accountname"], proof: &proof{}}
	if err := c.setProof(parts["accountkey"], parts["sharedaccesssignature"]); err != nil {
		return Connection{}, err
	}
	if err := c.setEndpoints(parts); err != nil {
		return Connection{}, err
	}
	if c.accountName == "" {
		c.accountName = nameOf(c.endpoints[queueService])
	}
	if c.proof.key != nil && parts["accountname"] == "" {
		return Connection{}, errors.New("AccountKey without AccountName: add AccountName=…")
	}
	return c, nil
}

// splitParts splits at semicolons and, because keys end with equals signs, at the first equals sign of each part.
func splitParts(text string) (map[string]string, error) {
	parts := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		name, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, errors.New("a part has no name: write Name=Value;Name=Value, as the portal shows it under “Access keys”")
		}
		parts[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
	}
	if len(parts) == 0 {
		return nil, errors.New("it is empty: copy it from the portal (“Access keys”), or write UseDevelopmentStorage=true for an emulator")
	}
	return parts, nil
}

func emulatorConnection(proxy string) (Connection, error) {
	host := emulatorHost
	if proxy != "" {
		u, err := url.Parse(proxy)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			return Connection{}, errors.New("DevelopmentStorageProxyUri is not an address: write http://<host>")
		}
		host = u.Scheme + "://" + bracketed(u.Hostname())
	}
	key, err := base64.StdEncoding.DecodeString(emulatorKey)
	if err != nil {
		return Connection{}, err
	}
	c := Connection{accountName: emulatorAccount, emulator: true, proof: &proof{key: key}}
	for s := range services {
		c.endpoints[s] = host + ":" + emulatorPorts[s] + "/" + emulatorAccount
	}
	return c, nil
}

func bracketed(host string) string {
	if strings.Contains(host, ":") {
		return "[" + host + "]"
	}
	return host
}

func (c *Connection) setProof(key, sas string) error {
	switch {
	case key != "" && sas != "":
		return errors.New("it has AccountKey and SharedAccessSignature: leave one of them out")
	case key == "" && sas == "":
		return errors.New("it has neither AccountKey nor SharedAccessSignature: copy the whole string from the portal, " +
			"or use an identity (AzureWebJobsStorage__accountName=…)")
	case sas != "":
		sas = strings.TrimPrefix(sas, "?")
		if values, err := url.ParseQuery(sas); err != nil || values.Get("sig") == "" {
			return errors.New("SharedAccessSignature is not a signature: write sv=…&ss=bqt&srt=sco&sp=…&sig=…, as the portal shows it")
		}
		c.proof.sas = sas
		return nil
	}
	decoded, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(decoded) == 0 {
		return errors.New("AccountKey is not Base64: copy it whole from the portal (“Access keys”), with the equals signs at its end")
	}
	c.proof.key = decoded
	return nil
}

func (c *Connection) setEndpoints(parts map[string]string) error {
	scheme := strings.ToLower(parts["defaultendpointsprotocol"])
	if scheme == "" {
		scheme = "https"
	}
	if scheme != "http" && scheme != "https" {
		return errors.New("DefaultEndpointsProtocol is neither http nor https: write DefaultEndpointsProtocol=https")
	}
	suffix := parts["endpointsuffix"]
	if suffix == "" {
		suffix = publicSuffix
	}
	for s, name := range [services]string{blobService: "BlobEndpoint", queueService: "QueueEndpoint", tableService: "TableEndpoint"} {
		if address := parts[strings.ToLower(name)]; address != "" {
			if err := c.setEndpoint(service(s), name, address); err != nil {
				return err
			}
			continue
		}
		if c.accountName == "" {
			return fmt.Errorf("it has neither AccountName nor %s: add AccountName=…, or all of BlobEndpoint, QueueEndpoint and TableEndpoint", name)
		}
		if !accountNames.MatchString(c.accountName) {
			return fmt.Errorf("AccountName is no name of an account (3 to 24 lower-case letters and digits), and without %s it must be one", name)
		}
		c.endpoints[s] = publicEndpoint(scheme, c.accountName, service(s), suffix)
	}
	return nil
}
