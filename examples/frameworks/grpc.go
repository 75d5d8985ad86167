package frameworks

import (
	"context"
	"errors"
	"net/http"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/go-authstrategy/authstrategy"
	"github.com/go-authstrategy/authstrategy/authhttp"
)

// requireUserGRPC lets a call with a good token through, with the user in its context.
func requireUserGRPC[U any](strategy authstrategy.Strategy[U], load authstrategy.UserLoader[U]) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, request any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		var user U
		header := http.Header{"Authorization": metadata.ValueFromIncomingContext(ctx, "authorization")}
		token, err := authhttp.Bearer{}.Token(&http.Request{Header: header}) // two tokens are an error
		if err == nil {
			user, err = strategy.ReadToken(ctx, token, load)
		}
		if errors.Is(err, authstrategy.ErrInvalidToken) {
			return nil, status.Error(codes.Unauthenticated, "log in")
		}
		if errors.Is(err, authhttp.ErrMalformedRequest) {
			return nil, status.Error(codes.InvalidArgument, "send one bearer token")
		}
		if err != nil { // nobody can say whether the token is good; err is for the log
			return nil, status.Error(codes.Unavailable, "try again later")
		}
		return next(authhttp.WithUser(ctx, user), request)
	}
}
