"""What a user becomes in each form that `muster export` writes."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple

import click

from muster.settings import Settings

if TYPE_CHECKING:
    from muster.core.connections.model import Connection
    from muster.core.users.model import User
    from muster.wiring import Opened


class Counts:
    """What became of the users."""

    written = left_out = without_hash = 0


Row = Callable[["User", Counts], bytes | None]
"""One user's line, or None for somebody whom the form cannot hold."""


class Form(NamedTuple):
    """How users become lines, and what stands before the first."""

    row: Row
    head: bytes = b""
    secret: bool = True


class Place(NamedTuple):
    """Where users are taken from; `realms` are its connections by id."""

    settings: Settings
    database: "Opened"
    realms: "dict[str, Connection]"


FormOf = Callable[[Place], Awaitable[Form]]


async def auth0_form(place: Place) -> Form:
    """Rows of Auth0's bulk import."""
    import msgspec

    from muster.exporters.auth0 import HASHES, row_of
    from muster.first_start import master_key

    box, encode = await master_key(place.settings, place.database), msgspec.json.Encoder().encode

    def line(user: "User", counts: Counts) -> bytes | None:
        row = row_of(user, box)
        if row is None:
            return None
        if user.password is not None and row.keys().isdisjoint(HASHES):
            counts.without_hash += 1
        return encode(row) + b"\n"

    return Form(line)


async def ndjson_form(place: Place) -> Form:
    """Users whole."""
    from muster.exporters.ndjson import line_of
    from muster.first_start import master_key

    box = await master_key(place.settings, place.database)
    names = {realm.id: realm.name for realm in place.realms.values()}
    return Form(lambda user, _: line_of(user, names, box))


async def csv_form(fields: tuple[str, ...], place: Place) -> Form:
    """A table of these columns; `UsageError` names one that there is not."""
    from muster.exporters.csv import FIELDS, Table, UnknownField

    try:
        table = Table(fields, {realm.id: realm.name for realm in place.realms.values()})
    except UnknownField as unknown:
        there = ", ".join(("connection", *FIELDS))
        raise click.UsageError(f"there is no field {unknown}; there are: {there}, and those within metadata.") from None
    return Form(lambda user, _: table.line(user), table.head(), secret=False)
