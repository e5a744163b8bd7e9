"""One query tree for every dialect. A dialect parses its own language into it; storage turns it into index reads.

Field names are those of `core.users.terms`. Text is compared bytewise with what the core stored as the term.
"""

import msgspec

Scalar = str | float | bool


class Everyone(msgspec.Struct, frozen=True, tag=True):
    """Every listed user of the tenant."""


class Is(msgspec.Struct, frozen=True, tag=True):
    """The field holds exactly this value (any one of them, where a user has several)."""

    field: str
    value: Scalar


class All(msgspec.Struct, frozen=True, tag=True):
    """Every part holds."""

    parts: tuple["Query", ...]


Query = Everyone | Is | All


class Order(msgspec.Struct, frozen=True):
    """Sort by a field; users without it come last. `seq` is insertion order and breaks every tie."""

    field: str = "seq"
    descending: bool = False


class Page(msgspec.Struct, frozen=True):
    """`limit` items after the first `offset`."""

    offset: int = 0
    limit: int = 50
