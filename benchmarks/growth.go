package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/test/hostiletest"
	"github.com/go-authstrategy/authstrategy/jwks"
)

// sizes are the bytes of the tokens that are read to see how time grows with size,
// anyOfs the strategies in an AnyOf, sourceKeys the keys in a KeySource, dearSizes
// the bytes of tokens that are nearly all header.
var (
	sizes      = []int{200, 500, 1000, 2000, 4000, 8000}
	anyOfs     = []int{1, 2, 4, 8}
	sourceKeys = []int{1, 2, 4, 16}
	dearSizes  = []int{2300, 8192}
)

func sizeTask(size int, c contender) string { return fmt.Sprintf("Size/%d/%s", size, c.name) }
func sizeAgainTask(size int) string         { return fmt.Sprintf("Size/%d/%s-again", size, authStrategy.name) }

// anyOfTask and keySourceTask have the dearest token, which is that of the last key.
func anyOfTask(strategies int, keyID bool) string { return "AnyOf/" + ofMany(strategies, keyID) }
func keySourceTask(keys int, keyID bool) string   { return "KeySource/" + ofMany(keys, keyID) }

func ofMany(number int, keyID bool) string {
	if keyID {
		return fmt.Sprintf("%d/kid", number)
	}
	return fmt.Sprintf("%d/no-kid", number)
}

// sizeComparison reads tokens of several sizes.
func sizeComparison(k *keys) (comparison, error) {
	made := comparison{shorts: 5}
	for _, size := range sizes {
		token, err := sizedToken(k, size)
		if err != nil {
			return made, err
		}
		for _, c := range contenders {
			if err := made.addRead(sizeTask(size, c), c, "HS256", k, token); err != nil {
				return made, err
			}
		}
		if err := made.addReadAgain(sizeAgainTask(size), "HS256", k, token); err != nil {
			return made, err
		}
	}
	return made, nil
}

// sizedToken is a token of size bytes or a few more, with a list of groups, as
// directories mint them.
func sizedToken(k *keys, size int) (string, error) {
	claims := goodClaims()
	var groups []string
	for {
		token, err := k.token("HS256", claims)
		if err != nil || len(token) >= size {
			return token, err
		}
		groups = append(groups, rand.Text())
		claims["groups"] = groups
	}
}

// anyOfComparison reads the token of the last of several strategies, with a kid and
// without one.
func anyOfComparison(*keys) (comparison, error) {
	made := comparison{shorts: 5}
	for _, keyID := range []bool{false, true} {
		var strategies []authstrategy.Strategy[authstrategy.Subject]
		for len(strategies) < slices.Max(anyOfs) {
			var opts []authstrategy.Option
			if keyID {
				opts = append(opts, authstrategy.WithKeyID(rand.Text()))
			}
			strategy, err := newStrategy[authstrategy.Subject]("HS256", &keys{hmac: newSecret()}, opts...)
			if err != nil {
				return made, err
			}
			strategies = append(strategies, strategy)
		}
		for _, number := range anyOfs {
			any, err := authstrategy.AnyOf(strategies[:number]...)
			if err != nil {
				return made, err
			}
			if err := made.addReadWritten(anyOfTask(number, keyID), any, strategies[number-1]); err != nil {
				return made, err
			}
		}
	}
	return made, nil
}

// keySourceComparison reads the token of the last of several keys in a source, with a
// kid and without one.
func keySourceComparison(*keys) (comparison, error) {
	made := comparison{shorts: 5}
	var withID, withoutID []*authstrategy.JWTStrategy[authstrategy.Subject]
	var public []*authstrategy.PublicKey
	for len(public) < slices.Max(sourceKeys) {
		k, err := newKeys()
		if err != nil {
			return made, err
		}
		with, err1 := newStrategy[authstrategy.Subject]("EdDSA", k, authstrategy.WithThumbprintKeyID(), authstrategy.WithIssuer(issuer))
		without, err2 := newStrategy[authstrategy.Subject]("EdDSA", k, authstrategy.WithIssuer(issuer))
		if err := errors.Join(err1, err2); err != nil {
			return made, err
		}
		withID, withoutID, public = append(withID, with), append(withoutID, without), append(public, with.PublicKey())
	}
	for _, number := range sourceKeys {
		read, err := newSourceStrategy(public[:number])
		if err != nil {
			return made, err
		}
		err1 := made.addReadWritten(keySourceTask(number, true), read, withID[number-1])
		err2 := made.addReadWritten(keySourceTask(number, false), read, withoutID[number-1])
		if err := errors.Join(err1, err2); err != nil {
			return made, err
		}
	}
	return made, nil
}

const issuer = "https://id.example.com"

// newSourceStrategy reads with the keys of a set.
func newSourceStrategy(public []*authstrategy.PublicKey) (*authstrategy.JWTStrategy[authstrategy.Subject], error) {
	set, err := jwks.Marshal(public...)
	if err != nil {
		return nil, err
	}
	source, err := jwks.Parse(set)
	if err != nil {
		return nil, err
	}
	return authstrategy.GetJWTStrategy[authstrategy.Subject](authstrategy.Secret{},
		authstrategy.WithAlgorithm(authstrategy.EdDSA),
		authstrategy.WithAudience(audience),
		authstrategy.WithIssuer(issuer),
		authstrategy.WithKeySource(source),
	)
}

// addReadWritten adds the reading of a token that another strategy writes.
func (c *comparison) addReadWritten(name string, by, from authstrategy.Strategy[authstrategy.Subject]) error {
	token, err := from.WriteToken(context.Background(), subject)
	if err != nil {
		return err
	}
	return c.add(name, 0, reading(readerOf(by), token))
}

func dearTask(size int, shape string, good bool) string {
	if good {
		return fmt.Sprintf("DearHeader/%d/%s/good", size, shape)
	}
	return fmt.Sprintf("DearHeader/%d/%s/forged", size, shape)
}

// dearShape returns the shape of a forged header of that size, from the task's name.
func dearShape(size int, task string) (shape string, ok bool) {
	shape, isOfSize := strings.CutPrefix(task, fmt.Sprintf("DearHeader/%d/", size))
	shape, isForged := strings.CutSuffix(shape, "/forged")
	return shape, isOfSize && isForged
}

// dearHeaderComparison reads tokens whose headers cost as much as a forger can make
// them, and beside each a good one of the same length. Some are refused for their
// headers; the signatures of the others verify, so that all of a read is done.
func dearHeaderComparison(*keys) (comparison, error) {
	made := comparison{shorts: 20}
	for _, size := range dearSizes {
		for _, header := range hostiletest.DearHeaders(size) {
			strategy, err := header.Reader.Strategy()
			if err != nil {
				return made, err
			}
			read := func(token string, good bool) error {
				_, err := strategy.ReadClaims(context.Background(), token)
				if !good && errors.Is(err, authstrategy.ErrInvalidToken) {
					return nil
				}
				return err
			}
			err1 := made.add(dearTask(size, header.Name, true), len(header.Good), func() error { return read(header.Good, true) })
			err2 := made.add(dearTask(size, header.Name, false), len(header.Token), func() error { return read(header.Token, false) })
			if err := errors.Join(err1, err2); err != nil {
				return made, err
			}
		}
	}
	return made, nil
}
