package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/fetch"
	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

const (
	openIDPlace = "/.well-known/openid-configuration"
	oauthPlace  = "/.well-known/oauth-authorization-server"
)

// Discover returns a Source of an issuer's keys. It finds them by the jwks_uri of the
// issuer's metadata, which it reads anew with the keys, under one time limit: at
// <issuer>/.well-known/openid-configuration (OpenID Connect Discovery 1.0 §4), or if
// the answer there is 404, where RFC 8414 §3.1 places
// /.well-known/oauth-authorization-server. It does no I/O: see [Source.Refresh].
//
// The issuer must be an https URL (see [WithInsecureHTTP]) without query and
// fragment. It must be that of the metadata, byte for byte. Give the same to
// authstrategy.WithIssuer. The keys may be on another host. They must be https, too,
// unless the issuer is http.
//
// What [Remote] says of answers, redirects, users in the URL and mistakes applies.
func Discover(issuer string, opts ...Option) (*Source, error) {
	o := newOptions(opts)
	if strings.ContainsAny(issuer, "?#") {
		o.mistake("the issuer of Discover has a query or a fragment; RFC 8414 §2 allows none")
	}
	if strings.HasSuffix(issuer, openIDPlace) || strings.Contains(issuer, oauthPlace) {
		o.mistake("the issuer of Discover is the address of its metadata; pass the issuer that is in there")
	}
	o.parseURL("the issuer of Discover", issuer)
	address, _ := url.Parse(strings.TrimSuffix(issuer, "/") + openIDPlace) // a good issuer stays a URL with a longer path
	client := o.newClient()
	return o.source(func(ctx context.Context) (*set, time.Duration, error) {
		document, err := fetchMetadata(ctx, client, *address)
		if err != nil {
			return nil, 0, err
		}
		keys, err := keysOf(document, issuer, o.insecure && address.Scheme == "http")
		if err != nil {
			return nil, 0, fmt.Errorf("the metadata of the issuer %s: %w", issuer, err)
		}
		return fetchSet(ctx, client, keys, o.maxAge)
	})
}

// fetchMetadata fetches the metadata from the place that OpenID Connect has for it,
// and if it is not found there, from that of RFC 8414 §3.1: before the issuer's path.
func fetchMetadata(ctx context.Context, client *fetch.Client, address url.URL) ([]byte, error) {
	document, err := client.Get(ctx, address)
	if errors.Is(err, fetch.StatusError(http.StatusNotFound)) {
		address.RawPath = oauthPlace + strings.TrimSuffix(address.EscapedPath(), openIDPlace)
		address.Path = oauthPlace + strings.TrimSuffix(address.Path, openIDPlace)
		openID := err
		if document, err = client.Get(ctx, address); err != nil {
			return nil, fmt.Errorf("%w; %w", openID, err)
		}
	}
	if err != nil {
		return nil, err
	}
	return document.Body, nil
}

// metadata is what matters here of an issuer's metadata (RFC 8414 §2).
type metadata struct {
	Issuer  string `json:"issuer"`
	JWKSURI string `json:"jwks_uri"`
}

// keysOf returns the jwks_uri of an issuer's metadata.
func keysOf(document []byte, issuer string, insecure bool) (*url.URL, error) {
	var m metadata
	if err := strictjson.Unmarshal(document, &m); err != nil {
		return nil, err
	}
	if m.Issuer != issuer {
		return nil, fmt.Errorf("its issuer is %.100q; %s", m.Issuer, adviceOn(m.Issuer, issuer))
	}
	if m.JWKSURI == "" {
		return nil, errors.New("it has no jwks_uri")
	}
	keys, err := url.Parse(m.JWKSURI)
	if err != nil {
		return nil, fmt.Errorf("its jwks_uri, %.100q, is not a URL", m.JWKSURI)
	}
	if fault := fetch.FaultOf(keys, insecure); fault != "" {
		return nil, fmt.Errorf("its jwks_uri, %.100q, %s", m.JWKSURI, fault)
	}
	return keys, nil
}

// adviceOn says what to do about an issuer that is not the wanted one.
func adviceOn(found, wanted string) string {
	if strings.Contains(found, "{tenantid}") {
		return "it has a place for a tenant: use Remote with the jwks_uri of this metadata, and a strategy WithIssuer for each tenant, by a StrategyFactory"
	}
	if strings.TrimSuffix(found, "/") == strings.TrimSuffix(wanted, "/") {
		return "they differ by the slash at the end: give Discover and WithIssuer the one that the metadata and the tokens have"
	}
	return "they must be equal: give Discover and WithIssuer the one that the tokens have, if it is the provider that you mean"
}
