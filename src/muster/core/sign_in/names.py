"""What people type to say who they are, as the key by which they are found; and how an address is shown without telling it."""

from typing import Final, Literal

from muster.core.errors import Invalid
from muster.core.records import Key
from muster.core.settings.model import SignInSettings
from muster.core.users.shapes import LONGEST_ADDRESS, canonical, has_control, username_key

Named = Literal["email", "phone", "username"]

_NOBODY: Final = "nobody"
"""A kind of key that no record has."""

_BETWEEN_DIGITS: Final = str.maketrans("", "", " -./()\u00a0")


def typed(text: str) -> str:
    """The text as it is kept; `Invalid("identifier_missing")`, or "identifier_malformed" for what no identifier can be."""
    text = text.strip()
    if not text:
        raise Invalid("identifier_missing")
    if len(text) > LONGEST_ADDRESS or has_control(text):
        raise Invalid("identifier_malformed")
    return text


def dialled(text: str) -> str:
    """A phone number without what people write between its digits."""
    return text.translate(_BETWEEN_DIGITS)


def kinds(settings: SignInSettings) -> list[Named]:
    """Which identifiers sign in at all."""
    rules = {"email": settings.email, "phone": settings.phone, "username": settings.username}
    return [kind for kind in ("email", "phone", "username") if rules[kind].sign_in]


def key_of(text: str, realm: str, settings: SignInSettings) -> Key:
    """What the text names in the realm. What cannot sign in there is a key that nobody has: that costs the same look-up."""
    allowed = kinds(settings)
    for kind, given in (("email", text), ("phone", dialled(text))):
        value = _canonical(kind, given)
        if value is not None and kind in allowed:
            return Key(realm, kind, value)
    return Key(realm, "username" if "username" in allowed else _NOBODY, username_key(text))


def masked(kind: str, value: str) -> str:
    """Enough of an address to know it again: a•••@example.org, •••• 4567."""
    if kind == "email":
        local, _, domain = value.rpartition("@")
        return f"{local[:1]}•••@{domain}"
    return f"•••• {value[-4:] if len(value) > 8 else value[-2:]}"


def _canonical(kind: str, text: str) -> str | None:
    try:
        return canonical("email" if kind == "email" else "phone", text)
    except Invalid:
        return None
