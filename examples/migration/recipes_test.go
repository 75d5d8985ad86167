package migration

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy"
)

func TestMain(m *testing.M) {
	gin.SetMode(gin.TestMode) // its debug mode prints every route
	os.Exit(m.Run())
}

const (
	oldSecret = "for tests only: the secret of the old service"
	newSecret = "for tests only: the secret that comes after it"
)

var users = Users{42: {ID: 42, Name: "Ada"}, 43: {ID: 43, Name: "Eve", Disabled: true}}

// A library is an old service, and what reads its tokens for recipe B.
type library struct {
	name    string
	secret  string
	options []authstrategy.Option // that the secret needs here
	id      string                // the claim that names the user
	claims  claimsOf
	service func(t *testing.T, secret string, claims claimsOf) http.Handler
	read    func(t *testing.T, secret string) ReadOld
}

var libraries = []library{
	{
		name: "golang-jwt", secret: oldSecret, id: "user_id", claims: byUserID,
		service: func(_ *testing.T, secret string, claims claimsOf) http.Handler {
			return GolangJWT([]byte(secret), claims, users)
		},
		read: func(_ *testing.T, secret string) ReadOld { return ReadGolangJWT([]byte(secret)) },
	},
	{
		name: "jwtauth", secret: oldSecret, id: "user_id", claims: byUserID,
		service: func(_ *testing.T, secret string, claims claimsOf) http.Handler {
			return JWTAuth([]byte(secret), claims, users)
		},
		read: func(_ *testing.T, secret string) ReadOld { return ReadJWTAuth([]byte(secret)) },
	},
	{
		// A secret as in the examples of gin-jwt: too short to be taken without a word.
		name: "gin-jwt", secret: "secret key", options: []authstrategy.Option{authstrategy.WithInsecureShortSecret()}, id: "id", claims: byID,
		service: func(t *testing.T, secret string, claims claimsOf) http.Handler {
			auth, err := GinJWT([]byte(secret), claims, users)
			require.NoError(t, err)
			return GinRoutes(auth, RefreshNamed(auth, users))
		},
		read: func(t *testing.T, secret string) ReadOld {
			auth, err := GinJWT([]byte(secret), byID, users)
			require.NoError(t, err)
			return ReadGinJWT(auth)
		},
	},
	{
		name: "echo-jwt", secret: oldSecret, id: "user_id", claims: byUserID,
		service: func(_ *testing.T, secret string, claims claimsOf) http.Handler {
			return EchoJWT([]byte(secret), claims, users)
		},
		read: func(_ *testing.T, secret string) ReadOld { return ReadGolangJWT([]byte(secret)) },
	},
}

// inEachLibrary runs a test for each library, in a bubble with a clock of its own.
func inEachLibrary(t *testing.T, test func(t *testing.T, lib library)) {
	for _, lib := range libraries {
		t.Run(lib.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { test(t, lib) })
		})
	}
}

func (lib library) strategies(t *testing.T) []strategy {
	t.Helper()
	strategies, err := Strategies(authstrategy.NewSecret(lib.secret), authstrategy.NewSecret(newSecret), lib.options...)
	require.NoError(t, err)
	return strategies
}

func (lib library) legacy(t *testing.T) *Legacy {
	return &Legacy{Read: lib.read(t, lib.secret), ID: lib.id, Until: time.Now().Add(24 * time.Hour)}
}

// A deployment is what the service runs as, until the next one is rolled out.
type deployment struct {
	name    string
	service http.Handler
	pause   time.Duration // how long it runs alone
}

// deployed returns the services on strategies of this package.
func deployed(t *testing.T, name string, strategies []strategy, pauses ...time.Duration) (all []deployment) {
	t.Helper()
	for i, s := range strategies {
		service, err := New(s, users)
		require.NoError(t, err)
		all = append(all, deployment{fmt.Sprint(name, i+1), service, pauses[i]})
	}
	return all
}

const rollOut = 10 * time.Minute // how long the instances of two deployments run side by side

// rolledOut runs one deployment after the other, and returns which refuses a token of
// which that has not expired. Somebody logs in at the beginning and at the end of each
// roll-out and each pause, at every instance that runs then; all who logged in keep
// sending their token to every instance.
func rolledOut(t *testing.T, deployments ...deployment) (refusals []string) {
	t.Helper()
	var live []visit
	step := func(running ...deployment) {
		for _, d := range running {
			live = append(live, visit{d.name, login(t, d.service, "42"), time.Now().Add(lifetime)})
		}
		live = slices.DeleteFunc(live, func(s visit) bool { return !time.Now().Before(s.expires) })
		for _, s := range live {
			for _, d := range running {
				if refusal := d.name + " refuses " + s.writer; me(d.service, s.token) != ada && !slices.Contains(refusals, refusal) {
					refusals = append(refusals, refusal)
				}
			}
		}
	}
	for i, d := range deployments {
		if i > 0 {
			step(deployments[i-1], d)
			time.Sleep(rollOut)
			step(deployments[i-1], d)
		}
		step(d)
		time.Sleep(d.pause)
		step(d)
	}
	return refusals
}

