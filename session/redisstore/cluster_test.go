package redisstore_test

import (
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/go-authstrategy/authstrategy/internal/test/servers"
)

// newCluster starts a cluster of two servers, each with one half of the slots.
func newCluster(t *testing.T) redis.UniversalClient {
	nodes := []*redis.Client{newNode(t), newNode(t)}
	ctx := t.Context()
	half := 16384 / len(nodes)
	for i, node := range nodes {
		require.NoError(t, node.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", i+1).Err())
		require.NoError(t, node.ClusterAddSlotsRange(ctx, i*half, (i+1)*half-1).Err())
	}
	host, port, err := net.SplitHostPort(nodes[0].Options().Addr)
	require.NoError(t, err)
	bus, err := nodes[0].ConfigGet(ctx, "cluster-port").Result()
	require.NoError(t, err)
	require.NoError(t, nodes[1].Do(ctx, "CLUSTER", "MEET", host, port, bus["cluster-port"]).Err())
	for _, node := range nodes {
		require.Eventually(t, func() bool {
			return strings.Contains(node.ClusterInfo(ctx).Val(), "cluster_state:ok")
		}, time.Minute, 10*time.Millisecond)
	}
	cluster := redis.NewClusterClient(&redis.ClusterOptions{
		Addrs:                 []string{nodes[0].Options().Addr},
		ContextTimeoutEnabled: true,
	})
	t.Cleanup(func() { assert.NoError(t, cluster.Close()) })

	return cluster
}

func newNode(t *testing.T) *redis.Client {
	bus, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := bus.Addr().(*net.TCPAddr).Port
	require.NoError(t, bus.Close())
	node, err := servers.Redis("--appendonly", "no", "--cluster-enabled", "yes", "--cluster-port", strconv.Itoa(port))
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, node.Close()) })
	return connect(t, redis.Options{Addr: node.Addr()})
}
