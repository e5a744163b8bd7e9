"""How somebody signed in, in the words of relying parties: `acr` (OpenID Connect Core section 2) and `amr` (RFC 8176)."""

from collections.abc import Sequence
from typing import Final

from muster.core.sessions.model import Method, Session

MULTI_FACTOR: Final = "http://schemas.openid.net/pape/policies/2007/06/multi-factor"
"""The one context class that can be asked for: that a second factor was proved."""

ACR_VALUES: Final = (MULTI_FACTOR,)

_REFERENCES: Final[dict[str, tuple[str, ...]]] = {
    "password": ("pwd",),
    "passkey": ("hwk", "user"),
    "security_key": ("hwk",),
    "email_code": ("otp",),
    "email_link": ("otp",),
    "sms_code": ("otp", "sms"),
    "totp": ("otp",),
    "phone": ("otp", "sms"),
    "email": ("otp",),
    "backup": ("otp",),
}
"""RFC 8176 section 2 by method; one that has no name there (another provider's word, a ticket) is left out."""


def wants_second_factor(acr_values: Sequence[str]) -> bool:
    """Whether one of the classes asked for takes a second factor; others are a wish that need not be met (Core 3.1.2.1)."""
    return MULTI_FACTOR in acr_values


def has_second_factor(session: Session) -> bool:
    """Whether a second factor was proved in the session, or a passkey, which is two by itself."""
    return any(method.second or method.name == "passkey" for method in session.methods)


def acr_of(session: Session) -> str:
    """The class that the sign-in reached; empty is the plain one."""
    return MULTI_FACTOR if has_second_factor(session) else ""


def amr_of(methods: Sequence[Method]) -> list[str]:
    """The methods in the registered words, in the order of their proofs, and `mfa` where there was a second factor."""
    words = [word for method in methods for word in _REFERENCES.get(method.name, ())]
    if any(method.second or method.name == "passkey" for method in methods):
        words.append("mfa")
    return list(dict.fromkeys(words))
