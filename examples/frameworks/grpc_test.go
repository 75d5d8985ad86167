package frameworks

import (
	"context"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/go-authstrategy/authstrategy/authhttp"
)

// serverGRPC is the one service whose generated code grpc has with it.
type serverGRPC struct {
	grpc_health_v1.UnimplementedHealthServer
	users []string
}

func (s *serverGRPC) Check(ctx context.Context, _ *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	s.users = append(s.users, authhttp.User[*User](ctx).Name)
	return &grpc_health_v1.HealthCheckResponse{}, nil
}

// startGRPC serves until the test ends, and returns a client.
func startGRPC(t *testing.T, server *serverGRPC, interceptor grpc.UnaryServerInterceptor) grpc_health_v1.HealthClient {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	s := grpc.NewServer(grpc.UnaryInterceptor(interceptor))
	grpc_health_v1.RegisterHealthServer(s, server)
	served := make(chan error, 1)
	go func() { served <- s.Serve(listener) }()
	dial := func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }
	conn, err := grpc.NewClient("passthrough:", grpc.WithContextDialer(dial), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, conn.Close())
		s.Stop()
		assert.NoError(t, <-served)
	})
	return grpc_health_v1.NewHealthClient(conn)
}

func TestGRPC(t *testing.T) {
	server := &serverGRPC{}
	memory := NewMemoryUsers(1)
	require.NoError(t, memory.Add(User{ID: arthur, Name: "arthur"}, "excalibur"))
	client := startGRPC(t, server, requireUserGRPC(newStrategy(t), loader(users{memory})))
	good := "Bearer " + tokenFor(t, arthur)
	for name, c := range map[string]struct {
		authorization []string
		code          codes.Code
		message       string
		users         []string // that got in
	}{
		"user":          {[]string{good}, codes.OK, "", []string{"arthur"}},
		"no metadata":   {nil, codes.Unauthenticated, "log in", nil},
		"changed token": {[]string{good + "x"}, codes.Unauthenticated, "log in", nil},
		"user is gone":  {[]string{"Bearer " + tokenFor(t, nobody)}, codes.Unauthenticated, "log in", nil},
		"two tokens":    {[]string{good, good}, codes.InvalidArgument, "send one bearer token", nil},
		"database down": {[]string{"Bearer " + tokenFor(t, merlin)}, codes.Unavailable, "try again later", nil},
	} {
		t.Run(name, func(t *testing.T) {
			server.users = nil
			ctx := metadata.NewOutgoingContext(t.Context(), metadata.MD{"authorization": c.authorization})
			_, err := client.Check(ctx, &grpc_health_v1.HealthCheckRequest{})
			assert.Equal(t, c.code, status.Code(err))
			assert.Equal(t, c.message, status.Convert(err).Message())
			assert.Equal(t, c.users, server.users)
		})
	}
}
