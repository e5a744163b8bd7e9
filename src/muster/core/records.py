"""What every stored aggregate has in common, and the keys by which some are found."""

from typing import NamedTuple

import msgspec


class Key(NamedTuple):
    """A unique value that leads to one record: an e-mail address within a realm, a connection's name, a foreign id.

    `realm` is the connection's id for what is unique per connection and empty for what is unique per tenant.
    """

    realm: str
    kind: str
    value: str


class Record(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An aggregate: saved whole, guarded by its version. `created_at` and `updated_at` are milliseconds UTC.

    `version` counts commits; it is 0 until the first one. Storage keeps `id`, `version` and `created_at` in columns.
    """

    id: str = ""
    version: int = 0
    created_at: int = 0
    updated_at: int = 0

    def keys(self) -> frozenset[Key]:
        """The unique values that lead here; storage guards them and nobody checks first and inserts after."""
        return frozenset()


class OwnedRecord(Record, frozen=True, kw_only=True):
    """An aggregate of one user. It lives in that user's rows, cannot exist without the user and goes with the user."""

    user_id: str
