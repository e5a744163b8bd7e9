"""Checks a value against the JSON Schema (2020-12) that also describes it, and tells of every member that fails.

Only the keywords that this API's schemas use are understood; another one is an error of ours, not the caller's.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from muster.dialects.mattr.wire.ids import parse_uuid
from muster.dialects.mattr.wire.times import parse_time

Schema = Mapping[str, Any]
Problem = dict[str, Any]

MESSAGE: Final = "Invalid value"

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
}
_FORMATS: Final[Mapping[str, Callable[[str], bool]]] = {
    "uuid": lambda text: parse_uuid(text) is not None,
    "date-time": lambda text: parse_time(text) is not None,
    "uri": bool,  # the handler that takes one reads it
}
_ONE_VALUE: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "type": lambda value, name: _TYPES[name](value),
    "enum": lambda value, allowed: value in allowed,
    "format": lambda value, name: _FORMATS[name](value),
    "minLength": lambda value, limit: len(value) >= limit,
    "maxLength": lambda value, limit: len(value) <= limit,
    "minimum": lambda value, limit: value >= limit,
    "maximum": lambda value, limit: value <= limit,
    "multipleOf": lambda value, unit: math.isfinite(value) and value % unit == 0,
    "maxItems": lambda value, limit: len(value) <= limit,
    "maxProperties": lambda value, limit: len(value) <= limit,
    "contains": lambda value, wanted: wanted["const"] in value,
    "x-longest-value": lambda value, limit: all(len(_text(inner)) < limit for inner in value.values()),
}
_INNER: Final = frozenset({"properties", "required", "items", "additionalProperties"})
_NOTES: Final = frozenset({"description", "default", "example", "examples", "readOnly", "writeOnly"})

_encode: Final = msgspec.json.Encoder().encode


def problems(schema: Schema, value: Any, location: str, param: str = "") -> Iterator[Problem]:
    """One item for each member that fails: its dotted path, where it stood, and its value unless that is secret or absent."""
    for keyword, wanted in schema.items():
        if keyword in _INNER or keyword in _NOTES:
            continue
        if not _ONE_VALUE[keyword](value, wanted):
            # What has the wrong type is not looked at any further: types come first in every schema.
            yield problem(param, location) if schema.get("writeOnly") else problem(param, location, value)
            return
    if isinstance(value, dict):
        for name in schema.get("required", ()):
            if name not in value:
                yield problem(_below(param, name), location)
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                yield from problems(inner, value[name], location, _below(param, name))
    if isinstance(value, list) and "items" in schema:
        for number, item in enumerate(value):
            yield from problems(schema["items"], item, location, f"{param}[{number}]")


def problem(param: str, location: str, *value: Any) -> Problem:
    """One item of a refusal's details."""
    told: Problem = {"value": value[0]} if value else {}
    return {**told, "msg": MESSAGE, "param": param, "location": location}


def _below(param: str, name: str) -> str:
    return f"{param}.{name}" if param else name


def _text(value: Any) -> str:
    return value if isinstance(value, str) else _encode(value).decode()
