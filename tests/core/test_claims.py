"""Claims and the profile: whatever was written as claims is what is read, and others' names survive it."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from muster.core.ids import new_user_id
from muster.core.query import All
from muster.core.users.claims import (
    SHARED_FACTS,
    TEXTS,
    claim_facts,
    claims_query,
    is_same_document,
    replace_claims,
    shown_claims,
)
from muster.core.users.identifiers import add, new_address, replace_primary
from muster.core.users.matching import matches
from muster.core.users.model import Image, Origin, PostalAddress, Profile, User
from muster.core.users.profile import update_profile

NOW = 1_800_000_000_000

NAMES = ("given_name", "name", "picture", "address", "email", "email_verified", "phone_number", "other", "a.b", "a")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "Ann", "a@example.com"]) | st.just(1.0),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["locality", "country", "a", "b.c"]), inner, max_size=2)
    ),
    max_leaves=5,
)
CLAIMS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5)


def person(**members: Any) -> User:
    user = User(id=new_user_id(NOW), realm="r", origin=Origin(door="muster"), created_at=NOW, updated_at=NOW, **members)
    return add(user, "email", new_address("email", "own@example.com", NOW, verified=True))


def known() -> User:
    return person(profile=Profile(given_name="Jo", family_name="Li", name="Jo Li", address=PostalAddress(country="NZ")))


@given(st.lists(CLAIMS, min_size=1, max_size=3), st.booleans())
def test_what_was_written_is_what_is_read(writes: list[dict[str, Any]], by_others: bool) -> None:
    user = known() if by_others else person()
    for claims in writes:
        user = replace_claims(user, claims)
        assert is_same_document(shown_claims(user), claims)
        again = replace_claims(user, shown_claims(user))
        assert again == user
        assert is_same_document(again.claims, user.claims)
        assert user.emails[0].value == "own@example.com"


@given(CLAIMS, CLAIMS)
def test_a_search_asks_for_parts(claims: dict[str, Any], more: dict[str, Any]) -> None:
    user = replace_claims(person(), {**more, **claims})
    for name, value in claims.items():
        assert matches(user, claims_query({name: value}))
    assert matches(user, claims_query(claims))
    assert not matches(user, claims_query({**claims, "never there": 1}))


def test_a_write_that_knows_nothing_hides_and_does_not_wipe() -> None:
    user = replace_claims(known(), {"other": 1})
    assert user.profile == known().profile
    assert user.claims_view == dict.fromkeys(
        ("name", "given_name", "family_name", "address", "email", "email_verified"), "hidden"
    )
    assert shown_claims(update_profile(user, {"given_name": "Jim"})) == {
        "given_name": "Jim",
        "other": 1,
    }


def test_ones_own_names_can_be_erased() -> None:
    user = replace_claims(person(), {"given_name": "Ann", "address": {"country": "NZ"}})
    assert (user.profile.given_name, user.profile.address) == ("Ann", PostalAddress(country="NZ"))
    assert replace_claims(user, {}).profile == Profile()


def test_a_name_follows_its_parts() -> None:
    sent = {name: value for name, value in shown_claims(known()).items() if name != "name"} | {"given_name": "Jim"}
    assert replace_claims(known(), sent).profile.name == "Jim Li"


def test_another_picture_takes_the_place_of_an_uploaded_one() -> None:
    user = person(profile=Profile(picture="https://here/1"), image=Image(id="1", type="image/png", hash="h"))
    assert replace_claims(user, {"picture": "https://here/1"}).image is not None
    assert replace_claims(user, {"picture": "https://there/2"}).image is None


def test_an_address_of_ones_own_ends_what_claims_said_of_it() -> None:
    user = replace_claims(person(), {"email": "contact@example.com", "email_verified": True, "phone_number": "+64 1"})
    after = replace_primary(user, "email", "new@example.com", NOW, verified=False)
    assert shown_claims(after) == {"email": "new@example.com", "email_verified": False, "phone_number": "+64 1"}


def test_shared_members_make_few_facts() -> None:
    every = dict.fromkeys(TEXTS, "x") | {"address": dict.fromkeys(PostalAddress.__struct_fields__, "y")}
    user = add(replace_claims(person(), every), "phone", new_address("phone", "+6421", NOW))
    assert len(list(claim_facts(user))) <= SHARED_FACTS
    assert claims_query({}) == All(())
