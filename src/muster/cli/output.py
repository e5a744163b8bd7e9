"""How commands print: tables for people, JSON for programs."""

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

_WIDE = 1_000
"""Columns of a table that is not shown on a terminal: nothing of it is cut."""


def print_json(value: Any) -> None:
    """One JSON value, indented."""
    text = msgspec.json.format(msgspec.json.encode(value), indent=2)
    sys.stdout.buffer.write(text + b"\n")


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Rows under their names; an absent value is a dash."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        # Text, not markup: a name in square brackets is a name.
        table.add_row(*(Text("-" if value is None else printable(str(value)), overflow="fold") for value in row))
    Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False).print(table)


def print_listing(
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    *,
    as_json: bool,
    cell: Callable[[Any], object] = lambda value: value,
) -> None:
    """Rows as JSON, whole; or for people these columns of them, each value as `cell` has it."""
    if as_json:
        print_json(rows)
    else:
        print_table(columns, [[cell(row[column]) for column in columns] for row in rows])


def print_pairs(pairs: Iterable[tuple[str, object]]) -> None:
    """Names and values, one a line; a text can be copied whole, and what is no text is JSON."""
    listed = list(pairs)
    width = max(len(name) for name, _ in listed)
    for name, value in listed:
        text = value if isinstance(value, str) else "-" if value is None else msgspec.json.encode(value).decode()
        print(f"{name:<{width}}  {printable(text)}")


def printable(text: str) -> str:
    """Text that cannot steer a terminal: control characters are shown, not sent."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "replace").decode() for c in text)


def timestamp(at: int | None) -> str | None:
    """Milliseconds since 1970 as `2024-05-01T12:00:00.000Z`."""
    from datetime import UTC, datetime

    if at is None:
        return None
    return datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
