"""Times as they are sent: whole seconds since 1970 UTC, cut. Clients break on a fraction."""

from typing import Annotated, Final

import msgspec

Seconds = Annotated[int, msgspec.Meta(extra_json_schema={"format": "int64"})]

FAR: Final = 253_402_300_799
"""The end of the year 9999: for what has no end where the vendor's clients demand one."""


def show_time(at: int) -> int:
    """Milliseconds as seconds."""
    return at // 1000


def show_time_or_none(at: int | None) -> int | None:
    """The same for what may never have happened."""
    return None if at is None else at // 1000
