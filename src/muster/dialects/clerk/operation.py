"""What this dialect keeps beside each of its routes, and how a handler reads a call by it."""

from typing import Any

import msgspec

from muster.dialects.clerk.checking import body_invalid, check_body, check_list_body, check_query
from muster.dialects.clerk.problems import refused
from muster.dialects.kit.body import parse_json
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.fields import Field, List, Object


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the contract. `form` describes a body with a file, which the handler reads itself."""

    query: Object | None = None
    body: Object | None = None
    bodies: List | None = None
    form: Object | None = None
    answer: Field


def operation_of(call: Call) -> Operation:
    """The operation that the call's route stands for."""
    if call.route is None or not isinstance(call.route.about, Operation):
        raise LookupError(f"no operation is told for {call.method} {call.raw_path!r}")
    return call.route.about


def query_of(call: Call) -> dict[str, Any]:
    """The query's parameters, checked and converted."""
    schema = operation_of(call).query
    return {} if schema is None else check_query(schema, call.query())


def body_of(call: Call) -> dict[str, Any]:
    """The JSON body, checked. Nothing and a null stand for an empty object: clients send both where there is nothing to say."""
    schema = operation_of(call).body
    if schema is None:
        raise LookupError(f"{call.method} {call.raw_path!r} takes no body")
    value = _json(call)
    return check_body(schema, {} if value is None else value)


def bodies_of(call: Call) -> list[dict[str, Any]]:
    """The JSON array of objects, each checked."""
    schema = operation_of(call).bodies
    if schema is None or not isinstance(schema.items, Object):
        raise LookupError(f"{call.method} {call.raw_path!r} takes no array")
    return check_list_body(schema.items, _json(call))


def _json(call: Call) -> Any:
    if not call.body.strip():
        return None
    media = (call.header(b"content-type") or b"application/json").partition(b";")[0].strip().lower()
    if media != b"application/json":
        text = f"Content-Type {media.decode('latin-1')[:100]} is unsupported. You should use application/json instead."
        raise refused(415, "unsupported_content_type", "Content-Type is unsupported", text)
    try:
        return parse_json(call.body)
    except BadRequest:
        raise body_invalid() from None
