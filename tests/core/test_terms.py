"""What a user is found by, and what a change does to it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.ids import UserId
from muster.core.users import terms
from muster.core.users.model import Link, Metadata, Origin, Profile, User
from muster.core.users.terms import facts_of, identifying_texts, moved_terms, terms_of


def user(**members: Any) -> User:
    return User(id=UserId("u1"), realm="r", origin=Origin(door="muster"), **members)


def link(**members: Any) -> Link:
    return Link(id="l", connection_id="c", provider="p", subject="s", created_at=1, updated_at=1, **members)


def test_every_kind_of_value_has_its_own_form() -> None:
    private = {
        "t": "A",
        "n": 1,
        "b": True,
        "none": None,
        "list": [1, {"in": "x"}],
        "a.b": "dot",
        "big": 10**400,
        "o": {},
    }
    facts = [fact for fact in facts_of(user(metadata=Metadata.of(private=private))) if "private" in fact[0]]
    assert set(facts) == {
        ("{private", 1.0), ("private.t", "A"), ("private.n", 1.0), ("?private.b", 1.0), ("private.list", 1.0),
        ("{private.list", 1.0), ("private.list.in", "x"), ("private.a\\.b", "dot"), ("private.big", str(10**400)),
    }  # fmt: skip


def test_a_long_text_is_cut_and_told_apart_by_a_hash() -> None:
    (one,), (other,) = (
        [
            term
            for term in terms_of(user(metadata=Metadata.of(private={"t": "x" * 300 + end})))[0]
            if term[0] == "private.t"
        ]
        for end in "ab"
    )
    assert one != other
    assert str(one[1])[:201] == "x" * 200 + "…"
    assert len(str(one[1])) == 265


def test_identities_elsewhere_are_found_by_what_they_brought() -> None:
    facts = facts_of(user(links=[link(kind="social", profile={"hd": "example.org", "age": 3})]))
    assert {("?link.social", 1.0), ("link.profile.hd", "example.org"), ("link.profile.age", 3.0)} <= set(facts)


def test_identifying_texts_are_folded_and_stand_there_once() -> None:
    somebody = user(profile=Profile(name="ANN Straße", given_name="ANN", family_name="Straße"))
    assert identifying_texts(somebody) == ["ann strasse", "ann", "strasse", "u1"]


def test_an_internal_user_has_no_terms() -> None:
    hidden = user(internal=True)
    assert terms_of(hidden) == (frozenset(), False)
    assert moved_terms(hidden, replace(hidden, internal=False)).added == terms_of(replace(hidden, internal=False))[0]


values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "a", "x" * 300]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "a.b", "a\\"]), inner, max_size=3)
    ),
    max_leaves=6,
)
documents = st.none() | st.dictionaries(st.sampled_from(["a", "b", "a.b", "a\\"]), values, max_size=4)
states = st.builds(
    lambda private, public, name, suspended, internal: user(
        metadata=Metadata.of(private=private, public=public),
        profile=Profile(given_name=name),
        suspended=suspended,
        internal=internal,
    ),
    documents,
    documents,
    st.none() | st.sampled_from(["Ann", "Bo"]),
    st.none() | st.booleans(),
    st.booleans(),
)


@pytest.mark.parametrize("most", [5, 1000])
@given(before=states, other=states, kept=st.sampled_from(["none", "metadata", "profile", "values"]))
def test_a_change_moves_exactly_what_differs(most: int, before: User, other: User, kept: str) -> None:
    after = other
    if kept in ("metadata", "profile"):
        after = replace(other, **{kept: getattr(before, kept)})
    elif kept == "values":
        after = replace(before, metadata=Metadata.of(private={**(before.metadata.private or {}), "a": "new"}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(terms, "MOST_TERMS", most)
        had, (wants, overflow) = terms_of(before)[0], terms_of(after)
        moved = moved_terms(before, after)
    assert (moved.freed, moved.added, moved.overflow) == (had - wants, wants - had, overflow)
