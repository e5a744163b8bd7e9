"""What the server must remember about itself: where it listens, which master key it was sealed with."""

from typing import Any, Final

from muster.core.records import Record

EVERYBODY: Final = 0
"""The tenant number of what belongs to no tenant."""

ADDRESSES: Final = "addresses"
KEY_CHECK: Final = "key_check"


class Fact(Record, frozen=True, kw_only=True):
    """One remembered thing; `id` is its name."""

    value: dict[str, Any] = {}
