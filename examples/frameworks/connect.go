package frameworks

import (
	"context"
	"net/http"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

const meProcedure = "/example.v1.Users/Me"

// Connect returns the service on Connect, for clients that speak Connect, gRPC or
// gRPC-Web over HTTP. GET /me is a procedure here. Its handler is one of net/http,
// behind the same middleware. These protocols take the status of a refusal for a
// code: 401 for unauthenticated, 403 for permission denied, 503 for unavailable.
func Connect(s *Service) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.auth.Logout)
	mux.Handle(meProcedure, s.auth.Require(connect.NewUnaryHandler(meProcedure, meConnect)))
	return limitBody(mux) // for unary procedures: a stream has no end to wait for
}

func meConnect(ctx context.Context, _ *connect.Request[emptypb.Empty]) (*connect.Response[wrapperspb.StringValue], error) {
	return connect.NewResponse(wrapperspb.String(authhttp.User[*User](ctx).Name)), nil
}
