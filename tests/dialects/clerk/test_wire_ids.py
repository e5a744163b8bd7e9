"""Ids: reversible, in order of age, and never what was not written here."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.ids import new_id
from muster.core.records import Key
from muster.dialects.clerk.problems import Refused
from muster.dialects.clerk.wire.ids import read_id, read_user_id, show_id
from muster.dialects.clerk.wire.times import read_time


@given(st.integers(1_400_000_000_000, 4_000_000_000_000))
def test_an_id_comes_back(now: int) -> None:
    id_ = new_id(now)
    shown = show_id("user", id_)
    assert len(shown) == 32
    assert read_id("user", shown) == id_
    assert read_id("org", shown) is None
    assert show_id("user", new_id(now + 1000)) > shown


@given(st.text(max_size=40))
def test_other_texts_are_no_ids(text: str) -> None:
    assert read_id("user", text) is None
    assert read_id("user", f"user_{text}") is None
    assert isinstance(read_user_id(text), Key)


def test_a_real_ksuid_is_a_foreign_id() -> None:
    assert read_user_id("user_2g7np7Hrk0SN6kj5EDMLDaKNL0S") == Key("", "id:clerk", "user_2g7np7Hrk0SN6kj5EDMLDaKNL0S")
    assert read_id("user", "user_" + "z" * 27) is None


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2022-10-20T10:00:27.645Z", 1666260027645),
        ("2022-10-20T12:00:27.6459+02:00", 1666260027645),
        ("2022-10-20 10:00:27z", 1666260027000),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_times(text: str, at: int) -> None:
    assert read_time("created_at", text) == at


@pytest.mark.parametrize("text", ["", "2022-10-20", "2022-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "1666260027645"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(Refused, match="form_param_invalid_time"):
        read_time("created_at", text)
