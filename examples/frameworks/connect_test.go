package frameworks

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// A client of each protocol gets the user, or the code of the refusal.
func TestConnect(t *testing.T) {
	server := httptest.NewUnstartedServer(Connect(newService(t, authhttp.Bearer{})))
	server.EnableHTTP2 = true // gRPC needs it
	server.StartTLS()
	t.Cleanup(server.Close)
	good := "Bearer " + tokenFor(t, arthur)
	for protocol, options := range map[string][]connect.ClientOption{
		"Connect":  nil,
		"gRPC":     {connect.WithGRPC()},
		"gRPC-Web": {connect.WithGRPCWeb()},
	} {
		client := connect.NewClient[emptypb.Empty, wrapperspb.StringValue](server.Client(), server.URL+meProcedure, options...)
		for name, c := range map[string]struct {
			authorization []string
			code          connect.Code // 0: none
		}{
			"user":          {[]string{good}, 0},
			"no header":     {nil, connect.CodeUnauthenticated},
			"changed token": {[]string{good + "x"}, connect.CodeUnauthenticated},
			"two headers":   {[]string{good, good}, connect.CodeInternal}, // that is what 400 stands for
			"database down": {[]string{"Bearer " + tokenFor(t, merlin)}, connect.CodeUnavailable},
		} {
			t.Run(protocol+" "+name, func(t *testing.T) {
				request := connect.NewRequest(&emptypb.Empty{})
				request.Header()["Authorization"] = c.authorization
				response, err := client.CallUnary(t.Context(), request)
				if c.code != 0 {
					assert.Equal(t, c.code, connect.CodeOf(err), "%v", err)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, "arthur", response.Msg.GetValue())
				assert.Equal(t, []string{"Authorization"}, response.Header().Values("Vary"))
			})
		}
	}
}

// The other routes are those of net/http.
func TestConnectLogin(t *testing.T) {
	base := startHTTP(Connect)(t, newService(t, authhttp.Bearer{}))
	form := url.Values{"username": {"arthur"}, "password": {"excalibur & 100%"}}
	bearer := "Bearer " + logIn(t, base, row{route: "POST /login", form: form})
	row{route: "POST /logout", authorization: []string{bearer}, status: http.StatusNoContent}.test(t, base)
	row{route: "POST " + meProcedure, form: form, size: bodyLimit + 1, status: http.StatusRequestEntityTooLarge,
		body: `{"detail":"Request Entity Too Large"}`}.test(t, base)
}
