package redisstore_test

import (
	"testing"

	"github.com/go-authstrategy/authstrategy/internal/test/refreshtest"
	"github.com/go-authstrategy/authstrategy/session/redisstore"
)

func TestManyRefreshesAtOnce(t *testing.T) { refreshtest.Run(t, redisstore.New(newClient(t))) }
