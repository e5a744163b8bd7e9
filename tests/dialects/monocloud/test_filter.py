"""The language of `filter` for any text at all, and over short lists."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.query import All, Everyone, Exists, Is, Like, Not, Range
from muster.core.query import Any as AnyOf
from muster.dialects.kit.errors import BadRequest
from muster.dialects.monocloud.search.meaning import FIELDS, parse
from muster.dialects.monocloud.search.plain import chooser

PIECES = st.sampled_from(
    [
        "a",
        "B",
        "é",
        " ",
        "  ",
        '"',
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ":",
        "*",
        "\\",
        "-",
        "+",
        "!",
        ">",
        "<=",
        "5",
        ".",
        "AND",
        "OR",
        "NOT",
        " TO ",
        "&&",
        "||",
        "email:",
        "disabled:",
        "creation_time:",
        "private_data.x:",
        "_exists_:",
    ]
)
TEXTS = st.one_of(st.lists(PIECES, max_size=20).map("".join), st.text(max_size=40))


def refusal(ask: Callable[[], object]) -> str | None:
    """The code that something is refused with."""
    try:
        ask()
    except BadRequest as refused:
        return refused.code
    return None


@given(TEXTS)
def test_any_text_is_a_query_or_is_refused(text: str) -> None:
    assert refusal(lambda: parse(text)) in (None, "filter")


@given(TEXTS, st.sampled_from([{"n": 5, "t": "Anna"}, {"n": None, "t": None}, {"n": True, "t": ""}]))
def test_any_text_chooses_or_is_refused(text: str, item: dict[str, Any]) -> None:
    assert refusal(lambda: chooser(text, ("n", "t"), ("t",))(item)) in (None, "filter")


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("  ", Everyone()),
        ("*:*", Everyone()),
        ("email:A@B.c", Is("emails", "a@b.c")),
        (r"name:a\ b", Is("shown_name", "a b")),
        ('name:"a \\" b"', Is("shown_name", 'a " b')),
        ("name:*", Exists("shown_name")),
        ("name:a*b*", Like("shown_name", ("a", "b", ""))),
        (r"name:a\*", Is("shown_name", "a*")),
        ("name:[a TO m}", Range("shown_name", "a", "m", high_included=False)),
        ("disabled:false", Not(Is("suspended", value=True))),
        ("creation_time:5", Range("created_at", 5000, 5999)),
        ("creation_time:{5 TO 7}", Range("created_at", 6000, 6999)),
        ("creation_time:>5", Range("created_at", 6000, None)),
        ("creation_time:<5", Range("created_at", None, 4999)),
        ("failure_count:[2 TO *]", Range("failures", 2, None)),
        ("failure_count:<2", AnyOf((Range("failures", None, 1), Not(Exists("failures"))))),
        ("external_providers.authenticator:entra_oidc", AnyOf((Is("link.provider", "entra"),))),
        (r"private_data.a\.b:x", AnyOf((Is(r"private.a\.b", "x"),))),
        ("private_data.a:[1 TO b]", Range("private.a", "1", "b")),
        ("NOT NOT email:a", Is("emails", "a")),
        (
            "email:a AND email:b OR email:c",
            AnyOf((All((Is("emails", "a"), Is("emails", "b"))), Is("emails", "c"))),
        ),
        ("email:(a b)", AnyOf((Is("emails", "a"), Is("emails", "b")))),
        ("user_id:UOtBaOybB6dTpIJNrnkRw", Is("id:monocloud", "UOtBaOybB6dTpIJNrnkRw")),
    ],
)
def test_what_a_filter_means(text: str, query: object) -> None:
    assert parse(text) == query


def test_every_field_takes_a_word_or_says_why_not() -> None:
    for name in FIELDS:
        for value in ("5", "true", "a*", "[1 TO 2]", ">1"):
            assert refusal(functools.partial(parse, f"{name}:{value}")) in (None, "filter")


def test_a_short_list_is_chosen_from() -> None:
    items = [
        {"n": 3, "t": "Anna", "f": True},
        {"n": 10, "t": "Bob Smith", "f": False},
        {"n": None, "t": None, "f": False},
    ]

    def chosen(text: str) -> list[int]:
        choose: Callable[[Any], bool] = chooser(text, ("n", "t", "f"), ("t",))
        return [number for number, item in enumerate(items) if choose(item)]

    assert {text: chosen(text) for text in CHOSEN} == CHOSEN


CHOSEN = {
    "": [0, 1, 2],
    "ANN": [0],
    "b*smith": [1],
    "t:anna": [0],
    "t:a*": [0],
    "n:10": [1],
    "n:>3": [1],
    "n:[3 TO 10}": [0],
    "n:[* TO 5]": [0],
    "t:[a TO b]": [0],
    "f:true OR n:10": [0, 1],
    "NOT f:true": [1, 2],
    "-anna AND -bob": [2],
}
