"""What this dialect keeps beside each of its routes, and how a handler reads a call by it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from muster.core.issued_credentials.actions import Place as CredentialPlace
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.mattr.schema.checking import Problem, Schema, problem, problems
from muster.dialects.mattr.schema.shapes import PAGE, USUAL_PAGE
from muster.dialects.mattr.wire.cursors import Place, read_cursor
from muster.dialects.mattr.wire.ids import parse_uuid

_LONGEST_NUMBER_TEXT: Final = 20
_NUMBER: Final = frozenset("0123456789.+-eE")


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """An operation of the contract. `type` begins the types of its analytic events; None for one that tells of none.

    `answers` are the bodies by status, None for no body.
    """

    id: str
    type: str | None = None
    query: Schema = {}
    body: Schema | None = None
    answers: Mapping[int, Schema | None]


class Paging(msgspec.Struct, frozen=True):
    """Which page is wanted."""

    limit: int = USUAL_PAGE
    after: Place | None = None


def refuse(*details: Problem) -> BadRequest:
    """The refusal of a request some of whose members are not valid."""
    return BadRequest("validation", details=list(details))


def id_of(call: Call, name: str = "id") -> str:
    """The id in the path, as the core keeps ids."""
    found = parse_uuid(call.path[name])
    if found is None:
        raise refuse(problem(name, "params", call.path[name]))
    return found


def body_of(call: Call) -> dict[str, Any]:
    """The JSON body, checked."""
    assert call.route is not None, "a handler runs for a route"
    operation: Operation = call.route.about
    assert operation.body is not None, f"{operation.id} takes no body"
    value = call.json()
    found = list(problems(operation.body, value, "body"))
    if found:
        raise refuse(*found)
    checked: dict[str, Any] = value
    return checked


def paging_of(call: Call) -> Paging:
    """The page that a query asks for."""
    query = call.query()
    asked: dict[str, Any] = {name: query[name][-1] for name in PAGE if name in query}
    if "limit" in asked:
        asked["limit"] = _number(asked["limit"])
    found = [item for name, value in asked.items() for item in problems(PAGE[name], value, "query", name)]
    if found:
        raise refuse(*found)
    return paging_in(asked, "query")


def paging_in(asked: Mapping[str, Any], location: str) -> Paging:
    """The page that checked parameters ask for."""
    after = None
    if "cursor" in asked:
        after = read_cursor(asked["cursor"])
        if after is None:
            raise refuse(problem("cursor", location, asked["cursor"]))
    return Paging(int(asked.get("limit", USUAL_PAGE)), after)


def credential_place(place: Place | None) -> CredentialPlace | None:
    """A place in the list of issued credentials."""
    return None if place is None else CredentialPlace(place.at, place.id)


def _number(text: str) -> float | str:
    """The number that a query's text spells; the text itself where it spells none."""
    if not 1 <= len(text) <= _LONGEST_NUMBER_TEXT or not _NUMBER.issuperset(text):
        return text
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value.is_integer() else value
