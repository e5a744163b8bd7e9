"""How lists are cut into pages, and documents into members."""

from typing import Any

import pytest

from muster.core.query import Page
from muster.dialects.auth0.paging import (
    Offset,
    Shape,
    chosen,
    offset_of,
    project,
    show_page,
    take_page,
    write_checkpoint,
)
from muster.dialects.kit.errors import BadRequest


def place(number: int) -> tuple[int, str]:
    return number // 2, f"id{number}"


def test_a_page_by_offset() -> None:
    assert offset_of({}, default=50) == Offset(Page(0, 50), totals=False)
    assert offset_of({"page": 3, "per_page": 7, "include_totals": True}, default=50) == Offset(Page(21, 7), totals=True)
    assert offset_of({"page": 3, "per_page": 0}, default=50) == Offset(Page(0, 0), totals=False)


def test_totals() -> None:
    paging = Offset(Page(10, 5), totals=True)
    assert show_page(paging, "roles", ["a"], 11) == {"start": 10, "limit": 5, "roles": ["a"], "total": 11}
    assert show_page(paging, "users", ["a"], 11, length=True) == {
        "start": 10,
        "limit": 5,
        "length": 1,
        "users": ["a"],
        "total": 11,
    }


def test_checkpoints_lead_through_everything_once() -> None:
    items, seen = list(range(7)), []
    asked: dict[str, Any] = {"take": 3}
    while True:
        page, following = take_page(items, asked, place)
        seen.append(list(page))
        if following is None:
            break
        asked = {"take": 3, "from": following}
    assert seen == [[0, 1, 2], [3, 4, 5], [6]]


def test_a_checkpoint_outlives_its_item() -> None:
    page, following = take_page([0, 1, 2, 3], {"take": 2}, place)
    assert page == [0, 1]
    assert take_page([0, 2, 3], {"take": 5, "from": following}, place) == ([2, 3], None)


def test_fifty_are_taken_unless_asked_otherwise() -> None:
    page, following = take_page(range(51), {}, place)
    assert (len(page), following) == (50, write_checkpoint(24, "id49"))
    assert take_page([], {"take": 1}, place) == ([], None)


@pytest.mark.parametrize("text", ["x", "!", "%00", "MTIz", "9" * 1000, "eCB5", write_checkpoint(1, ""), "é"])
def test_a_bad_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        take_page([1], {"from": text}, place)
    assert (refused.value.code, refused.value.detail) == (
        "invalid_query_string",
        {
            "message": "The checkpoint ID provided in the 'from' parameter has expired or is invalid, please remove the "
            "checkpoint ID and try again"
        },
    )


def test_members_asked_for_and_left_out() -> None:
    document: dict[str, Any] = {"a": 1, "b": None, "c": {}}
    assert chosen({}) is None
    assert chosen({"fields": (), "include_fields": False}) is None
    assert chosen({"fields": ("a",)}) == Shape(frozenset({"a"}), include=True)
    assert project(document, None) is document
    assert project(document, chosen({"fields": ("c", "a", "x")})) == {"a": 1, "c": {}}
    assert project(document, chosen({"fields": ("a",), "include_fields": False})) == {"b": None, "c": {}}
