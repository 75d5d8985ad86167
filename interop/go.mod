module github.com/go-authstrategy/authstrategy/interop

go 1.26

require github.com/go-authstrategy/authstrategy v0.0.0

require (
	github.com/go-json-experiment/json v0.0.0-20260820222146-c27c302e5fc3 // indirect
	github.com/golang-jwt/jwt/v5 v5.3.1 // indirect
)

replace github.com/go-authstrategy/authstrategy => ../
