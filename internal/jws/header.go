package jws

import (
	"errors"
	"strconv"
	"strings"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// A Header is what a JOSE header (RFC 7515 §4) says, as far as anyone here wants
// to know.
type Header struct {
	Algorithm    string // the alg
	HasAlgorithm bool   // whether there is one
	Type         string // the typ
	HasType      bool   // whether there is one
	KeyID        string // the kid; "": none

	forbidden string // a member that makes it something other than a plain JWS
}

// encodeHeader returns the header segment of a new token. The alg is one of
// method.go's. An empty kid is left out.
func encodeHeader(alg, typ, kid string) (string, error) {
	header, err := strictjson.AppendString([]byte(`{"alg":"`+alg+`","typ":`), typ)
	if err == nil && kid != "" {
		header, err = strictjson.AppendString(append(header, `,"kid":`...), kid)
	}
	if err != nil {
		return "", err
	}
	return base64url.EncodeToString(append(header, '}')), nil
}

// openHeader decodes a header segment, and checks that the token is of this
// Codec's kind.
func (c *Codec) openHeader(segment string) (Header, error) {
	if segment == c.headerSegment { // what this Codec wrote needs no decoding
		return Header{Algorithm: c.alg, HasAlgorithm: true, Type: c.typ, HasType: true, KeyID: c.kid}, nil
	}
	if known := c.recall(segment); known != nil {
		return known.header, nil
	}
	decoded, err := decodeText(segment)
	if err != nil {
		return Header{}, errHeaderSegment
	}
	header, err := parseHeader(decoded)
	if err != nil {
		return Header{}, malformed("its header is " + err.Error())
	}
	if err := c.accept(header); err != nil {
		return Header{}, err
	}
	return header, nil
}

// recall returns the header of an earlier token, nil if there is none.
func (c *Codec) recall(segment string) *knownHeader {
	for i := range c.known {
		if known := c.known[i].Load(); known != nil && known.segment == segment {
			return known
		}
	}
	return nil
}

// remember keeps the header of a verified token for the next ones.
func (c *Codec) remember(segment string, header Header) {
	if c.recall(segment) != nil {
		return
	}
	place := c.next.Add(1) % uint32(len(c.known))
	c.known[place].Store(&knownHeader{strings.Clone(segment), header})
}

// parseHeader reads a strict JSON object whose alg, typ and kid are strings. The
// limit of the token's size bounds its length. strictjson.MaxMembers and MaxDepth
// bound what makes short JSON dear. RFC 7515 §4.1 registers eleven members.
func parseHeader(text string) (Header, error) {
	var h Header
	err := strictjson.EachHeaderMember(text, func(name string, value strictjson.Value) (err error) {
		switch name {
		case "alg":
			h.HasAlgorithm = true
			h.Algorithm, err = value.Text()
		case "typ":
			h.HasType = true
			h.Type, err = value.Text()
		case "kid":
			h.KeyID, err = value.Text()
		case "crit", "b64", "enc", "zip", "cty":
			h.forbidden = name
		}
		if err != nil {
			return errors.New("an object whose " + name + " " + err.Error())
		}
		return nil
	})
	return h, err
}

// accept checks what the header says of how the token is to be processed.
func (c *Codec) accept(h Header) error {
	if !h.HasAlgorithm {
		return unverifiable("its header has no alg, and " + c.alg + " is wanted (see WithAlgorithm)")
	}
	if oneName(h.Algorithm) != oneName(c.alg) {
		return unverifiable("its header has the alg " + quote(h.Algorithm) + ", and " + c.alg + " is wanted (see WithAlgorithm)")
	}
	if h.forbidden != "" {
		return unverifiable("its header has the member " + h.forbidden + ", which no plain signed token has")
	}
	if c.kid != "" && h.KeyID != "" && h.KeyID != c.kid {
		return unverifiable("its header names another key than the strategy's, by its kid (see WithKeyID)")
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
