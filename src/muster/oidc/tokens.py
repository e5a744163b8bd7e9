"""The tokens that an application is given: ID tokens (OpenID Connect Core section 2), JWT access tokens for the tenant's APIs (RFC
9068), and the answer of the token endpoint that holds them (RFC 6749 section 5.1).

An access token that is for no API is opaque: a grant of the core, which opens the userinfo endpoint and can be taken back.
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from muster.core.apps.model import Api, Application
from muster.core.security import TokenIssuer
from muster.core.users.model import User
from muster.dialects.kit.call import Site
from muster.oidc.claims import Claims, claims_of, subject_of
from muster.oidc.services import Services

IDENTITY: Final = "identity"
ACCESS: Final = "access"

JWT_ACCESS: Final = "at+jwt"
"""The `typ` of a JWT access token (RFC 9068 section 2.1), which no ID token has."""

DEFAULT_ALGORITHM: Final = "RS256"

OPAQUE_LIFETIME: Final = 3_600
"""Seconds that an opaque access token is good for."""

_HALF_HASHES: Final = {"RS256": hashlib.sha256, "ES256": hashlib.sha256, "EdDSA": hashlib.sha512}
"""What `at_hash` is made with (Core 3.1.3.6); Ed25519 is used with SHA-512."""


class SignedIn(NamedTuple):
    """How and when the user signed in, as ID tokens tell it; `auth_time` in seconds."""

    auth_time: int | None = None
    acr: str = ""
    amr: Sequence[str] = ()
    nonce: str = ""
    session_id: str | None = None

    @classmethod
    def of(cls, request: Mapping[str, Any], session_id: str | None) -> "SignedIn":
        """From what a grant remembers of the authorization request."""
        auth_time, amr = request.get("auth_time"), request.get("amr", [])
        return cls(
            auth_time=auth_time if isinstance(auth_time, int) else None,
            acr=str(request.get("acr", "")),
            amr=[str(word) for word in amr] if isinstance(amr, list) else (),
            nonce=str(request.get("nonce", "")),
            session_id=session_id,
        )

    def kept(self) -> dict[str, Any]:
        """What a refresh token remembers of it; a nonce is for one ID token alone."""
        return {"auth_time": self.auth_time, "acr": self.acr, "amr": list(self.amr)}


class Issued(NamedTuple):
    """What an act has given an application in a user's name. `opaque` is None where the API takes a JWT."""

    app: Application
    user: User
    scopes: Sequence[str]
    api: Api | None
    signed_in: SignedIn
    opaque: str | None = None
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"Issued(app={self.app.id!r}, user={self.user.id!r}, scopes={list(self.scopes)!r})"


def answer(services: Services, site: Site, issued: Issued) -> dict[str, Any]:
    """The token endpoint's answer."""
    now = services.clock.now() // 1000
    if issued.api is not None:
        seconds = issued.api.token_lifetime
        token = access_token(services, site, issued.app, issued.api, _about_user(issued, site), now)
    else:
        seconds, token = OPAQUE_LIFETIME, issued.opaque or ""
    body = {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": seconds,
        "scope": " ".join(issued.scopes),
    }
    if issued.refresh_token is not None:
        body["refresh_token"] = issued.refresh_token
    if "openid" in issued.scopes:
        body["id_token"] = id_token(services, site, issued, token, now)
    return body


def access_token(
    services: Services, site: Site, app: Application, api: Api, claims: Mapping[str, Any], now: int
) -> str:
    """A JWT for an API (RFC 9068 section 2.2); `claims` say whom it is about and what it allows.

    It is signed as the API asks, or as the application does where the API asks for nothing but the default.
    """
    ring = services.rings(site, ACCESS)
    whole = {
        "aud": api.identifier,
        **claims,
        "iat": now,
        "exp": now + api.token_lifetime,
        "jti": secrets.token_urlsafe(16),
    }
    wanted = app.signing_alg if api.signing_alg == DEFAULT_ALGORITHM else api.signing_alg
    return ring.sign(whole, alg=algorithm_of(ring, wanted), typ=JWT_ACCESS)


def id_token(services: Services, site: Site, issued: Issued, token: str, now: int) -> str:
    """An ID token with what the scopes open of the user, or without where that is too much for a token: userinfo tells it."""
    ring = services.rings(site, IDENTITY)
    alg = algorithm_of(ring, issued.app.signing_alg)
    signed_in = issued.signed_in
    about: Claims = {
        "sub": subject_of(issued.user),
        "aud": issued.app.id,
        "azp": issued.app.id,
        "iat": now,
        "exp": now + issued.app.id_token_lifetime,
        "auth_time": signed_in.auth_time,
        "nonce": signed_in.nonce,
        "acr": signed_in.acr,
        "amr": list(signed_in.amr),
        "sid": signed_in.session_id,
        "at_hash": _half_hash(token, alg),
    }
    about = {name: value for name, value in about.items() if value not in (None, "", [])}
    try:
        return ring.sign({**claims_of(issued.user, issued.scopes), **about}, alg=alg)
    except ValueError:
        return ring.sign(about, alg=alg)


def algorithm_of(ring: TokenIssuer, wanted: str) -> str:
    """The algorithm that an application or API is registered for, or the default where there is no key for it."""
    return next((alg for alg in (wanted, DEFAULT_ALGORITHM) if alg in ring.algorithms), ring.algorithms[0])


def userinfo_audience(site: Site) -> str:
    """What an access token names in `aud` that also opens the userinfo endpoint."""
    return f"{site.public_url}userinfo"


def _about_user(issued: Issued, site: Site) -> Claims:
    api = issued.api
    assert api is not None, "a JWT is for an API"
    signed_in = issued.signed_in
    claims: Claims = {
        "sub": subject_of(issued.user),
        "aud": [api.identifier, userinfo_audience(site)] if "openid" in issued.scopes else api.identifier,
        "client_id": issued.app.id,
        "azp": issued.app.id,
        "scope": " ".join(issued.scopes),
        "auth_time": signed_in.auth_time,
        "acr": signed_in.acr,
        "amr": list(signed_in.amr),
    }
    return {name: value for name, value in claims.items() if value not in (None, "", [])}


def _half_hash(token: str, alg: str) -> str:
    digest = _HALF_HASHES[alg](token.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode("ascii")
