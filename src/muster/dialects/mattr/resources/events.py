"""Analytic events, newest first: what calls of this API did, and what happened to users through others."""

from collections.abc import Iterable
from typing import Any, Final

from muster.core.actor import Permissions as May
from muster.core.events import EventFilter
from muster.dialects.kit.call import Call, Query
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.mattr.operation import Operation, Paging, paging_of, refuse
from muster.dialects.mattr.schema import shapes
from muster.dialects.mattr.schema.checking import problem, problems
from muster.dialects.mattr.services import Services
from muster.dialects.mattr.wire.cursors import boundary, id_cursor
from muster.dialects.mattr.wire.events import CATEGORY, TYPES, kinds_of, show_event
from muster.dialects.mattr.wire.ids import DOOR, parse_uuid
from muster.dialects.mattr.wire.times import LATEST, parse_time

MOST_VALUES: Final = 100
"""Values that one parameter may have."""

NONE: Final = "none"
ANY: Final = "*"


async def list_events(call: Call) -> Reply:
    """One page of the events that meet all parameters; categories and types are alternatives of each other."""
    paging = paging_of(call)
    wanted = _filter(call.query(), paging)
    services: Services = call.services
    await services.read_events.flush()  # so that a program finds what it has just done
    found = [] if wanted is None else await services.events.newest(call.tenant_id, wanted, paging.limit)
    if not found:
        return json_reply(200, {"data": []})
    cursor = id_cursor(found[-1].id, "timestamp")
    return json_reply(200, {"data": [show_event(event) for event in found], "nextCursor": cursor})


def _filter(query: Query, paging: Paging) -> EventFilter | None:
    """What is asked for; None when no event can meet it."""
    lists = {name: _values(query, name) for name in shapes.EVENT_QUERY if shapes.EVENT_QUERY[name] is shapes.TEXTS}
    no_one = lists["managementUserIds"]
    if no_one is not None and NONE not in no_one:  # people of the vendor's portal, of whom there are none here
        return None
    types: Iterable[str] = TYPES
    if lists["categories"] is not None or lists["types"] is not None:
        every = TYPES if CATEGORY in (lists["categories"] or ()) else frozenset[str]()
        types = every | TYPES.intersection(lists["types"] or ())
    kinds, elsewhere = kinds_of(types)
    clients = lists["clientIds"]
    high = f"{min(_moment(query, 'dateTo', LATEST), LATEST) + 1:012x}"
    return EventFilter(
        kinds=kinds,
        kinds_elsewhere=elsewhere,
        door=DOOR,
        ids=None if lists["ids"] is None else tuple(filter(None, map(parse_uuid, lists["ids"]))),
        request_ids=lists["requestIds"],
        client_ids=None if clients is None else tuple("" if name == NONE else name for name in clients),
        any_client=clients is not None and ANY in clients,
        low=f"{_moment(query, 'dateFrom', 0):012x}",
        high=high if paging.after is None else min(high, boundary(paging.after)),
    )


def _values(query: Query, name: str) -> tuple[str, ...] | None:
    """The values of a parameter that may be repeated, or hold several with commas between; None when it is not there."""
    if name not in query:
        return None
    values = tuple(value for sent in query[name] for value in sent.split(",") if value)
    if len(values) > MOST_VALUES:
        raise refuse(problem(name, "query"))
    return values


def _moment(query: Query, name: str, default: int) -> int:
    """A moment in milliseconds."""
    if name not in query:
        return default
    text = query[name][-1]
    wrong: list[dict[str, Any]] = list(problems(shapes.MOMENT, text, "query", name))
    moment = parse_time(text)
    if wrong or moment is None:
        raise refuse(*wrong)
    return moment


EVENTS = Route(
    "GET",
    "",
    list_events,
    (May.EVENTS_READ,),
    "Retrieve analytic events",
    Operation(id="getEvents", query=shapes.EVENT_QUERY, answers={200: shapes.page_of(shapes.EVENT)}),
)
"""Its path is relative to wherever events are."""
