"""What this dialect keeps beside each of its routes, and how a handler reads a call by it."""

from collections.abc import Mapping
from typing import Any

import msgspec

from muster.dialects.auth0.validation import check_body, check_path, check_query
from muster.dialects.kit.call import Call
from muster.dialects.kit.fields import Field, Object


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the contract.

    `scopes` are the vendor's words for what a caller must hold, any one of them; the 403 text tells them in this order.
    `form` describes a body with a file, which the handler reads and checks itself.
    A `query` of None lets any parameter pass unread; `answers` are the bodies by status, None for no body.
    """

    scopes: tuple[str, ...] = ()
    path: Object | None = None
    query: Object | None = None
    body: Field | None = None
    form: Object | None = None
    answers: Mapping[int, Field | None] = {}


def operation_of(call: Call) -> Operation:
    """The operation that the call's route stands for."""
    if call.route is None or not isinstance(call.route.about, Operation):
        raise LookupError(f"no operation is told for {call.method} {call.raw_path!r}")
    return call.route.about


def path_of(call: Call) -> Mapping[str, str]:
    """The path's parameters, checked."""
    schema = operation_of(call).path
    return call.path if schema is None else check_path(schema, call.path)


def query_of(call: Call) -> dict[str, Any]:
    """The query's parameters, checked and converted; empty when the operation reads none."""
    schema = operation_of(call).query
    return {} if schema is None else check_query(schema, call.query())


def body_of(call: Call) -> Any:
    """The JSON body, checked."""
    schema = operation_of(call).body
    if schema is None:
        raise LookupError(f"{call.method} {call.raw_path!r} takes no body")
    return check_body(schema, call.json())
