"""PyJWT, called as FastAPI Users calls it. A line of JSON in, a line out."""

import json
import sys
from datetime import datetime, timezone
from unittest import mock

import jwt


def at(now):
    """A datetime whose clock stands at now; without one, the real clock."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) if now is None else datetime.fromtimestamp(now, tz)

    return Clock


def hello(request):
    return {"version": jwt.__version__}


def sign(request):
    payload = request["claims"]
    payload["exp"] = datetime.fromtimestamp(payload["exp"], timezone.utc)
    return {"token": jwt.encode(payload, request["key"], algorithm=request["alg"])}


def verify(request):
    with mock.patch("jwt.api_jwt.datetime", at(request.get("now"))):
        claims = jwt.decode(
            request["token"],
            request["key"],
            audience=request["audience"],
            algorithms=[request["alg"]],
        )
    return {"claims": claims}


for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = {"hello": hello, "sign": sign, "verify": verify}[request["op"]](request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
