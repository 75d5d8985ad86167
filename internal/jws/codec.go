// Package jws signs and verifies compact JSON Web Signatures (RFC 7515 §7.1).
//
// It knows nothing of claims: a payload is bytes. It is the only way by which
// the public package signs and verifies, and stands apart so that test vectors
// whose payload is no JSON run through the same code.
package jws

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
)

// A Codec writes and opens tokens of one algorithm. It holds no key.
type Codec struct {
	alg, typ, kid string
	headerSegment string // of every token that it writes

	known [4]atomic.Pointer[knownHeader] // the last ones
	next  atomic.Uint32                  // the place of the next one
}

// A knownHeader is the header of a token whose signature was verified, and which the
// Codec did not write. The tokens of one issuer share a few, one for each kid, and
// decoding one takes a tenth of a read.
type knownHeader struct {
	segment string
	header  Header
}

// NewCodec returns the Codec of an algorithm. The header of the tokens that it
// writes has the given typ, and the given kid unless that is "". Both must be
// UTF-8. A Codec with a kid opens no token that names another.
func NewCodec(alg, typ, kid string) (*Codec, error) {
	headerSegment, err := encodeHeader(alg, typ, kid)
	if err != nil {
		return nil, err
	}
	return &Codec{alg: alg, typ: typ, kid: kid, headerSegment: headerSegment}, nil
}

// Size returns the length of a token that carries a payload and a signature of so
// many bytes.
func (c *Codec) Size(payload, signature int) int {
	return len(c.headerSegment) + len("..") + base64url.EncodedLen(payload) + base64url.EncodedLen(signature)
}

// Sign returns the compact JWS of the payload. The key must be of the Codec's
// algorithm, and able to sign.
func (c *Codec) Sign(ctx context.Context, key *Key, payload []byte) (string, error) {
	// One buffer for the whole token: a Builder hands out what it holds so far,
	// here the signing input, without a copy.
	var token strings.Builder
	token.Grow(c.Size(len(payload), key.signatureSize))
	token.WriteString(c.headerSegment)
	token.WriteByte('.')
	writeSegment(&token, payload)
	var buffer [hmacMaxSize]byte
	signature, err := key.appendSignature(ctx, buffer[:0], token.String())
	if err != nil {
		return "", err
	}
	token.WriteByte('.')
	writeSegment(&token, signature)
	return token.String(), nil
}

// An Opened is what a compact JWS says, and the key that vouches for it.
type Opened struct {
	Header  Header
	Payload string
	Key     *Key // that verified the signature
}

// Stands reports whether the key that verified the signature is still among those that
// may have made it.
func (o *Opened) Stands(ctx context.Context, keys KeySet) (bool, error) {
	candidates, err := keys.Candidates(ctx, o.Header.KeyID)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(candidates, o.Key.Equal), nil
}

// Open takes a compact JWS apart into o, once its signature has been verified by one
// of the keys. If it fails, o stays as it is.
//
// The checks go from form to substance: three canonical segments, a header of
// the right form, a header of this Codec's algorithm and kid, a key, the signature.
func (c *Codec) Open(ctx context.Context, token string, keys KeySet, o *Opened) error {
	parts, err := split(token)
	if err != nil {
		return err
	}
	header, err := c.openHeader(parts.headerSegment)
	if err != nil {
		return err
	}
	candidates, err := keys.Candidates(ctx, header.KeyID)
	if err != nil {
		return err
	}
	key, err := c.verify(&parts, candidates)
	if err != nil {
		return err
	}
	if parts.headerSegment != c.headerSegment {
		c.remember(parts.headerSegment, header)
	}
	*o = Opened{header, parts.payload, key}
	return nil
}

// verify tries the candidates, and returns the one that verifies. A key of another
// algorithm is none.
func (c *Codec) verify(parts *parts, candidates []*Key) (*Key, error) {
	err := errNoKey
	for _, key := range candidates {
		if !key.Is(c.alg) {
			continue
		}
		if err = key.Verify(parts.signingInput, parts.signature); err == nil {
			return key, nil
		}
	}
	return nil, err
}

var errNoKey = unverifiable("there is no key for it")
