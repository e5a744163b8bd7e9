"""The few kinds of members that this API's objects have, and how each is described in OpenAPI."""

from collections.abc import Mapping
from typing import Any

import msgspec

Document = dict[str, Any]


class Text(msgspec.Struct, frozen=True, tag=True):
    """A text; null and absent are the same."""

    nullable: bool = True
    format: str | None = None


class Flag(msgspec.Struct, frozen=True, tag=True):
    """True or false."""

    nullable: bool = False


class Whole(msgspec.Struct, frozen=True, tag=True):
    """A whole number of so many bits, signed."""

    bits: int = 32


class Texts(msgspec.Struct, frozen=True, tag=True):
    """A list of texts."""

    nullable: bool = True


class Free(msgspec.Struct, frozen=True, tag=True):
    """An object with any members."""


class Member(msgspec.Struct, frozen=True, tag=True):
    """An object of a named shape."""

    shape: "Shape"


class Members(msgspec.Struct, frozen=True, tag=True):
    """A list of objects of a named shape."""

    shape: "Shape"
    nullable: bool = True


class Shape(msgspec.Struct, frozen=True, tag=True):
    """A named object. `required` is what the description says of it; what a request must have is its operation's rule."""

    name: str
    members: Mapping[str, "Field"]
    required: tuple[str, ...] = ()


Field = Text | Flag | Whole | Texts | Free | Member | Members

Answer = Shape | Field | None
"""What an operation answers with; None for no body."""


def schema_of(field: Field | Shape) -> Document:
    """A member as JSON Schema (2020-12); shapes by reference."""
    match field:
        case Shape(name=name):
            return {"$ref": f"#/components/schemas/{name}"}
        case Text(nullable=nullable, format=format_):
            schema: Document = {"type": ["string", "null"] if nullable else "string"}
            return {**schema, "format": format_} if format_ else schema
        case Flag(nullable=nullable):
            return {"type": ["boolean", "null"] if nullable else "boolean"}
        case Whole(bits=bits):
            return {"type": "integer", "format": f"int{bits}"}
        case Texts(nullable=nullable):
            return {"type": ["array", "null"] if nullable else "array", "items": {"type": "string"}}
        case Free():
            return {"type": ["object", "null"], "additionalProperties": {"type": "string"}}
        case Member(shape=shape):
            return {"anyOf": [schema_of(shape), {"type": "null"}]}
        case Members(shape=shape, nullable=nullable):
            return {"type": ["array", "null"] if nullable else "array", "items": schema_of(shape)}


def whole_schema(shape: Shape) -> Document:
    """A shape itself."""
    schema: Document = {
        "type": "object",
        "properties": {name: schema_of(member) for name, member in shape.members.items()},
    }
    return {**schema, "required": list(shape.required)} if shape.required else schema
