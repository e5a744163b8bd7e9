"""How a tenant's people come in: what identifies them, what their passwords must be, when failures lock, who may sign up.

One record per tenant. A tenant without one goes by the defaults. Times are milliseconds.
"""

from typing import Final, Literal

from muster.core.credentials.lockout import DAY, HOUR
from muster.core.passwords.policy import Kind
from muster.core.records import Record
from muster.core.users.model import Document, Part

SETTINGS_ID: Final = "sign_in"


class IdentifierRule(Part, frozen=True, kw_only=True):
    """What one kind of identifier is for."""

    sign_in: bool = True
    shown_at_sign_up: bool = True
    required_at_sign_up: bool = False


class PasswordRules(Part, frozen=True, kw_only=True):
    """What a new password must be. `kinds` must all occur, and `distinct` different characters.

    None of the last `not_last` may come again, and none of the last `not_within` ms; None asks for neither. `expires_after` is
    how old a password may become.
    """

    least: int = 8
    kinds: list[Kind] = []
    distinct: int = 0
    not_last: int | None = None
    not_within: int | None = None
    expires_after: int | None = None


class LockoutRules(Part, frozen=True, kw_only=True):
    """How many failures close the `account`, or the `address` they come from; `never_blocked` addresses stay open."""

    enabled: bool = True
    closes: Literal["account", "address"] = "address"
    failures: int = 10
    account_lock: int = HOUR
    address_block: int = 30 * DAY
    never_blocked: list[str] = []


class Restriction(Part, frozen=True, kw_only=True):
    """A list of e-mail addresses, phone numbers and e-mail domains."""

    enabled: bool = False
    values: list[str] = []


class CustomField(Part, frozen=True, kw_only=True):
    """A question of the sign-up form; its answer is kept under its name in `profile.custom`."""

    name: str
    label: str
    type: Literal["string", "email", "phone"] = "string"
    enabled: bool = True
    required: bool = False


class SignInSettings(Record, frozen=True, kw_only=True):
    """All of it. `vendor` keeps what only one API knows, as it was sent."""

    id: str = SETTINGS_ID
    email: IdentifierRule = IdentifierRule()
    phone: IdentifierRule = IdentifierRule()
    username: IdentifierRule = IdentifierRule()
    shortest_username: int = 1
    password: PasswordRules = PasswordRules()
    lockout: LockoutRules = LockoutRules()
    allowed: Restriction = Restriction()
    blocked: Restriction = Restriction()
    custom_fields: list[CustomField] = []
    verification_lifetime: int = DAY
    reset_lifetime: int = HOUR
    vendor: dict[str, Document] = {}
