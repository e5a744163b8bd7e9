"""What this dialect keeps beside each of its routes, and how a handler reads a call by it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muster.dialects.kit.body import parse_json
from muster.dialects.kit.call import Call, parse_query
from muster.dialects.kit.errors import BadRequest, NoRoute
from muster.dialects.kit.routes import Handler, Route
from muster.dialects.netwrix.schema.fields import Answer, Shape
from muster.dialects.netwrix.wire.binding import Bound, bind
from muster.dialects.netwrix.wire.jsv import parse_jsv

FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"
JSV: Final = frozenset({"application/jsv", "text/jsv"})


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the contract. `answer` is its success; with `is_list` it answers with many.

    Every operation takes its members from the query too; `told_in_query` are those whose POST is described so.
    `while_waiting` opens it to a session that still waits for a second factor or a new password.
    """

    request: Shape
    answer: Answer = None
    is_list: bool = False
    told_in_query: bool = False
    while_waiting: bool = False


def both(
    path: str,
    handler: Handler,
    operation: Operation,
    *,
    needs: tuple[str, ...] | None = (),
    verbs: tuple[str, ...] = ("GET", "POST"),
) -> list[Route]:
    """The routes of an operation, one for each verb. `needs` as `Route.needs`; of none, any session will do."""
    return [Route(verb, path, handler, needs, title=operation.request.name, about=operation) for verb in verbs]


def operation_of(call: Call) -> Operation:
    """The operation that the call's route stands for."""
    if call.route is None or not isinstance(call.route.about, Operation):
        raise LookupError(f"no operation is told for {call.method} {call.raw_path!r}")
    return call.route.about


def request_of(call: Call) -> Bound:
    """The members of the request object: from the query, over that from the body, over both from the path."""
    if call.method == "HEAD":  # many of the GET twins change something, which a HEAD must not
        raise NoRoute("method", allow=("GET", "POST"))
    shape = operation_of(call).request
    return bind(shape, _flat(call.query()), _body(call), call.path)


def required(request: Mapping[str, Any], *names: str) -> None:
    """Refuse a request in which one of the members is missing or empty, naming each."""
    missing = [name for name in names if not request.get(name)]
    if missing:
        raise BadRequest("not_empty", fields=missing)


def _body(call: Call) -> Mapping[str, Any]:
    if not call.body.strip():
        return {}
    sent = call.header(b"content-type")
    media = (sent or b"").partition(b";")[0].strip().lower().decode("latin-1")
    if not media:
        media = JSON if call.body.lstrip()[:1] == b"{" else FORM
    if media == FORM:
        return _flat(parse_query(call.body.strip()))
    if media in JSV:
        value = parse_jsv(_text(call.body))
    elif media == JSON or media.endswith("+json"):
        value = parse_json(call.body)
    else:
        raise BadRequest("media_type", media=media)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest("not_an_object", request=operation_of(call).request.name)
    return value


def _text(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise BadRequest("not_utf8") from None
    if "\0" in text:
        raise BadRequest("nul")
    return text


def _flat(values: Mapping[str, list[str]]) -> dict[str, Any]:
    """A name that is given once is a text, one that is repeated a list of texts."""
    return {name: given[0] if len(given) == 1 else list(given) for name, given in values.items()}
