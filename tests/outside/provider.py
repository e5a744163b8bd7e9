"""An OpenID provider on a real socket, as good or as bad as a test wants it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from tests.outside.servers import Answer, Received, plain, serving

CLIENT = "muster-at-elsewhere"
SECRET = "a secret: with signs & blanks"

Claims = dict[str, Any]

_KEY = RSAKey.generate_key(2048, {"kid": "one", "alg": "RS256", "use": "sig"})


class Provider:
    """Signs in `person` whenever somebody is sent to it. `spoil` changes the claims of an ID token before it is signed."""

    def __init__(self, now: int) -> None:
        self.issuer = ""
        self.now = now
        self.key: Any = _KEY
        self.published = [self.key]
        self.algorithm = "RS256"
        self.person: Claims = {"sub": "person-1", "email": "ada@example.org", "email_verified": True, "name": "Ada L"}
        self.info: Claims = {}
        self.spoil: Callable[[Claims], Claims] = lambda claims: claims
        self.described: Claims = {}
        self.token_answer: Claims = {}
        self.names_itself = True
        self.codes: dict[str, Claims] = {}
        self.refreshes = 0
        self.knows: Callable[[Received, dict[str, str]], bool] = by_basic
        self.asked: list[tuple[str, str]] = []

    def sign(self, claims: Claims) -> str:
        header = {"alg": self.algorithm, "kid": self.key.kid, "typ": "JWT"}
        if self.algorithm in ("none", "HS256"):
            head = ".".join(_b64(json.dumps(part).encode()) for part in (header, claims))
            public = self.key.as_pem(private=False)  # a public key as a shared secret
            return f"{head}.{'' if self.algorithm == 'none' else _b64(hmac.digest(public, head.encode(), 'sha256'))}"
        return jws.serialize_compact(header, json.dumps(claims), self.key, algorithms=[self.algorithm])

    def visit(self, url: str) -> dict[str, str]:
        """What the browser brings back that was sent to this address."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert url.startswith(f"{self.issuer}/authorize?")
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], **({"iss": self.issuer} if self.names_itself else {})}

    def respond(self, received: Received) -> Answer:
        path = received.target.partition("?")[0]
        self.asked.append((received.method, path))
        if path == "/.well-known/openid-configuration":
            return _json(
                {
                    "issuer": self.issuer,
                    "authorization_endpoint": f"{self.issuer}/authorize",
                    "token_endpoint": f"{self.issuer}/token",
                    "userinfo_endpoint": f"{self.issuer}/userinfo",
                    "jwks_uri": f"{self.issuer}/jwks",
                    "authorization_response_iss_parameter_supported": self.names_itself,
                    **self.described,
                }
            )
        if path == "/jwks":
            return _json({"keys": [key.as_dict(private=False) for key in self.published]})
        if path == "/token":
            return self._token(received)
        if path == "/userinfo":
            is_ours = received.headers.get("authorization") == "Bearer token-of-ada"
            return _json(self.info) if is_ours else plain(401)
        return plain(404)

    def _token(self, received: Received) -> Answer:
        form = {name: values[0] for name, values in parse_qs(received.body.decode()).items()}
        if not self.knows(received, form):
            return _json({"error": "invalid_client"}, 401)
        if form["grant_type"] == "refresh_token":
            self.refreshes += 1
            return _json({"access_token": f"fresh-{self.refreshes}", "token_type": "Bearer", "expires_in": 3600})
        asked = self.codes.pop(form["code"], None)
        if asked is None or form["redirect_uri"] != asked["redirect_uri"]:
            return _json({"error": "invalid_grant"}, 400)
        challenge = _b64(hashlib.sha256(form["code_verifier"].encode()).digest())
        if asked.get("code_challenge_method") != "S256" or asked["code_challenge"] != challenge:
            return _json({"error": "invalid_grant"}, 400)
        claims = {
            **self.person,
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": self.now // 1000,
            "exp": self.now // 1000 + 300,
            "nonce": asked["nonce"],
        }
        answer = {
            "access_token": "token-of-ada",
            "token_type": "Bearer",
            "expires_in": 3600,
            "refresh_token": "refresh-1",
            "id_token": self.sign(self.spoil(claims)),
        }
        return _json({**answer, **self.token_answer})


def by_basic(received: Received, _: dict[str, str]) -> bool:
    """Whether the request proves that it is ours (RFC 6749 section 2.3.1)."""
    pair = f"{CLIENT}:a+secret%3A+with+signs+%26+blanks"
    return received.headers.get("authorization") == f"Basic {base64.b64encode(pair.encode()).decode()}"


@contextlib.asynccontextmanager
async def provider_at(now: int) -> AsyncIterator[Provider]:
    provider = Provider(now)
    async with serving(provider.respond) as server:
        provider.issuer = f"http://127.0.0.1:{server.port}"
        yield provider


def new_ec_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": kid, "alg": "ES256", "use": "sig"})


def _json(document: Any, status: int = 200) -> Answer:
    return plain(status, json.dumps(document).encode(), "Content-Type: application/json")


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
