"""The framework's text form of nested values."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muster.dialects.kit.errors import BadRequest
from muster.dialects.netwrix.wire.jsv import parse_jsv
from tests.dialects.netwrix.service import jsv

NAMES = st.text(st.characters(codec="utf-8", exclude_characters='[]{},":', exclude_categories=["Z", "C"]), min_size=1)
TEXTS = st.text(st.characters(codec="utf-8")).filter(lambda text: text == text.strip() != "")
VALUES = st.recursive(
    TEXTS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=12
)


@settings(max_examples=25)
@given(st.dictionaries(NAMES, VALUES, max_size=5))
def test_what_is_written_is_read(value: dict[str, Any]) -> None:
    assert parse_jsv(jsv(value)) == value


@settings(max_examples=50)
@given(st.text(alphabet='[]{},":a \n'))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        parse_jsv(text)
    except BadRequest as refused:
        assert refused.code == "not_jsv"  # noqa: PT017 - another code would be another fault


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{UserName:user1,Roles:[user]}", {"UserName": "user1", "Roles": ["user"]}),
        ('{A:"x,y",B:"say ""hi"""}', {"A": "x,y", "B": 'say "hi"'}),
        ("{A:,B:[],C:{}}", {"A": None, "B": [], "C": {}}),
        ("{At:2025-08-21T10:23:32Z}", {"At": "2025-08-21T10:23:32Z"}),
        (" { A : x , B : [ y , z ] } ", {"A": "x", "B": ["y", "z"]}),
        ('{"UserName":"user1"}', {"UserName": "user1"}),
        ('{A:""}', {"A": ""}),
        ("[{A:x},{A:y}]", [{"A": "x"}, {"A": "y"}]),
    ],
)
def test_examples(text: str, value: Any) -> None:
    assert parse_jsv(text) == value


@pytest.mark.parametrize("text", ["{", "{A", "{A:", "{A:x", '{A:"x', "[x", "[x}", "{A:x]", "{A:x}y", "x,y", '{A:x"y"}'])
def test_what_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadRequest, match="not_jsv"):
        parse_jsv(text)


def test_depth_costs_no_stack() -> None:
    assert parse_jsv("[" * 100 + "]" * 100)
    with pytest.raises(BadRequest, match="too_deep"):
        parse_jsv("[" * 100_000)
