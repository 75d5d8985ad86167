// Package ledger knows what the numbers in a store of sessions mean: under which keys
// they are, what they say of a token or a session, and how long they are kept. It does
// no I/O and reads no clock.
//
// There are three kinds of numbers, each of which only grows:
//
//	token    Ended, or the cutoff after which the token was written
//	user     the cutoff: tokens issued up to then have ended; in milliseconds since 1970
//	session  Ended, or the counter and the time of the last refresh (see Session)
package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"math"
)

// Ended is the number of a token or session that was ended.
const Ended = math.MaxInt64

// A KeySpace makes keys of a store. It keeps services apart that share one. It has at
// most 255 bytes.
type KeySpace string

// TokenAndUser returns the keys of a token and its user, as Token and User do, in one
// allocation: they are what each read asks for.
func (s KeySpace) TokenAndUser(id, subject string) (token, user string) {
	var keys [2 * keySize]byte
	s.put(keys[:keySize], 't', id)
	s.put(keys[keySize:], 'u', subject)
	both := string(keys[:])
	return both[:keySize], both[keySize:]
}

// Token returns the key of a token, by its jti.
func (s KeySpace) Token(id string) string { return s.key('t', id) }

// User returns the key of a user, by the subject.
func (s KeySpace) User(subject string) string { return s.key('u', subject) }

// Session returns the key of a session.
func (s KeySpace) Session(id string) string { return s.key('s', id) }

// Audience returns what keeps the refresh tokens of different key spaces apart.
func (s KeySpace) Audience() string { return "authstrategy:refresh:" + s.key('r', "") }

const keySize = 43 // of SHA-256 in base64url

// key returns characters that show neither the id nor its user. No two kinds and ids
// share a key, whatever bytes they and the key spaces are made of.
func (s KeySpace) key(kind byte, id string) string {
	var key [keySize]byte
	s.put(key[:], kind, id)
	return string(key[:])
}

func (s KeySpace) put(key []byte, kind byte, id string) {
	var buffer [128]byte // saves an allocation for ids of the usual length
	hashed := append(buffer[:0], kind, byte(len(s)))
	hashed = append(append(hashed, s...), id...) // one block of SHA-256 for a UUID in the default space
	sum := sha256.Sum256(hashed)
	base64.RawURLEncoding.Encode(key, sum[:])
}
