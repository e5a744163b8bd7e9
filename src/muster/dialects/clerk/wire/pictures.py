"""Addresses of pictures: an uploaded one by its id, else one that is drawn from two letters of the name."""

import base64
import binascii
from typing import Any, NamedTuple

import msgspec

PATH = "clerk/images/"
"""Below the public address; with the dialect's own prefix it is found on any host."""


class Place(NamedTuple):
    """Where pictures of an instance are served."""

    public_url: str
    instance_id: str


def uploaded(place: Place, image_id: str) -> str:
    """The address of an uploaded picture; `image_id` as this API writes it."""
    return f"{place.public_url}{PATH}{image_id}"


def default(place: Place, shown_id: str, initials: str) -> str:
    """The address of the picture of somebody without one; it says itself what is in it."""
    about = {"type": "default", "iid": place.instance_id, "rid": shown_id}
    if initials:
        about["initials"] = initials
    text = base64.urlsafe_b64encode(msgspec.json.encode(about)).rstrip(b"=").decode()
    return f"{place.public_url}{PATH}{text}"


def initials_of(*names: str | None) -> str:
    """The first letters of the names that there are, at most two."""
    return "".join(name.strip()[:1] for name in names if name).upper()[:2]


def read_default(name: str) -> str | None:
    """The initials in the address of a default picture, or None for what is no such address."""
    if len(name) > 512 or not name.isascii():
        return None
    try:
        about: Any = msgspec.json.decode(base64.urlsafe_b64decode(name + "=" * (-len(name) % 4)))
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    if not isinstance(about, dict) or about.get("type") != "default":
        return None
    initials = about.get("initials", "")
    return initials[:2] if isinstance(initials, str) and initials.isprintable() else ""


def drawn(initials: str) -> bytes:
    """A picture with the initials (SVG 1.1); whatever they are, nothing in it is more than text."""
    text = initials.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="96" height="96" viewBox="0 0 96 96">'
        '<rect width="96" height="96" fill="#6b7280"/>'
        '<text x="48" y="48" dy=".35em" text-anchor="middle" font-family="sans-serif" font-size="40" fill="#fff">'
        f"{text}</text></svg>"
    ).encode()
