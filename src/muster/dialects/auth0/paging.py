"""How lists are cut into pages, and documents into the members that were asked for.

There are two forms. By offset: a bare array, or with `include_totals` an object that counts. By checkpoint, wherever `take` or
`from` is given: an object whose `next` leads to the following page and is absent on the last one.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlencode

from muster.core.query import Page
from muster.core.records import Record
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Header, Reply, json_reply

R = TypeVar("R", bound=Record)
T = TypeVar("T")

Document = dict[str, Any]

DEFAULT_TAKE = 50


class Offset(NamedTuple):
    """A page by offset, and whether the answer counts."""

    page: Page
    totals: bool


class Shape(NamedTuple):
    """The members of an answer that were asked for (`include`), or asked to be left out."""

    names: frozenset[str]
    include: bool


def offset_of(asked: Mapping[str, Any], *, default: int) -> Offset:
    """The page that a checked query asks for; `default` items when it does not say how many."""
    size = asked.get("per_page", default)
    return Offset(Page(asked.get("page", 0) * size, size), asked.get("include_totals", False))


def show_page(paging: Offset, key: str, items: Sequence[Any], total: int, *, length: bool = False) -> Document:
    """A page with its totals; some lists also tell the `length` of the page."""
    counted: Document = {"start": paging.page.offset, "limit": paging.page.limit}
    if length:
        counted["length"] = len(items)
    return {**counted, key: items, "total": total}


def chosen(asked: Mapping[str, Any]) -> Shape | None:
    """What `fields` and `include_fields` ask for; None for everything."""
    names = asked.get("fields")
    return Shape(frozenset(names), asked.get("include_fields", True)) if names else None


def project(document: Document, shape: Shape | None) -> Document:
    """The document with only the members asked for."""
    if shape is None:
        return document
    return {name: value for name, value in document.items() if (name in shape.names) is shape.include}


def list_reply(
    call: Call,
    asked: Mapping[str, Any],
    key: str,
    records: Sequence[R],
    show: Callable[[R], Document],
    *,
    default: int = 50,
    checkpoint: bool = True,
) -> Reply:
    """One page of records that are few enough to be read at once, in either form.

    Where both forms are served, the answer also leads on in `Link` headers (RFC 8288).
    """
    shape = chosen(asked)
    ordered = sorted(records, key=_place)
    if checkpoint and ("take" in asked or "from" in asked):
        taken, following = take_page(ordered, asked, _place)
        answer: Document = {key: [project(show(record), shape) for record in taken]}
        links = {}
        if following is not None:
            answer["next"] = following
            links["next"] = {"from": following}
        return json_reply(200, answer, _links(call, links))
    paging = offset_of(asked, default=default)
    start, limit = paging.page.offset, paging.page.limit
    items = [project(show(record), shape) for record in ordered[start : start + limit]]
    links = _offset_links(start, limit, len(ordered)) if checkpoint else {}
    value = show_page(paging, key, items, len(ordered)) if paging.totals else items
    return json_reply(200, value, _links(call, links))


def take_page(
    ordered: Sequence[T], asked: Mapping[str, Any], place: Callable[[T], tuple[int, str]]
) -> tuple[Sequence[T], str | None]:
    """The items after the checkpoint, at most `take` of them, and the next checkpoint if more follow.

    A checkpoint is a place in the order, not an item: it stays good when the item it was made of is deleted.
    """
    after = asked.get("from")
    if after:
        start = _read_checkpoint(after)
        ordered = [item for item in ordered if place(item) > start]
    size = asked.get("take", DEFAULT_TAKE)
    page = ordered[:size]
    return page, write_checkpoint(*place(page[-1])) if len(ordered) > size else None


def write_checkpoint(created_at: int, id_: str) -> str:
    """The opaque form of a place in a list that is ordered by creation."""
    return base64.urlsafe_b64encode(f"{created_at} {id_}".encode()).rstrip(b"=").decode()


def _read_checkpoint(text: str) -> tuple[int, str]:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        at, _, id_ = raw.decode().partition(" ")
        if not id_:
            raise _bad_checkpoint()
        return int(at), id_
    except (binascii.Error, ValueError):
        raise _bad_checkpoint() from None


def _bad_checkpoint() -> BadRequest:
    return BadRequest(
        "invalid_query_string",
        message="The checkpoint ID provided in the 'from' parameter has expired or is invalid, "
        "please remove the checkpoint ID and try again",
    )


def _place(record: Record) -> tuple[int, str]:
    return record.created_at, record.id


def _offset_links(start: int, limit: int, total: int) -> dict[str, dict[str, str]]:
    if not limit:
        return {}
    page, last = start // limit, max(0, (total - 1) // limit)
    links = {"first": {"page": "0"}}
    if page < last:
        links["next"] = {"page": str(page + 1)}
    return {**links, "last": {"page": str(last)}}


def _links(call: Call, links: Mapping[str, Mapping[str, str]]) -> list[Header]:
    """The same call with other parameters, once for each relation."""
    if not links:
        return []
    path = call.raw_path.decode("latin-1").strip("/")
    rows = []
    for relation, other in links.items():
        query = {**call.query(), **{name: [value] for name, value in other.items()}}
        rows.append(f'<{call.address}{path}?{urlencode(query, doseq=True)}>; rel="{relation}"')
    return [(b"link", ", ".join(rows).encode("latin-1"))]
