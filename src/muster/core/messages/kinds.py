"""Every kind of message there is, what its texts may name, and the texts: one file for each language in `texts/`.

A tenant's own texts come first, from `SignInSettings.texts` by language and `message.<kind>.<part>`. `{name}` stands for a value
and nothing else is special. Whoever sends a new kind adds its row here, which a test demands.
"""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

from muster.core.credentials.sent_codes import LIFETIME as CODE_LASTS

FALLBACK: Final = "en"
LANGUAGES: Final = (FALLBACK, "de")
"""By their codes (BCP 47)."""

Part = Literal["subject", "text", "sms"]
PARTS: Final[tuple[Part, ...]] = ("subject", "text", "sms")

ACCOUNT: Final = "/account"

_FOLDER: Final = Path(__file__).parent / "texts"


class MessageKind(NamedTuple):
    """What texts of the kind may name beside `name`, the tenant's; the page that `link` leads to when no
    other is given; and the ms after which one is no use any more.
    """

    placeholders: tuple[str, ...]
    page: str = ""
    lasts: int | None = None


MESSAGE_KINDS: Final[Mapping[str, MessageKind]] = {
    "sign_in_code": MessageKind(("code", "link"), lasts=CODE_LASTS),
    "sign_in_link": MessageKind(("link",), lasts=CODE_LASTS),
    "verification_code": MessageKind(("code",), lasts=CODE_LASTS),
    "verification_email": MessageKind(("link",)),
    "verification_phone": MessageKind(("link",), ACCOUNT),
    "password_reset": MessageKind(("link", "code")),
    "password_reset_unknown": MessageKind(()),
    "password_changed": MessageKind(("link",), ACCOUNT),
    "address_added": MessageKind(("address", "link"), ACCOUNT),
    "address_changed": MessageKind(("address", "link"), ACCOUNT),
    "address_removed": MessageKind(("address", "link"), ACCOUNT),
    "address_in_use": MessageKind(()),
    "primary_email_changed": MessageKind(()),
    "sign_up_exists": MessageKind(("link",), "/sign-in"),
    "passkey_added": MessageKind(("link",), ACCOUNT),
    "passkey_removed": MessageKind(("link",), ACCOUNT),
    "factor_added": MessageKind(("link",), ACCOUNT),
    "factor_removed": MessageKind(("link",), ACCOUNT),
    "account_deleted": MessageKind(()),
    "invitation": MessageKind(("organization", "link"), "/sign-up"),
}


@cache
def texts_of(language: str) -> Mapping[str, Mapping[str, str]]:
    """The texts of a language, by kind and part. Every kind has a subject and a text; what has no `sms` sends its subject."""
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def text_of(kind: str, part: Part, language: str, own: Mapping[str, Mapping[str, str]]) -> str:
    """One text, a tenant's own if it has one in that language."""
    given = own.get(language, {}).get(f"message.{kind}.{part}")
    if given:
        return given
    texts = texts_of(language)[kind]
    return texts.get(part) or texts["subject"]