// A visit is that of somebody who stays logged in with one token.
type visit struct {
	writer, token string
	expires       time.Time
}

// An answer is that of GET /me.
type answer struct {
	status int
	body   string
}

var ada = answer{http.StatusOK, "hello Ada\n"}

func me(service http.Handler, token string) answer {
	r := httptest.NewRequest("GET", "/me", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	return answer{w.Code, w.Body.String()}
}

func login(t *testing.T, service http.Handler, id string) string {
	t.Helper()
	return post(t, service, "/login/"+id, "")
}

// post returns the token in the answer to a POST, which a token may come with.
func post(t *testing.T, service http.Handler, path, token string) string {
	t.Helper()
	r := httptest.NewRequest("POST", path, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	service.ServeHTTP(w, r)
	found := regexp.MustCompile(`[\w-]+\.[\w-]+\.[\w-]+`).FindString(w.Body.String())
	require.NotEmpty(t, found, "%d %s", w.Code, w.Body)
	return found
}

// Recipe A: the old writer adds sub and aud; one lifetime later the new service comes,
// with the same secret; then the secret is rotated. Nobody is ever refused.
func TestRecipeA(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		old := deployment{"old", lib.service(t, lib.secret, lib.claims), time.Minute}
		step1 := deployment{"named", lib.service(t, lib.secret, named(lib.claims)), lifetime}
		rest := deployed(t, "new", lib.strategies(t), time.Minute, time.Minute, lifetime, time.Minute)
		assert.Empty(t, rolledOut(t, append([]deployment{old, step1}, rest...)...))
	})
}

// Each pause and each deployment of recipe A is needed.
func TestRecipeAInHaste(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		old := deployment{"old", lib.service(t, lib.secret, lib.claims), time.Minute}
		step1 := deployment{"named", lib.service(t, lib.secret, named(lib.claims)), lifetime}
		hasty := deployment{step1.name, step1.service, time.Minute}
		short := deployment{step1.name, step1.service, lifetime - time.Second}
		rest := deployed(t, "new", lib.strategies(t), time.Minute, time.Minute, lifetime, time.Minute)
		hastyRest := deployed(t, "new", lib.strategies(t), time.Minute, time.Minute, lifetime-time.Second, time.Minute)

		assert.Equal(t, []string{"new1 refuses old"}, rolledOut(t, old, rest[0]), "without sub and aud")
		assert.Equal(t, []string{"new1 refuses old"}, rolledOut(t, old, hasty, rest[0]), "without a pause")
		assert.Equal(t, []string{"new1 refuses old"}, rolledOut(t, old, short, rest[0]), "a second too early")
		assert.Equal(t, []string{"new1 refuses new3"}, rolledOut(t, rest[0], rest[2]), "without new2")
		assert.Equal(t, []string{"new4 refuses new2"},
			rolledOut(t, append(rest[:2:2], hastyRest[2:]...)...), "the old secret dropped a second too early")
	})
}

// Recipe B: the new service comes at once, and reads the old tokens by the old library
// until a date. Then the secret is rotated as in recipe A.
func TestRecipeB(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		old := deployment{"old", lib.service(t, lib.secret, lib.claims), time.Minute}
		strategies := lib.strategies(t)
		first, err := authstrategy.AnyOf(strategies[0], lib.legacy(t))
		require.NoError(t, err)
		both := deployed(t, "both", []strategy{first}, lifetime)
		rest := deployed(t, "new", strategies, time.Minute, time.Minute, lifetime, time.Minute)
		assert.Empty(t, rolledOut(t, append(append([]deployment{old}, both...), rest...)...))

		assert.Equal(t, []string{"new1 refuses old"}, rolledOut(t, old, rest[0]), "without Legacy")
	})
}

// With one instance, which is stopped before the next one starts, recipe B rotates the
// secret at once. With several, old instances refuse the new tokens.
func TestRecipeBWithANewSecret(t *testing.T) {
	inEachLibrary(t, func(t *testing.T, lib library) {
		old := deployment{"old", lib.service(t, lib.secret, lib.claims), time.Minute}
		strategies := lib.strategies(t)
		atOnce, err := authstrategy.AnyOf(strategies[3], lib.legacy(t))
		require.NoError(t, err)
		both := deployed(t, "both", []strategy{atOnce}, time.Minute)

		token := login(t, old.service, "42")
		assert.Equal(t, ada, me(both[0].service, token))
		assert.Equal(t, []string{"old refuses both1"}, rolledOut(t, old, both[0]))
	})
}
