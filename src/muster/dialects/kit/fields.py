"""The words in which bodies, queries and answers are described: a small part of JSON Schema (2020-12), as plain values.

`about` is one sentence. Clients see it in `openapi.json`, and where a vendor's refusals describe what was expected, in those.
"""

from collections.abc import Mapping

import msgspec


class Field(msgspec.Struct, frozen=True):
    """Any JSON value. `required` is read by the object or query that the field belongs to."""

    about: str = ""
    nullable: bool = False
    required: bool = False
    deprecated: bool = False


class Text(Field, frozen=True, kw_only=True):
    """A string; lengths are in code points, `pattern` is a regular expression, `format` a name known to who checks it."""

    min: int | None = None
    max: int | None = None
    pattern: str | None = None
    format: str | None = None
    one_of: tuple[str, ...] = ()


class Flag(Field, frozen=True, kw_only=True):
    """A boolean; `only` when a single value of the two is taken."""

    only: bool | None = None


class Integer(Field, frozen=True, kw_only=True):
    """A whole number, bounds included."""

    min: int | None = None
    max: int | None = None


class Number(Field, frozen=True, kw_only=True):
    """Any number."""


class List(Field, frozen=True, kw_only=True):
    """An array of like items; in a query, a parameter that may be repeated."""

    items: Field = Field()
    min: int | None = None
    max: int | None = None


class Object(Field, frozen=True, kw_only=True):
    """An object. A closed one refuses members that are not in its table; `values` describes those of an open one."""

    members: Mapping[str, Field] = {}
    closed: bool = False
    values: Field | None = None
    min: int | None = None
    max: int | None = None


class OneOf(Field, frozen=True, kw_only=True):
    """Something with several shapes; one of them must fit."""

    shapes: tuple[Field, ...] = ()


def required(field: Field) -> Field:
    """The same field, required where it stands."""
    return msgspec.structs.replace(field, required=True)


def optional(field: Field) -> Field:
    """The same field, which may be left out."""
    return msgspec.structs.replace(field, required=False)


def nullable(field: Field) -> Field:
    """The same field, which may be null."""
    return msgspec.structs.replace(field, nullable=True)


def described(field: Field, about: str) -> Field:
    """The same field under another description."""
    return msgspec.structs.replace(field, about=about)


def always(**members: Field) -> dict[str, Field]:
    """Members that every answer has."""
    return {name: required(field) for name, field in members.items()}
