"""A sign-up as its own person may see it: what is still asked, what is on its way, and never whether an address is taken."""

from typing import Literal

import msgspec

from muster.core.settings.model import Branding, PasswordRules

Kind = Literal["email", "phone"]

State = Literal["missing", "verify", "held", "ready", "complete"]
"""missing: more is to be told. verify: a code is to be typed. held: the person proved an address that somebody else's account
has without proof, and decides what becomes of it (`held.py`). ready: to be completed. complete: the sign-in goes on."""


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """One question of the form. `name` is the form's; `label` is set for a tenant's own questions. No password comes back."""

    name: str
    type: Literal["email", "phone", "username", "password", "string"] = "string"
    label: str = ""
    required: bool = False
    value: str = ""


class SentTo(msgspec.Struct, frozen=True, kw_only=True):
    """A code that is (or, for an address that is taken, seems to be) on its way; `again_at` is when another may be asked for (ms)."""

    kind: Kind
    to: str
    expires_at: int
    again_at: int


class SignUpView(msgspec.Struct, frozen=True, kw_only=True):
    """All that a page shows. `missing` and `unproved` name fields; `may_take_over` only in state `held`."""

    id: str
    state: State
    fields: list[Field]
    missing: list[str] = []
    unproved: list[Kind] = []
    sent: list[SentTo] = []
    held: list[Kind] = []
    may_take_over: bool = False
    password_set: bool = False
    password_rules: PasswordRules = PasswordRules()
    branding: Branding = Branding()
