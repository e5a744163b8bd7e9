"""Which application calls, and that it is the one: RFC 6749 section 2.3, OpenID Connect Core section 9, RFC 7523 section 3.

Whatever is wrong, the answer is the same `invalid_client`: unknown, deleted, wrong secret, wrong way. Secrets are compared in
constant time; an assertion counts once.
"""

import base64
import binascii
import hmac
from collections.abc import Collection
from typing import Any, Final

from msgspec.structs import replace

from muster.core.apps.model import Application, ClientAuthentication
from muster.core.credentials.attempts import stranger
from muster.core.errors import Taken
from muster.core.security import NotSealed, TokenRefused
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.model import UsedOnce
from muster.core.transaction import Transaction
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.routes import decode_percent
from muster.oidc.errors import OAuthError
from muster.oidc.form import Form
from muster.oidc.services import Services

ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

LONGEST_ASSERTION: Final = 3_600
"""Seconds that an assertion may be good for, so that it need not be remembered for longer."""

SKEW: Final = 30
"""Seconds that a client's clock may be wrong by."""

TAKES: Final[dict[ClientAuthentication, Collection[str]]] = {
    "none": ("none", "client_secret_basic", "client_secret_post"),
    "client_secret_basic": ("client_secret_basic",),
    "client_secret_post": ("client_secret_post",),
    "client_secret": ("client_secret_basic", "client_secret_post"),
    "private_key_jwt": ("private_key_jwt",),
}
"""The ways in which an application may prove itself, by what it is registered for. A public one that sends a secret although it
need not must send the right one."""

ASSERTION_ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
"""What an assertion may be signed with (`core.security.SignedStatements` takes no other)."""

METHODS: Final = ("client_secret_basic", "client_secret_post", "private_key_jwt", "none")
"""Every way there is, as discovery tells them."""


class _Claimed:
    """Who a request says it comes from, and what it offers to prove it."""

    __slots__ = ("app_id", "method", "proof")

    def __init__(self, app_id: str, method: str, proof: str) -> None:
        self.app_id, self.method, self.proof = app_id, method, proof


async def authenticated_client(call: Call, form: Form, *, confidential: bool = False) -> Application:
    """The application that calls. With `confidential` one that cannot keep a secret is refused.

    `OAuthError`: invalid_client for every way to be wrong, invalid_request for two proofs at once or none to tell whose.
    """
    claimed = _claimed(call, form)
    app = await call.store.get(call.tenant_id, Application, claimed.app_id)
    if app is not None and app.audience:
        app = None  # it serves a single API, which has an endpoint of its own
    if not await _is_proved(call, app, claimed) or app is None:
        if app is not None:
            await call.runner.run_from(call.context, call.tenant_id, stranger("openid"), _refused, app.id)
        raise invalid_client()
    if confidential and claimed.method == "none":
        raise OAuthError("unauthorized_client", "The application must authenticate itself for this.")
    return app


def invalid_client() -> OAuthError:
    """The one answer to whoever is not the client."""
    return OAuthError("invalid_client", "The client is not known, or its proof is not accepted.")


def _claimed(call: Call, form: Form) -> _Claimed:
    offered = []
    basic = _basic(call)
    if basic is not None:
        offered.append(_Claimed(basic[0], "client_secret_basic", basic[1]))
    if "client_secret" in form:
        offered.append(_Claimed(form.get("client_id", ""), "client_secret_post", form["client_secret"]))
    if "client_assertion" in form or "client_assertion_type" in form:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise OAuthError("invalid_request", f"The client_assertion_type must be {ASSERTION_TYPE}.")
        assertion = form.get("client_assertion", "")
        offered.append(_Claimed(form.get("client_id") or _subject(assertion), "private_key_jwt", assertion))
    if len(offered) > 1:
        raise OAuthError("invalid_request", "The client must prove itself in one way only.")
    claimed = offered[0] if offered else _Claimed(form.get("client_id", ""), "none", "")
    if not claimed.app_id:
        raise OAuthError("invalid_request", "The parameter client_id is missing.")
    if form.get("client_id", claimed.app_id) != claimed.app_id:
        raise OAuthError("invalid_request", "The client_id is not that of the Authorization header.")
    return claimed


