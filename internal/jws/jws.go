// Package jws signs and verifies compact JSON Web Signatures (RFC 7515 §7.1)
// of one algorithm under one key.
//
// It knows nothing of claims: a payload is bytes. It is the only way by which
// the public package signs and verifies, and stands apart so that test vectors
// whose payload is no JSON run through the same code.
package jws

import (
	"encoding/base64"
	"strings"
)

// A Key is an algorithm bound to its key material, which is held by closures
// alone: neither fmt nor reflection can reach it.
type Key struct {
	alg    string
	typ    string
	header string // the encoded header that Sign writes

	sign   func(signingInput string) ([]byte, error) // nil: the key only verifies
	verify func(signingInput string, signature []byte) error
}

// NewHMAC returns the Key of HS256, HS384 or HS512 with the given secret.
// The header of the tokens it signs has the given typ.
func NewHMAC(alg, typ string, secret []byte) (*Key, error) {
	method, err := newHMACMethod(alg, secret)
	if err != nil {
		return nil, err
	}
	return newKey(alg, typ, method.sign, method.verify)
}

// NewKeyPair returns the Key of an RS, PS, ES or EdDSA algorithm. The keys are
// the standard library's, pointers as crypto/x509 returns them; it is up to the
// caller that they have the algorithm's type, size and curve. A nil private key
// makes a Key that only verifies. The header of the tokens it signs has the
// given typ.
func NewKeyPair(alg, typ string, private, public any) (*Key, error) {
	method, err := keyPairMethod(alg)
	if err != nil {
		return nil, err
	}
	verify := func(signingInput string, signature []byte) error {
		return method.Verify(signingInput, signature, public)
	}
	if private == nil {
		return newKey(alg, typ, nil, verify)
	}
	sign := func(signingInput string) ([]byte, error) {
		return method.Sign(signingInput, private)
	}
	return newKey(alg, typ, sign, verify)
}

func newKey(alg, typ string, sign func(string) ([]byte, error), verify func(string, []byte) error) (*Key, error) {
	header, err := encodeHeader(alg, typ)
	if err != nil {
		return nil, err
	}
	return &Key{alg: alg, typ: typ, header: header, sign: sign, verify: verify}, nil
}

// CanSign reports whether the Key holds what Sign needs.
func (k *Key) CanSign() bool { return k.sign != nil }

// Sign returns the compact JWS of payload.
func (k *Key) Sign(payload []byte) (string, error) {
	// One buffer for the whole token: a Builder hands out what it holds so far,
	// here the signing input, without a copy.
	var token strings.Builder
	token.Grow(len(k.header) + len("..") + base64url.EncodedLen(len(payload)) + base64url.EncodedLen(hmacMaxSize))
	token.WriteString(k.header)
	token.WriteByte('.')
	writeSegment(&token, payload)
	signature, err := k.sign(token.String())
	if err != nil {
		return "", err
	}
	token.WriteByte('.')
	writeSegment(&token, signature)
	return token.String(), nil
}

// Open takes a compact JWS apart and returns its header and its payload, once
// its signature has been verified.
//
// The checks go from form to substance: three canonical segments, a header of
// the right form, a header that this Key takes, the signature.
func (k *Key) Open(token string) (Header, []byte, *Error) {
	parts, err := split(token)
	if err != nil {
		return Header{}, nil, err
	}
	header, err := k.openHeader(parts.header)
	if err != nil {
		return Header{}, nil, err
	}
	if err := k.Verify(parts.signingInput, parts.signature); err != nil {
		return Header{}, nil, err
	}
	return header, parts.payload, nil
}

// Verify checks the signature of a signing input (RFC 7515 §5.2 step 8).
func (k *Key) Verify(signingInput string, signature []byte) *Error {
	if err := k.verify(signingInput, signature); err != nil {
		return errSignature
	}
	return nil
}

// parts is a token whose segments are canonical base64url; nothing of them has
// been looked at yet, and the header not even decoded.
type parts struct {
	signingInput string // header segment, dot, payload segment
	header       string
	payload      []byte
	signature    []byte
}

func split(token string) (parts, *Error) {
	// encoding/base64 skips line ends, which RFC 7515 §2 forbids.
	if strings.IndexByte(token, '\n') >= 0 || strings.IndexByte(token, '\r') >= 0 {
		return parts{}, errLineEnd
	}
	header, rest, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(rest, ".")
	if header == "" || payload == "" || signature == "" || strings.IndexByte(signature, '.') >= 0 {
		return parts{}, errSegments
	}
	// Payload and signature share one buffer: one allocation for both.
	buffer := make([]byte, 0, base64url.DecodedLen(len(payload))+base64url.DecodedLen(len(signature)))
	var err error
	if buffer, err = base64url.AppendDecode(buffer, []byte(payload)); err != nil {
		return parts{}, errPayloadSegment
	}
	end := len(buffer)
	if buffer, err = base64url.AppendDecode(buffer, []byte(signature)); err != nil {
		return parts{}, errSignatureSegment
	}
	return parts{
		signingInput: token[:len(header)+1+len(payload)],
		header:       header,
		payload:      buffer[:end:end],
		signature:    buffer[end:],
	}, nil
}

// base64url is RFC 7515 §2's encoding: no padding, and Strict, so that every
// value has exactly one spelling. It skips line ends all the same.
var base64url = base64.RawURLEncoding.Strict()

// writeSegment writes data in base64url by way of a buffer on the stack.
func writeSegment(token *strings.Builder, data []byte) {
	var buffer [512]byte
	const chunk = len(buffer) / 4 * 3 // a multiple of 3: only the last chunk has a tail
	for len(data) > chunk {
		token.Write(base64url.AppendEncode(buffer[:0], data[:chunk]))
		data = data[chunk:]
	}
	token.Write(base64url.AppendEncode(buffer[:0], data))
}
