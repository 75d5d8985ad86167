// Package claims writes and reads the payload of a JSON Web Token (RFC 7519 §4).
// It knows the form of claims, and no rule about their values.
package claims

import (
	"fmt"
	"reflect"
	"strconv"
	"time"

	"github.com/go-authstrategy/authstrategy/internal/strictjson"
)

// MaxDate is the latest date of a token, in seconds since 1970.
const MaxDate = strictjson.MaxDate

// A Set is the registered claims of a token (RFC 7519 §4.1).
type Set struct {
	Subject, Issuer, ID string   // "": absent
	Audience            []string // nil: absent; it may be that of the Codec, and nobody changes it
	HasAudience         bool
	InsteadOfAudience   string // the claim that a Codec reads in place of aud; "": absent, or no string

	ExpiresAt, NotBefore, IssuedAt time.Time // zero: absent
}

// A Codec writes and reads payloads. It writes the same audience into all.
type Codec struct {
	audience          []string
	audienceJSON      []byte
	insteadOfAudience string
}

// NewCodec returns a Codec. It fails for an audience that is not UTF-8. It also
// reads the private claim insteadOfAudience, unless that is "".
func NewCodec(audience []string, insteadOfAudience string) (*Codec, error) {
	audienceJSON, err := strictjson.Marshal(audience)
	return &Codec{audience, audienceJSON, insteadOfAudience}, err
}

// Append appends to dst the payload with the claims of the set, but for its Audience
// and NotBefore, and with the members of private, as EncodePrivate returns them. The
// order of the members is that of FastAPI Users. It fails for a text that is not
// UTF-8.
func (c *Codec) Append(dst []byte, set *Set, private string) ([]byte, error) {
	dst, err := strictjson.AppendString(append(dst, `{"sub":`...), set.Subject)
	if err != nil {
		return nil, err
	}
	dst = append(append(dst, `,"aud":`...), c.audienceJSON...)
	if !set.ExpiresAt.IsZero() {
		dst = strconv.AppendInt(append(dst, `,"exp":`...), set.ExpiresAt.Unix(), 10)
	}
	if set.Issuer != "" {
		if dst, err = strictjson.AppendString(append(dst, `,"iss":`...), set.Issuer); err != nil {
			return nil, err
		}
	}
	if !set.IssuedAt.IsZero() {
		dst = strconv.AppendInt(append(dst, `,"iat":`...), set.IssuedAt.Unix(), 10)
	}
	if set.ID != "" {
		dst = append(append(append(dst, `,"jti":"`...), set.ID...), '"') // base64url needs no escapes
	}
	if private != "" {
		dst = append(append(dst, ','), private...)
	}
	return append(dst, '}'), nil
}

// Decode reads the registered claims of a payload into a set that has none yet. Its
// texts are pieces of the payload, which they keep in memory.
func (c *Codec) Decode(payload string, set *Set) error {
	return strictjson.EachMember(payload, func(name string, value strictjson.Value) (err error) {
		switch name {
		case "sub":
			set.Subject, err = value.Text()
		case "iss":
			set.Issuer, err = value.Text()
		case "jti":
			set.ID, err = value.Text()
		case "aud":
			set.HasAudience = true
			set.Audience, err = c.decodeAudience(value)
		case "exp":
			set.ExpiresAt, err = value.Seconds()
		case "nbf":
			set.NotBefore, err = value.Seconds()
		case "iat":
			set.IssuedAt, err = value.Seconds()
		case c.insteadOfAudience:
			set.InsteadOfAudience, _ = value.Text()
		}
		if err != nil {
			return fmt.Errorf("an object whose %s %w", name, err)
		}
		return nil
	})
}

// decodeAudience needs no decoding and no memory for the audience that the Codec
// itself writes.
func (c *Codec) decodeAudience(value strictjson.Value) ([]string, error) {
	if string(value) == string(c.audienceJSON) {
		return c.audience, nil
	}
	return value.Texts()
}

// A provider is the public package's ClaimsProvider.
type provider interface{ TokenClaims() any }

// CanProvide reports whether some value of the user's type is a ClaimsProvider. It
// fails for a type with a method TokenClaims that would never be called.
func CanProvide(user reflect.Type) (bool, error) {
	if user.Implements(reflect.TypeFor[provider]()) {
		return true, nil
	}
	if _, has := user.MethodByName("TokenClaims"); has {
		return false, fmt.Errorf("TokenClaims of %v has another signature than ClaimsProvider requires; declare it as TokenClaims() any, or rename it", user)
	}
	if _, has := reflect.PointerTo(user).MethodByName("TokenClaims"); has {
		return false, fmt.Errorf("TokenClaims has the receiver *%v, and the users of this strategy are of type %v; declare it as TokenClaims() any with the receiver %v, or use *%v as the type of user", user, user, user, user)
	}
	return user.Kind() == reflect.Interface, nil
}

// Private returns the members that the user's TokenClaims adds; none if the user
// has no such method.
func Private(user any) (string, error) {
	if provider, ok := user.(provider); ok {
		return EncodePrivate(provider.TokenClaims())
	}
	return "", nil
}

// EncodePrivate returns the members of the object that v encodes to, without its
// braces; none for null. It fails if one of them is a registered claim.
func EncodePrivate(v any) (string, error) {
	encoded, err := strictjson.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("returned a %T: %w", v, err)
	}
	object := string(encoded)
	if object == "null" {
		return "", nil
	}
	err = strictjson.EachMember(object, func(name string, _ strictjson.Value) error {
		if instead := writer(name); instead != "" {
			return fmt.Errorf("an object with the registered claim %s; leave it out: %s", name, instead)
		}
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("returned a %T, which is %w", v, err)
	}
	return object[1 : len(object)-1], nil
}

// Registered reports whether a claim is one of the registered ones that this
// package reads.
func Registered(name string) bool { return writer(name) != "" }

// writer says what writes a registered claim; "" for other claims.
func writer(name string) string {
	switch name {
	case "iss":
		return "WithIssuer writes it"
	case "sub":
		return "it is what TokenSubject returns"
	case "aud":
		return "WithAudience writes it"
	case "exp":
		return "WithLifetime writes it"
	case "nbf":
		return "this package reads it and never writes it"
	case "iat":
		return "WithIssuedAt writes it"
	case "jti":
		return "WithTokenID writes it"
	}
	return ""
}

// DecodeAll decodes a whole payload into the value that pointer points to. Then it
// calls the value's method Validate, if there is one: golang-jwt does so, and
// nobody should lose a check by moving here.
func DecodeAll(payload []byte, pointer reflect.Value) error {
	if err := strictjson.Unmarshal(payload, pointer.Interface()); err != nil {
		return err
	}
	// A pointer may have the method where the pointer to it has not.
	for value := pointer; value.Kind() == reflect.Pointer && !value.IsNil(); value = value.Elem() {
		if claims, ok := value.Interface().(interface{ Validate() error }); ok {
			if err := claims.Validate(); err != nil {
				return fmt.Errorf("the method Validate of %v: %w", value.Type(), err)
			}
			return nil
		}
	}
	return nil
}
