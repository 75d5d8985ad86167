"""PyJWT reads with its PyJWKClient, and signs with keys of its own."""

import json
import sys

import jwt
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

client = None


def hello():
    return {"version": jwt.__version__}


def open_set(url):
    global client
    client = jwt.PyJWKClient(url)
    return {}


def read(token, algorithms, issuer, audience):
    key = client.get_signing_key_from_jwt(token).key
    claims = jwt.decode(token, key, algorithms=algorithms, issuer=issuer, audience=audience)
    return {"subject": claims["sub"]}


def sign(alg, claims):
    if alg == "RS256":
        key, to_jwk = rsa.generate_private_key(public_exponent=65537, key_size=2048), RSAAlgorithm.to_jwk
    else:
        key, to_jwk = ed25519.Ed25519PrivateKey.generate(), OKPAlgorithm.to_jwk
    jwk = {**json.loads(to_jwk(key.public_key())), "kid": "a key of PyJWT"}
    return {"token": jwt.encode(claims, key, algorithm=alg, headers={"kid": jwk["kid"]}), "jwk": jwk}


operations = {"hello": hello, "open": open_set, "read": read, "sign": sign}
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = operations[request.pop("op")](**request)
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
