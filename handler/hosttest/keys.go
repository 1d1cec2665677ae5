package hosttest

import (
	"crypto/rand"
	"encoding/base64"
	"strings"
)

// Keys are what callers of keyed functions may present, each by its name.
type Keys struct {
	// Master opens everything.
	Master string
	// Host opens every function whose level is function.
	Host map[string]string
	// System opens webhooks of extensions, and no function.
	System map[string]string
	// Functions open one function each: by the function's name, then the key's.
	Functions map[string]map[string]string
}

func randomKeys() *Keys {
	return &Keys{Master: randomKey(), Host: map[string]string{"default": randomKey()}}
}

func randomKey() string {
	var b [40]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.URLEncoding.EncodeToString(b[:])
}

// level is what a caller may do.
type level int

const (
	levelAnonymous level = iota
	levelSystem
	levelFunction
	levelAdmin
)

// caller is who has sent a request.
type caller struct {
	level level
	key   string // the name of the key
}

// identify finds out who has sent a request; f is the function that it is for, or nil.
func (k *Keys) identify(h header, query []queryPart, f *function) caller {
	presented, ok := h.get("x-functions-key")
	for _, p := range query {
		if !ok && strings.EqualFold(p.name, "code") {
			presented = p.value
		}
	}
	if presented == "" {
		return caller{}
	}
	if presented == k.Master {
		return caller{levelAdmin, "master"}
	}
	named := func(keys map[string]string, l level) caller {
		for name, value := range keys {
			if value == presented {
				return caller{l, name}
			}
		}
		return caller{}
	}
	if c := named(k.System, levelSystem); c.key != "" {
		return c
	}
	if c := named(k.Host, levelFunction); c.key != "" {
		return c
	}
	if f != nil {
		return named(k.Functions[f.name], levelFunction)
	}
	return caller{}
}

// opens reports whether a caller may call a function.
func (c caller) opens(f *function) bool {
	switch strings.ToLower(f.trigger().property("authLevel")) {
	case "anonymous":
		return true
	case "admin":
		return c.level == levelAdmin
	case "system":
		return c.level == levelSystem || c.level == levelAdmin
	}
	return c.level == levelFunction || c.level == levelAdmin
}

// Names of claims and claim types, as .NET spells them.
const (
	claimPrefix    = "http://schemas.microsoft.com/2017/07/functions/claims/"
	claimText      = "http://www.w3.org/2001/XMLSchema#string"
	nameClaimType  = "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/name"
	roleClaimType  = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"
	claimAuthority = "LOCAL AUTHORITY"
)

// identities is the member Identities of a request.
func (c caller) identities() *value {
	kind, claims := null(), &value{kind: kindArray}
	if c.level != levelAnonymous {
		kind = text("WebJobsAuthLevel")
		claim := func(name, content string) {
			claims.items = append(claims.items, object(
				member{"Issuer", text(claimAuthority)}, member{"OriginalIssuer", text(claimAuthority)}, member{"Properties", object()},
				member{"Type", text(claimPrefix + name)}, member{"Value", text(content)}, member{"ValueType", text(claimText)}))
		}
		claim("authlevel", [...]string{"Anonymous", "System", "Function", "Admin"}[c.level])
		if c.key != "" {
			claim("invoke", "true")
			claim("keyid", c.key)
		}
	}
	identity := object(
		member{"AuthenticationType", kind}, member{"IsAuthenticated", boolean(c.level != levelAnonymous)},
		member{"Actor", null()}, member{"BootstrapContext", null()}, member{"Claims", claims}, member{"Label", null()},
		member{"Name", null()}, member{"NameClaimType", text(nameClaimType)}, member{"RoleClaimType", text(roleClaimType)})
	return &value{kind: kindArray, items: []*value{identity}}
}
