package jws

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// maxHeaderSegment bounds, in bytes, what is decoded before the signature has
// been checked. No header that is not an attack comes near it.
const maxHeaderSegment = 4096

// A Header is what the reader of a verified token wants to know of its JOSE
// header (RFC 7515 §4). The algorithm is not in it: it is always the Key's.
type Header struct {
	Type    string // the typ
	HasType bool   // whether there is one
}

func encodeHeader(alg, typ string) (string, error) {
	header, err := strictjson.AppendString([]byte(`{"alg":"`+alg+`","typ":`), typ) // alg is one that method.go knows
	if err != nil {
		return "", err
	}
	return base64url.EncodeToString(append(header, '}')), nil
}

// openHeader decodes a header segment and checks that it is this Key's kind.
func (k *Key) openHeader(segment string) (Header, *Error) {
	if segment == k.header {
		return Header{Type: k.typ, HasType: true}, nil // what Sign wrote needs no decoding
	}
	if len(segment) > maxHeaderSegment {
		return Header{}, errHeaderSize
	}
	decoded, err := base64url.DecodeString(segment)
	if err != nil {
		return Header{}, errHeaderSegment
	}
	header, refused := parseHeader(decoded)
	if refused != nil {
		return Header{}, refused
	}
	if refused := k.accept(header); refused != nil {
		return Header{}, refused
	}
	return Header{Type: header.typ, HasType: header.hasTyp}, nil
}

// header is a JOSE header of the right form: a strict JSON object whose alg,
// typ and kid are strings.
type header struct {
	alg, typ       string
	hasAlg, hasTyp bool
	refused        string // a member that makes it something other than a plain JWS
}

func parseHeader(data []byte) (header, *Error) {
	var h header
	err := strictjson.EachMember(data, func(name []byte, value strictjson.Value) error {
		isString := true
		switch string(name) {
		case "alg":
			h.alg, isString = value.Text()
			h.hasAlg = true
		case "typ":
			h.typ, isString = value.Text()
			h.hasTyp = true
		case "kid":
			_, isString = value.Text()
		case "crit", "b64", "enc", "zip", "cty":
			h.refused = string(name)
		}
		if !isString {
			return errors.New("an object whose " + string(name) + " is not a JSON string")
		}
		return nil
	})
	if err != nil {
		return header{}, malformed("its header is " + err.Error())
	}
	return h, nil
}

// accept checks what the header says of how the token is to be processed.
func (k *Key) accept(h header) *Error {
	switch {
	case !h.hasAlg:
		return unverifiable("its header has no alg, and " + k.alg + " is wanted")
	case h.alg != k.alg:
		return unverifiable("its header has the alg " + quote(h.alg) + ", and " + k.alg + " is wanted")
	case h.refused != "":
		return unverifiable("its header has the member " + h.refused + ", which no plain signed token has")
	}
	return nil
}

// quote makes text of an unverified header fit to be logged.
func quote(text string) string {
	const most = 32
	if len(text) > most {
		return strconv.QuoteToASCII(strings.ToValidUTF8(text[:most], "")) + "..."
	}
	return strconv.QuoteToASCII(text)
}
