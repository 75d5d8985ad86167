"""Mints the golden tokens as FastAPI Users' generate_jwt does:
a payload of sub, aud and exp, in that order, through PyJWT's jwt.encode.
The one difference is that exp is fixed and not now + lifetime.

    python3 make_golden.py FOLDER
"""
import datetime
import pathlib
import sys

import jwt

SECRET = "authstrategy test secret, not for production"
AUDIENCE = ["fastapi-users:auth"]
EXP = datetime.datetime(2030, 1, 1, 1, 0, 0, tzinfo=datetime.timezone.utc)

UUID = "3fa85f64-5717-4562-b3fc-2c963f66afa6"
PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))


def generate_jwt(data, secret, expire=None, algorithm="HS256"):
    payload = data.copy()
    if expire is not None:
        payload["exp"] = expire
    return jwt.encode(payload, secret, algorithm=algorithm)


out = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ".")
for name, sub, expire in (
    ("fastapi-users-hs256.jwt", UUID, EXP),
    ("fastapi-users-hs256-printable.jwt", PRINTABLE, EXP),
    ("fastapi-users-hs256-no-exp.jwt", UUID, None),
):
    token = generate_jwt({"sub": sub, "aud": AUDIENCE}, SECRET, expire)
    (out / name).write_text(token + "\n")
print("PyJWT", jwt.__version__)
