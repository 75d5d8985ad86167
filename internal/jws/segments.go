package jws

import (
	"encoding/base64"
	"strings"
)

// base64url is RFC 7515 §2's encoding: no padding, and Strict, so that every
// value has exactly one spelling. It skips line ends all the same.
var base64url = base64.RawURLEncoding.Strict()

// parts is a token whose payload and signature are canonical base64url. Its
// header has not been decoded.
type parts struct {
	signingInput  string // header segment, dot, payload segment
	headerSegment string
	payload       string
	signature     []byte
}

var (
	errLineEnd          = malformed("it holds a line end")
	errSegments         = malformed("it is not three segments with dots between them")
	errEncrypted        = malformed("it has five segments, as an encrypted token has (JWE); only signed tokens are read")
	errNoHeader         = malformed("its header segment is empty")
	errNoPayload        = malformed("its claims segment is empty")
	errNoSignature      = malformed("its signature segment is empty, as in an unsigned token (alg none); only signed tokens are read")
	errHeaderSegment    = malformed("its header is not canonical base64url without padding (pass the token alone, without \"Bearer \")")
	errPayloadSegment   = malformed("its claims are not canonical base64url without padding")
	errSignatureSegment = malformed("its signature is not canonical base64url without padding")
)

// split takes a token apart (RFC 7515 §7.1).
func split(token string) (parts, error) {
	// encoding/base64 skips line ends, which RFC 7515 §2 forbids.
	if strings.IndexByte(token, '\n') >= 0 || strings.IndexByte(token, '\r') >= 0 {
		return parts{}, errLineEnd
	}
	header, rest, dot1 := strings.Cut(token, ".")
	payload, signature, dot2 := strings.Cut(rest, ".")
	if !dot1 || !dot2 || strings.IndexByte(signature, '.') >= 0 {
		return parts{}, wrongSegments(signature)
	}
	if header == "" {
		return parts{}, errNoHeader
	}
	if payload == "" {
		return parts{}, errNoPayload
	}
	if signature == "" {
		return parts{}, errNoSignature
	}
	decodedPayload, err := decodeText(payload)
	if err != nil {
		return parts{}, errPayloadSegment
	}
	decodedSignature, err := base64url.DecodeString(signature)
	if err != nil {
		return parts{}, errSignatureSegment
	}
	return parts{
		signingInput:  token[:len(header)+1+len(payload)],
		headerSegment: header,
		payload:       decodedPayload,
		signature:     decodedSignature,
	}, nil
}

// decodeText decodes a segment by way of a buffer on the stack: most need no other
// memory than that of the text.
func decodeText(segment string) (string, error) {
	var buffer [512]byte
	text, err := base64url.AppendDecode(buffer[:0], []byte(segment))
	return string(text), err
}

// wrongSegments says what a token is whose segments are not three; rest is what
// follows its second dot.
func wrongSegments(rest string) error {
	if strings.Count(rest, ".") == 2 {
		return errEncrypted
	}
	return errSegments
}

// writeSegment writes data in base64url by way of a buffer on the stack: that
// saves two of five allocations of a write (BenchmarkSign).
func writeSegment(token *strings.Builder, data []byte) {
	var buffer [512]byte
	const chunk = len(buffer) / 4 * 3 // a multiple of 3: only the last chunk has a tail
	for len(data) > chunk {
		token.Write(base64url.AppendEncode(buffer[:0], data[:chunk]))
		data = data[chunk:]
	}
	token.Write(base64url.AppendEncode(buffer[:0], data))
}
