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


class SignInRules(Part, frozen=True, kw_only=True):
    """Which first factors the pages offer besides external identities, and when a second one is asked for.

    `second_factor` is asked of nobody, of who has one, or of everybody (who has none must enrol one). A browser that is
    remembered is not asked again for `remember_browser` ms; 0 remembers none. With `link_by_email` somebody who comes from a
    trusted provider for the first time gets the account with the same address, if both sides have proved it.
    """

    password: bool = True
    email_code: bool = True
    email_link: bool = True
    sms_code: bool = False
    passkey: bool = True
    second_factor: Literal["never", "optional", "required"] = "optional"
    remember_browser: int = 30 * DAY
    link_by_email: bool = False


class SessionRules(Part, frozen=True, kw_only=True):
    """How long a browser stays signed in (ms): unused, and in all; None without limit."""

    idle: int | None = 3 * DAY
    lifetime: int | None = 7 * DAY
    persistent: bool = True


class SignUpRules(Part, frozen=True, kw_only=True):
    """Who may make an account at the pages, and whether an address must be proved before the account is good."""

    enabled: bool = True
    verify_email: bool = True
    verify_phone: bool = True


class Branding(Part, frozen=True, kw_only=True):
    """What the pages look like. `colour` is `#rrggbb`; `logo` an https address; empty is Muster's own."""

    name: str = ""
    logo: str = ""
    colour: str = ""
    language: str = "en"


class SignInSettings(Record, frozen=True, kw_only=True):
    """All of it. With `self_deletion` people may delete their own accounts. `texts` are a tenant's own words, by language and name;
    `vendor` keeps what only one API knows, as it was sent.
    """

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
    rules: SignInRules = SignInRules()
    session: SessionRules = SessionRules()
    sign_up: SignUpRules = SignUpRules()
    self_deletion: bool = True
    branding: Branding = Branding()
    texts: dict[str, dict[str, str]] = {}
    vendor: dict[str, Document] = {}
