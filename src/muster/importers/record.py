"""What every importer makes of a row: one person in the core's own terms, or the reasons why not."""

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from muster.core.errors import Refusal
from muster.core.users.actions import NewUser
from muster.core.users.model import User


class RowError(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a row; `path` names the member, as in `mfa_factors[0].totp.secret`."""

    code: str
    message: str
    path: str = ""


class RowRefused(Exception):
    """A row that can never become a user, with everything that is wrong with it."""

    def __init__(self, errors: Sequence[RowError]) -> None:
        super().__init__(errors)
        self.errors = errors


class Person(msgspec.Struct, frozen=True):
    """A row that can become a user. `renews_password` says that it may also replace the password of one who exists.

    `whole` is the user as another Muster kept it, times and all; then `new` says no more than where it comes from.
    """

    new: NewUser
    renews_password: bool = False
    whole: User | None = None


class Vendor(Protocol):
    """One vendor's file format. All of it is pure and quick."""

    def person(self, sent: Any, now: int) -> Person:
        """What a decoded row asks for; `RowRefused` with every reason when it cannot be had."""
        ...

    def masked(self, sent: Any) -> Any:
        """The row as it was sent, without its secrets."""
        ...

    def unreadable(self, fault: str) -> RowError:
        """How a row is told that is no JSON value at all; `fault` is one of `reading.FAULTS`."""
        ...

    def refused(self, refusal: Refusal, *, upsert: bool) -> RowError:
        """How the core's refusal of one row is told."""
        ...

    def provided_twice(self, kind: str) -> RowError:
        """How it is told that an earlier row of the file has the same `kind` of identifier."""
        ...