def _basic(call: Call) -> tuple[str, str] | None:
    """Id and secret of HTTP Basic, each percent-encoded before they were joined (RFC 6749 section 2.3.1). A header of another
    scheme is no client's, and proves nothing.
    """
    scheme, _, rest = (call.header(b"authorization") or b"").partition(b" ")
    if scheme.lower() != b"basic":
        return None
    try:
        name, colon, secret = base64.b64decode(rest.strip(), validate=True).partition(b":")
        decoded = [decode_percent(part.replace(b"+", b" "), "header") for part in (name, secret)]
    except (binascii.Error, BadRequest):
        raise invalid_client() from None
    if not colon:
        raise invalid_client()
    return decoded[0], decoded[1]


async def _is_proved(call: Call, app: Application | None, claimed: _Claimed) -> bool:
    if claimed.method == "private_key_jwt":
        return (
            app is not None and claimed.method in TAKES[app.authentication] and await _assert(call, app, claimed.proof)
        )
    services: Services = call.services
    if claimed.method != "none":
        real = _secret(services, app)
        is_right = hmac.compare_digest(real, claimed.proof.encode("utf-8", "surrogatepass")) and real != b""
        return app is not None and claimed.method in TAKES[app.authentication] and is_right
    return app is not None and claimed.method in TAKES[app.authentication]


def _secret(services: Services, app: Application | None) -> bytes:
    """The application's secret; empty, which nothing equals, where there is none."""
    if app is None or app.secret is None:
        return b""
    try:
        return services.secrets.open(app.secret, purpose=f"client_secret:{app.id}")
    except NotSealed:
        return b""


async def _assert(call: Call, app: Application, assertion: str) -> bool:
    """Whether an assertion is the application's own, meant for this server, in time, and was never presented before."""
    services: Services = call.services
    now = services.clock.now()
    try:
        claims = services.assertions.verify(assertion, app.jwks)
    except TokenRefused:
        return False
    jti, expires = claims.get("jti"), _number(claims.get("exp"))
    if claims.get("iss") != app.id or claims.get("sub") != app.id or not isinstance(jti, str) or not jti:
        return False
    if expires is None or not now / 1000 - SKEW < expires <= now / 1000 + LONGEST_ASSERTION + SKEW:
        return False
    if any((_number(claims.get(name, 0)) or 0) > now / 1000 + SKEW for name in ("nbf", "iat")):
        return False
    if not _is_for_us(call, claims.get("aud")):
        return False
    used = UsedOnce(id=hash_of(f"client_assertion {app.id} {jti}"), expires_at=int((expires + SKEW) * 1000))
    try:
        await call.runner.run_from(call.context, call.tenant_id, stranger("openid"), _use, used)
    except Taken:
        return False
    return True


async def _use(tx: Transaction, used: UsedOnce) -> None:
    tx.insert(replace(used, created_at=tx.now))


def _is_for_us(call: Call, audience: object) -> bool:
    """RFC 7523 section 3: the issuer, or the address of an endpoint that takes assertions; of a list each must be one of these.

    An assertion that is meant for another server as well could be presented here by that one.
    """
    named = [audience] if isinstance(audience, str) else audience
    if not isinstance(named, list) or not named:
        return False
    issuer = call.site.public_url
    here = issuer.rstrip("/") + call.raw_path.decode("latin-1")
    ours = (issuer, issuer.rstrip("/"), f"{issuer}oauth/token", f"{issuer}connect/token", here)
    return all(name in ours for name in named)


def _subject(assertion: str) -> str:
    """Whom an assertion speaks of, unchecked: only to find whose keys check it."""
    import msgspec

    body = assertion.split(".")[1] if assertion.count(".") == 2 else ""
    try:
        claims: Any = msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, RecursionError):
        return ""
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) else ""


def _number(value: object) -> float | None:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


async def _refused(tx: Transaction, app_id: str) -> None:
    """A proof that was not an application's own is told of; of those that there are not, anybody could make any number."""
    tx.note("client.refused", app_id=app_id)
