"""What OpenID Connect and plain OAuth 2.0 share on our side of them: the way to the authorization endpoint with PKCE (RFC 7636),
and the token endpoint with every way to prove who we are (RFC 6749 section 2.3, RFC 7523).
"""

import base64
import hashlib
import secrets as random
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

import msgspec

from muster.core.clock import Clock
from muster.core.external.config import ClientKey, OAuthClient, secret_purpose
from muster.core.external.model import ExternalRefused, Tokens, failed
from muster.core.external.providers import Answer, Visit
from muster.core.outside import Fetched, Outside, OutsideError, OutsideFailed
from muster.core.security import NotSealed, SecretBox

JSON: Final = ("accept", "application/json")
FORM: Final = ("content-type", "application/x-www-form-urlencoded")

PROOF_SECONDS: Final = 300
LONGEST_CODE: Final = 4096

_decode_object = msgspec.json.Decoder(dict[str, Any]).decode

_RESERVED: Final = frozenset(
    {"response_type", "client_id", "redirect_uri", "state", "nonce", "code_challenge", "code_challenge_method", "scope"}
    | {"response_mode", "request", "request_uri"}
)
"""Parameters of an authorization request that no configuration and no application may set."""


class OAuthClients:
    """Requests to the two endpoints of a provider, on a network that is handed in."""

    def __init__(self, outside: Outside, clock: Clock, secrets: SecretBox) -> None:
        self._outside = outside
        self._clock = clock
        self._secrets = secrets

    def now(self) -> int:
        """Milliseconds UTC."""
        return self._clock.now()

    async def document(
        self, url: str, *, bearer: str | None = None, accept: str = "application/json", why: str
    ) -> Fetched:
        """What a GET answers, which must be a success; `why` names the request in a refusal."""
        headers = [("accept", accept)]
        if bearer is not None:
            headers.append(("authorization", f"Bearer {bearer}"))
        answer = await self._fetch("GET", url, headers, b"")
        if answer.status != 200:
            raise failed(f"{why}_status")
        return answer

    async def object(self, url: str, *, bearer: str | None = None, why: str) -> dict[str, Any]:
        """The JSON object that a GET answers."""
        return read_object(await self.document(url, bearer=bearer, why=why), why)

    async def tokens(
        self, connection_id: str, client: OAuthClient, endpoint: str, asked: dict[str, str], *, issuer: str = ""
    ) -> dict[str, Any]:
        """What a token endpoint answers (RFC 6749 section 5)."""
        headers, form = self._proved(connection_id, client, endpoint, asked, issuer)
        answer = await self._fetch("POST", endpoint, headers, urlencode(form).encode())
        if answer.status in (500, 502, 503, 504):
            raise ExternalRefused("external_unavailable", why="token_status")
        document = read_object(answer, "token")
        if answer.status != 200 or "error" in document:
            raise failed("token_refused")
        return document

    def read_tokens(self, document: dict[str, Any]) -> Tokens:
        """The tokens of an answer; `expires_in` is in seconds."""
        token, kind = document.get("access_token"), document.get("token_type", "Bearer")
        refresh, seconds = document.get("refresh_token"), document.get("expires_in")
        if isinstance(seconds, str) and seconds.isascii() and seconds.isdigit() and len(seconds) < 12:
            seconds = int(seconds)
        if not isinstance(token, str) or not token or not isinstance(kind, str):
            raise failed("token_malformed")
        known = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 <= seconds < 10**10
        return Tokens(
            access_token=token,
            token_type=kind,
            refresh_token=refresh if isinstance(refresh, str) and refresh else None,
            expires_at=self.now() + seconds * 1000 if known and seconds is not None else None,
        )

    async def _fetch(self, method: str, url: str, headers: list[tuple[str, str]], body: bytes) -> Fetched:
        try:
            return await self._outside.fetch(method, url, headers=headers, body=body)
        except OutsideFailed as error:
            raise ExternalRefused("external_unavailable", why=error.reason) from None
        except OutsideError as error:
            raise failed(error.reason) from None

    def _proved(
        self, connection_id: str, client: OAuthClient, endpoint: str, asked: dict[str, str], issuer: str
    ) -> tuple[list[tuple[str, str]], dict[str, str]]:
        headers, form = [JSON, FORM], dict(asked)
        if client.proof == "client_secret_basic":
            pair = f"{quote_plus(client.client_id)}:{quote_plus(self._secret(connection_id, client.secret))}"
            headers.append(("authorization", f"Basic {base64.b64encode(pair.encode()).decode()}"))
            return headers, form
        form["client_id"] = client.client_id
        if client.proof == "client_secret_post":
            form["client_secret"] = self._secret(connection_id, client.secret)
        elif client.proof == "signed_secret" and client.key is not None:
            form["client_secret"] = self._assertion(connection_id, client, client.key, issuer)
        elif client.proof == "private_key_jwt" and client.key is not None:
            form["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            form["client_assertion"] = self._assertion(connection_id, client, client.key, endpoint)
        return headers, form

    def _assertion(self, connection_id: str, client: OAuthClient, key: ClientKey, audience: str) -> str:
        from joserfc import jwk, jws
        from joserfc.errors import JoseError

        pem = self._secret(connection_id, key.private)
        now = self.now() // 1000
        claims = {
            "iss": key.issuer or client.client_id,
            "sub": client.client_id,
            "aud": audience,
            "iat": now,
            "exp": now + PROOF_SECONDS,
            "jti": random.token_urlsafe(16),
        }
        header = {"alg": key.algorithm, **({"kid": key.id} if key.id else {})}
        try:
            private = jwk.import_key(pem, "EC" if key.algorithm.startswith("ES") else "RSA")
            return jws.serialize_compact(header, msgspec.json.encode(claims), private, algorithms=[key.algorithm])
        except (JoseError, ValueError):
            raise failed("client_key") from None

    def _secret(self, connection_id: str, sealed: str | None) -> str:
        if sealed is None:
            raise failed("client_secret")
        try:
            return self._secrets.open(sealed, purpose=secret_purpose(connection_id)).decode()
        except NotSealed:
            raise failed("client_secret") from None


def authorization_url(visit: Visit, client: OAuthClient, endpoint: str, own: dict[str, str]) -> str:
    """Where the browser is sent (RFC 6749 section 4.1.1); `own` are the protocol's parameters, which nothing may replace."""
    extra = {name: value for name, value in client.parameters.items() if name not in _RESERVED}
    passed_on = {name: visit.forwarded[name] for name in client.forwarded if name in visit.forwarded}
    extra |= {name: value for name, value in passed_on.items() if name not in _RESERVED}
    asked = {
        **extra,
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": visit.addresses.callback,
        "state": visit.state,
        **own,
    }
    if client.scopes:
        asked["scope"] = " ".join(client.scopes)
    if client.form_post:
        asked["response_mode"] = "form_post"
    return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked, quote_via=_quote)}"


