"""Fields as JSON Schema (2020-12), for the document in which a dialect describes itself."""

from collections.abc import Mapping
from typing import Any, Final

from muster.dialects.kit.fields import Field, Flag, Integer, List, Number, Object, OneOf, Text

Schema = dict[str, Any]

_TYPES: Final = (
    (Text, "string"),
    (Flag, "boolean"),
    (Integer, "integer"),
    (Number, "number"),
    (List, "array"),
    (Object, "object"),
)


class Schemas:
    """The schemas of one document. What is `named` is written once and referred to wherever it stands, the same value itself."""

    def __init__(self, named: Mapping[str, Field]) -> None:
        self._named = named
        self._references = {id(field): f"#/components/schemas/{name}" for name, field in named.items()}

    def components(self) -> dict[str, Schema]:
        """The named schemas, written out."""
        return {name: self._written(field) for name, field in self._named.items()}

    def of(self, field: Field) -> Schema:
        """A field, or the reference to it."""
        reference = self._references.get(id(field))
        return self._written(field) if reference is None else {"$ref": reference}

    def content(self, field: Field, media: str = "application/json") -> Schema:
        """A body of that media type."""
        return {media: {"schema": self.of(field)}}

    def _written(self, field: Field) -> Schema:
        schema: Schema = {"description": field.about} if field.about else {}
        kind = next((name for shape, name in _TYPES if isinstance(field, shape)), None)
        if kind is not None:
            schema["type"] = [kind, "null"] if field.nullable else kind
        if field.deprecated:
            schema["deprecated"] = True
        match field:
            case Text():
                schema |= _present(minLength=field.min, maxLength=field.max, pattern=field.pattern, format=field.format)
                if field.one_of:
                    schema["enum"] = [*field.one_of, None] if field.nullable else list(field.one_of)
            case Flag():
                schema |= _present(const=field.only)
            case Integer():
                schema |= _present(minimum=field.min, maximum=field.max)
            case List():
                schema |= {"items": self.of(field.items), **_present(minItems=field.min, maxItems=field.max)}
            case Object():
                schema |= self._object(field)
            case OneOf():
                schema["oneOf"] = [self.of(shape) for shape in field.shapes]
        return schema

    def _object(self, field: Object) -> Schema:
        schema = _present(minProperties=field.min, maxProperties=field.max)
        if field.members:
            schema["properties"] = {name: self.of(member) for name, member in field.members.items()}
        needed = [name for name, member in field.members.items() if member.required]
        if needed:
            schema["required"] = needed
        schema["additionalProperties"] = self.of(field.values) if field.values is not None else not field.closed
        return schema


def _present(**values: object) -> Schema:
    return {name: value for name, value in values.items() if value is not None}
