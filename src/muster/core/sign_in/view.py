"""What a page may show of an attempt: the step it waits for, and what can be done there.

Until a first factor was proved it depends on what was typed and on the tenant's settings alone, never on whether there is such
a user.
"""

from typing import NamedTuple

import msgspec

from muster.core.settings.model import Branding, PasswordRules
from muster.core.sign_in.model import SignInAttempt, Step


class Offer(NamedTuple):
    """A second factor that can be proved: `kind` is totp, phone, email or backup; `masked` says where a code would go."""

    kind: str
    factor_id: str
    masked: str


class Elsewhere(NamedTuple):
    """An external identity provider that can vouch for the person; `kind` is the connection's: social or enterprise."""

    id: str
    label: str
    kind: str


class Unproved(NamedTuple):
    """An address that must be proved before the account is good; `kind` is email or phone."""

    address_id: str
    kind: str
    masked: str


class Enrolment(msgspec.Struct, frozen=True):
    """A new authenticator app: the secret to type and the `otpauth://` address to show as a picture."""

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Enrolment()"


class View(msgspec.Struct, frozen=True, kw_only=True):
    """One page's worth. `user_name` and `user_masked` (an address) are empty before a first factor was proved.

    `first_factors` are of password, email_code, email_link, sms_code and passkey; `identifiers` of email, phone and username
    (what may be typed). `sent` is where a code is said to have gone, masked, and `resend_at` (ms UTC) when another may follow.
    `scopes` are those that the user has not agreed to yet. `denied` says at the step `done` that consent was refused.
    """

    step: Step
    attempt: SignInAttempt
    branding: Branding
    app_name: str = ""
    app_logo: str = ""
    first_party: bool = True
    user_name: str = ""
    user_masked: str = ""
    identifiers: list[str] = []
    first_factors: list[str] = []
    second_factors: list[Offer] = []
    connections: list[Elsewhere] = []
    unproved: list[Unproved] = []
    sent: str | None = None
    resend_at: int | None = None
    may_sign_up: bool = False
    may_postpone: bool = False
    may_remember: bool = False
    why_change: str = ""
    scopes: list[str] = []
    hint: str = ""
    password_rules: PasswordRules = PasswordRules()
    enrolment: Enrolment | None = None
    denied: bool = False
