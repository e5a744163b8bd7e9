"""How lists are cut into pages and put in order. What a page is of stands in the header `X-Pagination`; the body is a bare
array.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from muster.core.query import Page
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Reply, json_reply

T = TypeVar("T")

DEFAULT_SIZE = 10
MOST_SIZE = 1_000
MOST_PAGE = 1_000_000_000


class PageModel(msgspec.Struct):
    """The header's JSON."""

    page_size: int
    current_page: int
    total_count: int
    has_previous: bool
    has_next: bool


def page_of(call: Call) -> Page:
    """The page that a call asks for; the first is 1, of 10 items."""
    size = _whole(call, "size", DEFAULT_SIZE, MOST_SIZE)
    return Page((_whole(call, "page", 1, MOST_PAGE) - 1) * size, size)


def sort_of(call: Call, fields: Mapping[str, str]) -> tuple[str, bool] | None:
    """What to sort by, in the words that `fields` maps to, and whether descending; None for the usual order."""
    text = parameter(call, "sort")
    if not text:
        return None
    name, _, direction = text.rpartition(":")
    if name not in fields or direction not in ("1", "-1"):
        raise BadRequest("sort", message=f"sort must be <field>:1 or <field>:-1; the fields are {', '.join(fields)}.")
    return fields[name], direction == "-1"


def parameter(call: Call, name: str) -> str | None:
    """The last value of a query parameter."""
    values = call.query().get(name)
    return values[-1] if values else None


def list_reply(items: Sequence[Any], page: Page, total: int) -> Reply:
    """One page of a list of so many."""
    number = page.offset // page.limit + 1
    model = PageModel(page.limit, number, total, number > 1, page.offset + page.limit < total)
    return json_reply(200, items, [(b"x-pagination", msgspec.json.encode(model))])


def cut(
    call: Call, records: Sequence[T], by: Callable[[T, str], Any], fields: Mapping[str, str]
) -> tuple[Sequence[T], Page]:
    """One page of what is few enough to be read at once. Records without what is sorted by come last."""
    page, asked = page_of(call), sort_of(call, fields)
    ordered = list(records)
    if asked is not None:
        name, descending = asked
        having = [record for record in ordered if by(record, name) is not None]
        having.sort(key=lambda record: by(record, name), reverse=descending)
        ordered = having + [record for record in ordered if by(record, name) is None]
    return ordered[page.offset : page.offset + page.limit], page


def _whole(call: Call, name: str, default: int, most: int) -> int:
    text = parameter(call, name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and 1 <= int(text) <= most):
        raise BadRequest("paging", message=f"{name} must be a whole number from 1 to {most}.")
    return int(text)
