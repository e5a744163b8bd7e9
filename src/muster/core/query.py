"""One query tree for every dialect. A dialect parses its own language into it; storage turns it into index reads.

Field names are those of `core.users.terms`. Text is compared bytewise with what the core stored as the term. Where a user
has several values of one field, a condition holds when any one of them meets it.
"""

import msgspec

Scalar = str | float | bool


class Everyone(msgspec.Struct, frozen=True, tag=True):
    """Every listed user of the tenant."""


class Is(msgspec.Struct, frozen=True, tag=True):
    """The field holds exactly this value."""

    field: str
    value: Scalar


class Range(msgspec.Struct, frozen=True, tag=True):
    """The field holds a value between two ends, of which either may be open (None).

    Numbers are compared with numbers and texts, bytewise, with texts. Both ends None asks whether there is any text or number.
    """

    field: str
    low: str | float | None = None
    high: str | float | None = None
    low_included: bool = True
    high_included: bool = True


class Like(msgspec.Struct, frozen=True, tag=True):
    """The field holds a text that begins with the first part, ends with the last, and has the others between, in order.

    There are at least two parts: `("jo", "")` is a beginning, `("", "jo", "")` a text anywhere, `("", "usa")` an end.
    """

    field: str
    parts: tuple[str, ...]


class Exists(msgspec.Struct, frozen=True, tag=True):
    """The field holds anything at all."""

    field: str


class All(msgspec.Struct, frozen=True, tag=True):
    """Every part holds; of no parts, everyone."""

    parts: tuple["Query", ...]


class Any(msgspec.Struct, frozen=True, tag=True):
    """At least one part holds; of no parts, nobody."""

    parts: tuple["Query", ...]


class Not(msgspec.Struct, frozen=True, tag=True):
    """The part does not hold."""

    part: "Query"


Query = Everyone | Is | Range | Like | Exists | All | Any | Not


class Order(msgspec.Struct, frozen=True):
    """Sort by a field; users without it come last. `seq` is insertion order and breaks every tie."""

    field: str = "seq"
    descending: bool = False


class Page(msgspec.Struct, frozen=True):
    """`limit` items after the first `offset`."""

    offset: int = 0
    limit: int = 50
