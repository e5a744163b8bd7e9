"""A stored sign-up: what somebody has told so far, what of it was proved, and what is still missing. Times are ms UTC."""

from typing import Any, Literal

from muster.core.records import Record
from muster.core.sign_in.model import SentCode
from muster.core.users.model import Part

LIFETIME = 24 * 3_600_000
"""Milliseconds after which a sign-up that was not completed is abandoned."""

Status = Literal["missing_requirements", "complete", "abandoned"]


class Claimed(Part, frozen=True, kw_only=True):
    """An address that was given and is, or is not yet, proved. `sent` is the code that is on its way to it."""

    value: str
    verified_at: int | None = None
    sent: SentCode | None = None


class SignUp(Record, frozen=True, kw_only=True):
    """One person making an account; `user_id` once there is one. `id` is 32 hex digits.

    `attempt_id` is the sign-in that goes on afterwards. `password` is a hash; `connection_id` and `external` (profile as brought)
    are set when it began at an external provider. What may be shown to the person never tells whether an address is taken.
    """

    attempt_id: str = ""
    browser: str = ""
    realm: str = ""
    app_id: str = ""
    email: Claimed | None = None
    phone: Claimed | None = None
    username: str | None = None
    password: str | None = None
    password_scheme: str = ""
    given_name: str | None = None
    family_name: str | None = None
    locale: str | None = None
    custom: dict[str, str] = {}
    unsafe_metadata: dict[str, Any] | None = None
    external_id: str | None = None
    legal_accepted_at: int | None = None
    connection_id: str | None = None
    external: dict[str, Any] | None = None
    user_id: str | None = None
    expires_at: int = 0
