package authhttp

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"net/http"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/internal/errs"
	"github.com/go-authstrategy/authstrategy/internal/nils"
)

// Login answers a request of a user who has just proved who they are, with a new
// token: for [Bearer] with 200 and the token as JSON, for [Cookie] with 204 and a
// Set-Cookie. It answers errors as [Auth.Refuse] does. Call it after your own check
// of the password, and nothing after it.
func (a *Auth[U]) Login(w http.ResponseWriter, r *http.Request, user U) {
	_, body, err := a.issue(w, r, user)
	if err != nil {
		a.Refuse(w, r, err)
		return
	}
	if body == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Write(body)
}

// Issue does what [Auth.Login] does, without status and body, for an answer of
// your own: a redirect, a page, a renewed cookie. It returns the token. If it
// fails, w is untouched, and [Auth.Refuse] answers the error.
func (a *Auth[U]) Issue(w http.ResponseWriter, r *http.Request, user U) (string, error) {
	token, _, err := a.issue(w, r, user)
	return token, err
}

// issue makes a token with the first member, and hands it over in the headers. It
// also returns the body of a log-in, nil for none. The headers come last: what
// fails before leaves w untouched.
func (a *Auth[U]) issue(w http.ResponseWriter, r *http.Request, user U) (token string, body []byte, err error) {
	if !a.made() {
		return "", nil, errNoAuth
	}
	first := &a.members[0]
	if token, err = first.strategy.WriteToken(r.Context(), user); err != nil {
		return "", nil, &failure{errs.Shield(err, own)}
	}
	if content := first.transport.Body(token, first.tokenLifetime()); !nils.Is(content) {
		if body, err = json.Marshal(content); err != nil {
			return "", nil, &failure{err}
		}
	}
	if err := first.transport.Write(w, r, token, first.tokenLifetime()); err != nil {
		return "", nil, errs.Shield(err, []error{authstrategy.ErrInvalidToken}) // no token of the request is refused
	}
	w.Header().Set("Cache-Control", "no-store") // RFC 6749 §5.1
	return token, body, nil
}

// Logout clears every transport, destroys the tokens that the request carries
// (authstrategy.Strategy.DestroyToken), and answers 204. A token that is missing,
// expired or refused is logged out already.
//
// GET and HEAD get 405, since links and prefetching must not log people out. A
// cross-site request that would clear a cookie gets 403, and clears and destroys
// nothing. Two Authorization headers get 400, and a user or a token that cannot be
// looked up or destroyed 503, after everything else was done.
func (a *Auth[U]) Logout(w http.ResponseWriter, r *http.Request) {
	if !a.made() {
		a.Refuse(w, r, errNoAuth)
		return
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		w.Header().Set("Allow", http.MethodPost)
		a.answer(w, r, http.StatusMethodNotAllowed, errMethod)
		return
	}
	err := a.clearAll(w, r)
	if !errors.Is(err, ErrCrossOrigin) {
		for i := range a.members {
			err = cmp.Or(err, a.destroy(r, i))
		}
	}
	if err != nil {
		a.Refuse(w, r, err)
		return
	}
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(http.StatusNoContent)
}

// clearAll clears every transport, or none if one of them says that another site
// asks for it. It returns the first error.
func (a *Auth[U]) clearAll(w http.ResponseWriter, r *http.Request) error {
	before := w.Header().Clone()
	var first error
	for i, m := range a.members {
		err := m.transport.Clear(w, r)
		if errors.Is(err, ErrCrossOrigin) {
			clear(w.Header())
			maps.Copy(w.Header(), before)
			return &decision{err, i}
		}
		if err != nil && first == nil {
			first = &failure{err}
		}
	}
	return first
}

// destroy destroys the token that the request carries for a member, if any. A
// token that is refused is logged out already.
func (a *Auth[U]) destroy(r *http.Request, i int) error {
	err := a.members[i].destroy(r)
	if err == nil || errors.Is(err, authstrategy.ErrInvalidToken) {
		return nil
	}
	if errors.Is(err, ErrMalformedRequest) && a.hasHeader(i, "Cookie") {
		return nil // two cookies, which Clear has seen to
	}
	return &decision{err, i}
}

func (m *member[U]) destroy(r *http.Request) error {
	token, err := m.transport.Token(r)
	if err != nil || token == "" {
		return err
	}
	user, err := m.read(r.Context(), token)
	if err != nil {
		return err
	}
	return errs.Shield(m.strategy.DestroyToken(r.Context(), token, user), own)
}
