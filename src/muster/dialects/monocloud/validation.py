"""Checks what a client sent against the shapes of `schema/`, and says of every member what is wrong with it.

A body that fits is converted in one go. Only one that does not is looked at member by member.
"""

from typing import Any, TypeVar

import msgspec

from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.monocloud.problems import KeyProblem

B = TypeVar("B", bound=msgspec.Struct)


def document_of(call: Call) -> dict[str, Any]:
    """The body as an object. Clients send the media type of JSON with no body at all, which is an empty object."""
    if not call.body.strip():
        return {}
    value = call.json()
    if not isinstance(value, dict):
        raise BadRequest("not_object")
    return value


def body_of(call: Call, shape: type[B]) -> B:
    """The body in that shape; members that it does not have are passed over."""
    return checked(shape, document_of(call))


def checked(shape: type[B], document: dict[str, Any]) -> B:
    """The document in that shape; `KeyProblem` with every member that does not fit."""
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError:
        raise KeyProblem(_faults(shape, document, "")) from None


def _faults(shape: type[msgspec.Struct], document: dict[str, Any], path: str) -> dict[str, list[str]]:
    faults: dict[str, list[str]] = {}
    for field in msgspec.structs.fields(shape):
        name = field.encode_name
        if name not in document:
            if field.required:
                faults[path + name] = [f"The {name} field is required."]
            continue
        value = document[name]
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct) and isinstance(value, dict):
            faults |= _faults(field.type, value, f"{path}{name}.")
            continue
        try:
            msgspec.convert(value, field.type)
        except msgspec.ValidationError as problem:
            message, _, place = str(problem).partition(" - at `$")
            faults[path + name + place.rstrip("`")] = [message]
    return faults
