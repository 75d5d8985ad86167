module github.com/go-authstrategy/authstrategy/interop

go 1.26

require github.com/go-authstrategy/authstrategy v0.1.0

require (
	filippo.io/edwards25519 v1.2.0 // indirect
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
)

replace github.com/go-authstrategy/authstrategy => ../
