#!/usr/bin/env bash
# Latchset's jose, which is a command: some processes per request behind this
# loop. It knows JWS and not JWT: no claim is looked at. A line of JSON in, a
# line out.
set -uo pipefail

# The request's members; jose is its own JSON parser.
member() { jose fmt --json=- --get "$1" --output=- <<<"$request"; }
# The same, a string without its quotes, nor the newline that jose adds.
text() { jose fmt --json=- --get "$1" --unquote=- <<<"$request" | head --bytes=-1; }

fail() { printf '{"error":%s}\n' "$(jose fmt --quote "${1:-no reason given}" --output=-)"; }

hello() {
	local version
	version=$(dpkg-query --show --showformat='${source:Upstream-Version}' jose)
	printf '{"version":"%s"}\n' "$version"
}

sign() {
	local header token
	header='{"protected":{"alg":"'$(text alg)'","typ":"JWT"}}'
	if token=$(member claims | jose jws sig --detached=- --key=<(member jwk) \
		--signature="$header" --compact 2>&1); then
		printf '{"token":"%s"}\n' "$token"
	else
		fail "$token"
	fi
}

# Asked for the claims, jose prints what it has of them before it has verified
# them: so verify first.
verify() {
	local error
	if error=$(text token | jose jws ver --input=- --key=<(member jwk) 2>&1); then
		printf '{"claims":%s}\n' \
			"$(text token | jose jws ver --input=- --key=<(member jwk) --detach=-)"
	else
		fail "$error"
	fi
}

while IFS= read -r request; do
	case $(text op) in
	hello) hello ;;
	sign) sign ;;
	verify) verify ;;
	*) fail "no such operation" ;;
	esac
done
