package jws

// A Kind is a way in which a token fails.
type Kind int

const (
	Malformed    Kind = iota // not a compact JWS
	Unverifiable             // a JWS, but none that the Key can or may verify
	Signature                // the signature does not verify
)

// An Error says why a token was not opened. Its text holds nothing of the
// token but, quoted and cut short, an alg.
type Error struct {
	Kind Kind
	Text string
}

func (e *Error) Error() string { return e.Text }

func malformed(text string) *Error    { return &Error{Malformed, text} }
func unverifiable(text string) *Error { return &Error{Unverifiable, text} }

var (
	errLineEnd          = malformed("it holds a line end")
	errSegments         = malformed("it is not three non-empty segments with dots between them")
	errHeaderSegment    = malformed("its header is not canonical base64url without padding (pass the token alone, without \"Bearer \")")
	errPayloadSegment   = malformed("its claims are not canonical base64url without padding")
	errSignatureSegment = malformed("its signature is not canonical base64url without padding")
	errHeaderSize       = malformed("its header is longer than 4096 characters of base64url")
	errSignature        = &Error{Signature, "its signature does not verify"}
)
