"""The words in which bodies, queries and answers are described: a small part of JSON Schema, as plain values.

`about` is one sentence for `openapi.json`.
"""

from collections.abc import Mapping

import msgspec


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """Any JSON value. `required` is read by the object or query that the field belongs to."""

    about: str = ""
    nullable: bool = False
    required: bool = False
    deprecated: bool = False


class Text(Field, frozen=True, kw_only=True):
    """A string; lengths in code points. `format` is a name known to `checking.py`; an empty text fits none."""

    min: int | None = None
    max: int | None = None
    one_of: tuple[str, ...] = ()
    format: str | None = None


class Flag(Field, frozen=True, kw_only=True):
    """A boolean."""


class Integer(Field, frozen=True, kw_only=True):
    """A whole number, bounds included. `is_date` is a time in milliseconds, told apart when it is refused."""

    min: int | None = None
    max: int | None = None
    is_date: bool = False


class List(Field, frozen=True, kw_only=True):
    """An array of like items; in a query, a parameter that may be repeated."""

    items: Field = Text()
    min: int | None = None
    max: int | None = None


class Object(Field, frozen=True, kw_only=True):
    """An object; a closed one refuses members that are not in its table."""

    members: Mapping[str, Field] = {}
    closed: bool = False


class OneOf(Field, frozen=True, kw_only=True):
    """Something with several shapes, for answers alone."""

    shapes: tuple[Field, ...] = ()


def required(field: Field) -> Field:
    """The same field, required where it stands."""
    return msgspec.structs.replace(field, required=True)


def always(**members: Field) -> dict[str, Field]:
    """Members that every answer has."""
    return {name: required(field) for name, field in members.items()}


DOCUMENT = Object(about="What programs keep; its inside is theirs.")
"""Metadata: any object."""

TIME = Integer(about="Milliseconds since 1970 UTC.")
