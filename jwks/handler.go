package jwks

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/go-authstrategy/authstrategy"
)

// Handler returns a handler that serves what [Marshal] returns for the keys, as a
// jwks_uri: GET and HEAD, with the media type application/jwk-set+json (RFC 7517
// §8.5). Other methods get 405.
//
// Caches may keep the answer for maxAge, in whole seconds, rounded down; 0 makes
// them ask again each time. So a new key must be published for at least maxAge
// before it signs. The answer has an ETag; a request that names it in If-None-Match
// gets 304 (RFC 9110 §13.1.2).
//
// A maxAge that is negative, or shorter than a second and not 0, is an error, as is what Marshal refuses. The errors match
// [authstrategy.ErrInvalidConfig]; all mistakes are reported at once.
func Handler(maxAge time.Duration, keys ...*authstrategy.PublicKey) (http.Handler, error) {
	var err error
	if maxAge < 0 || maxAge > 0 && maxAge < time.Second {
		err = mistake("the max-age %v of Handler is negative or shorter than 1s; pass 0, or how long caches may keep the keys, such as time.Hour: a bare number counts nanoseconds", maxAge)
	}
	body, keysErr := Marshal(keys...)
	if err := errors.Join(err, keysErr); err != nil {
		return nil, err
	}
	hash := sha256.Sum256(body)
	return &handler{
		body:         body,
		etag:         `"` + base64.RawURLEncoding.EncodeToString(hash[:]) + `"`,
		cacheControl: "public, max-age=" + strconv.FormatInt(int64(maxAge/time.Second), 10),
	}, nil
}

type handler struct {
	body               []byte
	etag, cacheControl string
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header.Set("Allow", "GET, HEAD")
		http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
		return
	}
	header.Set("ETag", h.etag)
	header.Set("Cache-Control", h.cacheControl)
	if h.isKnown(r.Header["If-None-Match"]) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	header.Set("Content-Type", "application/jwk-set+json")
	header.Set("Content-Length", strconv.Itoa(len(h.body)))
	header.Set("X-Content-Type-Options", "nosniff")
	if r.Method == http.MethodGet {
		w.Write(h.body)
	}
}

// isKnown reports whether one of the entity tags of If-None-Match is the ETag, by
// weak comparison (RFC 9110 §8.8.3.2), or whether it is *. A tag of others may hold
// a comma, but no quotes, so none of its parts is the ETag.
func (h *handler) isKnown(ifNoneMatch []string) bool {
	list := strings.Join(ifNoneMatch, ",")
	if textproto.TrimString(list) == "*" {
		return true
	}
	for tag := range strings.SplitSeq(list, ",") {
		if strings.TrimPrefix(textproto.TrimString(tag), "W/") == h.etag {
			return true
		}
	}
	return false
}
