"""What a provider says of a person, brought into one form: claims as they came, and the standard names beside them."""

import unicodedata
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muster.core.connections.model import Connection
from muster.core.external.model import ExternalIdentity, Tokens, failed
from muster.core.users.shapes import has_control

SUBJECT: Final = "sub"

LONGEST_SUBJECT: Final = 1000
MOST_BYTES: Final = 32_768
DEEPEST: Final = 8

PROTOCOL: Final = frozenset(
    {"aud", "exp", "iat", "nbf", "nonce", "at_hash", "c_hash", "s_hash", "azp", "auth_time", "acr", "amr", "sid", "jti"}
    | {"iss", "sub", "token_use"}
)
"""Claims about the token rather than the person, and the subject, which has a place of its own."""

_encode = msgspec.json.Encoder().encode


def identity_of(
    connection: Connection,
    subject: object,
    brought: Mapping[str, Any],
    *,
    scopes: list[str],
    tokens: Tokens | None = None,
    issuer: str = "",
    email_verified: bool | None = None,
) -> ExternalIdentity:
    """The identity in what was brought, with the names that the connection's provider gives to standard members.

    An address counts as verified only where that is said by JSON's true (or "true", as one provider writes it). `issuer` is
    kept in the profile where it is given.
    """
    provider = connection.provider
    assert provider is not None
    if isinstance(subject, int) and not isinstance(subject, bool):
        subject = str(subject)
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or has_control(subject):
        raise failed("subject")
    profile = {
        name: kept for name, value in brought.items() if name not in PROTOCOL and (kept := _clean(value)) is not None
    }
    for name, source in provider.members.items():
        if name != SUBJECT and source in profile:
            profile[name] = profile[source]
    email = profile.get("email")
    email = email if isinstance(email, str) and email else None
    said = profile.get("email_verified")
    verified = email is not None and (said in (True, "true") if email_verified is None else email_verified)
    if email is not None:
        profile["email_verified"] = verified
    if issuer:
        profile["iss"] = issuer
    if len(_encode(profile)) > MOST_BYTES:
        raise failed("profile_too_large")
    return ExternalIdentity(
        connection_id=connection.id,
        provider=provider.provider,
        subject=subject,
        profile=profile,
        email=email,
        email_verified=verified,
        scopes=scopes,
        tokens=tokens,
    )


def _clean(value: Any, levels: int = DEEPEST) -> Any:
    """The value without what cannot be kept: NUL and half characters in texts, and what is nested too deeply. None for nothing."""
    if isinstance(value, str):
        return None if any(unicodedata.category(c) == "Cs" or c == "\0" for c in value) else value
    if isinstance(value, dict):
        if not levels:
            return None
        inner = {name: _clean(each, levels - 1) for name, each in value.items() if _clean(name) is not None}
        return {name: each for name, each in inner.items() if each is not None}
    if isinstance(value, list):
        return [kept for each in value if (kept := _clean(each, levels - 1)) is not None] if levels else None
    return value if isinstance(value, bool | int | float) else None
