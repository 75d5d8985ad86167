package sqlstoretest

import (
	"database/sql"
	"testing"

	"github.com/go-authstrategy/authstrategy/internal/test/refreshtest"
)

func TestManyRefreshesAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		store, _ := newStore(t, db)
		refreshtest.Run(t, store)
	})
}
