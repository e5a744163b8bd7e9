"""What passes between a browser's authenticator and the core (WebAuthn Level 3). Binary values are base64url text."""

import ipaddress
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

CHALLENGE_LIFETIME: Final = 5 * 60_000
"""Milliseconds in which a browser must answer."""


class RelyingParty(msgspec.Struct, frozen=True):
    """This server as authenticators know it: `id` is the host of the public address, `origin` that address without a path."""

    id: str
    origin: str
    name: str


class Descriptor(NamedTuple):
    """A credential that is known already, and how its authenticator can be reached."""

    credential_id: str
    transports: tuple[str, ...] = ()


class Ceremony(NamedTuple):
    """Options for the browser as JSON values, and the challenge in them, which the answer must carry."""

    options: dict[str, Any]
    challenge: str


class Claim(NamedTuple):
    """What an answer says of itself, before anything of it is believed: its credential, and the challenge that it answers."""

    credential_id: str
    challenge: str


class Created(msgspec.Struct, frozen=True, kw_only=True):
    """A new credential as it was checked; `aaguid` is the model of the authenticator, as UUID text."""

    credential_id: str
    public_key: str
    sign_count: int
    aaguid: str
    user_verified: bool
    backup_eligible: bool
    backup_state: bool
    transports: list[str] = []


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """A good answer of a known credential; `handle` is the user's as the authenticator keeps it."""

    credential_id: str
    sign_count: int
    user_verified: bool
    backup_state: bool
    handle: str | None = None


def relying_party(public_url: str, name: str) -> RelyingParty | None:
    """The party that a public address stands for, or None where browsers know no passkeys: at an address of digits, and
    over plain HTTP anywhere but on `localhost` (WebAuthn Level 3, section 5.1.3 step 8).
    """
    parts = urlsplit(public_url)
    host = parts.hostname or ""
    if not host or (parts.scheme != "https" and host != "localhost") or _is_address(host):
        return None
    return RelyingParty(host, f"{parts.scheme}://{parts.netloc}", name or host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