def new_verifier() -> str:
    """A PKCE code verifier (RFC 7636 section 4.1): 256 random bits."""
    return random.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """Its S256 challenge (section 4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def code_of(answer: Answer) -> str:
    """The code of an answer; `ExternalRefused("external_denied")` when the person said no, which the provider tells."""
    error = answer.get("error")
    if error:
        denied = error in ("access_denied", "user_cancelled_authorize", "user_cancelled_login", "login_required")
        raise ExternalRefused("external_denied" if denied else "external_failed", why="provider_error")
    code = answer.get("code", "")
    if not 0 < len(code) <= LONGEST_CODE:
        raise failed("no_code")
    return code


def read_object(answer: Fetched, why: str) -> dict[str, Any]:
    """The JSON object in an answer."""
    try:
        return _decode_object(answer.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise failed(f"{why}_malformed") from None


def granted_scopes(document: dict[str, Any], asked: list[str]) -> list[str]:
    """The scopes that were granted: those asked for where the provider says nothing (RFC 6749 section 5.1)."""
    scope = document.get("scope")
    return scope.replace(",", " ").split() if isinstance(scope, str) and scope else list(asked)


def _quote(text: Any, safe: Any = "", encoding: Any = None, errors: Any = None) -> str:
    from urllib.parse import quote

    return quote(text, safe, encoding, errors)
