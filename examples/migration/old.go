package migration

import (
	"math"
	"strconv"
	"time"
)

// A claimsOf returns the claims of a user's token in an old service, without exp.
type claimsOf func(user *User) map[string]any

// byUserID is what an old service wrote.
func byUserID(user *User) map[string]any { return map[string]any{"user_id": user.ID} }

// byID is what gin-jwt wrote.
func byID(user *User) map[string]any { return map[string]any{"id": user.ID} }

// named is the first step of recipe A: it adds the two claims that the new readers
// require. The old readers do not mind them.
func named(claims claimsOf) claimsOf {
	return func(user *User) map[string]any {
		all := claims(user)
		all["sub"] = user.TokenSubject()
		all["aud"] = []string{audience}
		return all
	}
}

// An OldToken is what an old library has verified.
type OldToken struct {
	Type    any // "typ" of the header
	Claims  map[string]any
	Expires time.Time // "exp"; zero: it has none
	Expired bool      // the library refuses it because of its exp, and for nothing else
}

// A ReadOld reads a token by an old library, which checks the algorithm, the signature
// and the clock. A token that has expired, and has no other fault, is no error.
type ReadOld func(token string) (OldToken, error)

// oldID returns the id in the claim of an old token, as a subject. The old libraries
// read numbers as float64: at 2^53 two ids begin to look the same.
func oldID(claim any, isText bool) (subject string, ok bool) {
	if isText {
		text, _ := claim.(string) // "" for anything else
		return text, text != ""
	}
	id, _ := claim.(float64) // 0 for anything else
	if id < 1 || id >= 1<<53 || id != math.Trunc(id) {
		return "", false
	}
	return strconv.FormatInt(int64(id), 10), true
}
