"""The pure rules of the user, as tables."""

import pytest
from msgspec.structs import replace

from muster.core.errors import Conflict, Invalid
from muster.core.users import access, metadata, profile
from muster.core.users.actions import HashedPassword, NewAddress, NewUser, born
from muster.core.users.identifiers import (
    add,
    new_address,
    remove,
    replace_primary,
    set_primary,
    set_username,
    set_verified,
)
from muster.core.users.model import Link, Metadata, MustChange, Origin, Profile, User
from muster.core.users.shapes import Kind, canonical, username_key
from muster.core.users.shown import shown_email, shown_name, shown_nickname

NOW = 1_800_000_000_000


def user(**changes: object) -> User:
    base = born(NewUser(origin=Origin(door="muster"), emails=[NewAddress("a@example.com")]), "realm", NOW)
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("kind", "written", "kept"),
    [
        ("email", "  Ada@Example.COM ", "ada@example.com"),
        ("email", "e\u0301@example.com", "é@example.com"),
        ("phone", " +4915112345678 ", "+4915112345678"),
        ("wallet", "0xABCDEF", "0xabcdef"),
        ("wallet", "SolanaAbC", "SolanaAbC"),
    ],
)
def test_an_address_has_one_form(kind: Kind, written: str, kept: str) -> None:
    assert canonical(kind, written) == kept


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        ("email", "nobody"),
        ("email", "two words@example.com"),
        ("email", "a@example.com\x00"),
        ("email", f"{'a' * 400}@example.com"),
        ("phone", "0151 123"),
        ("phone", "+1234567890123456"),
        ("wallet", ""),
    ],
)
def test_what_is_no_address_is_refused(kind: Kind, written: str) -> None:
    with pytest.raises(Invalid):
        canonical(kind, written)


def test_the_first_address_is_primary_and_when_it_goes_the_oldest_verified_follows() -> None:
    person = user()
    for number, verified in enumerate([False, True, True]):
        person = add(person, "email", new_address("email", f"{number}@example.com", NOW + number, verified=verified))
    assert [(e.value, e.primary) for e in person.emails] == [
        ("a@example.com", True),
        ("0@example.com", False),
        ("1@example.com", False),
        ("2@example.com", False),
    ]
    person = remove(person, "email", person.emails[0].id)
    assert [(e.value, e.primary) for e in person.emails] == [
        ("1@example.com", True),
        ("0@example.com", False),
        ("2@example.com", False),
    ]


def test_the_same_address_cannot_be_added_twice() -> None:
    with pytest.raises(Conflict):
        add(user(), "email", new_address("email", "A@example.com", NOW))


def test_a_new_primary_replaces_the_old_one_but_an_own_one_only_moves_up() -> None:
    person = add(user(), "email", new_address("email", "b@example.com", NOW + 1, verified=True))
    first = person.emails[0]
    moved = replace_primary(person, "email", "B@example.com", NOW + 2, verified=None)
    assert [(e.value, e.primary, e.verified) for e in moved.emails] == [
        ("b@example.com", True, True),
        ("a@example.com", False, False),
    ]
    replaced = replace_primary(person, "email", "c@example.com", NOW + 2, verified=None)
    assert [e.value for e in replaced.emails] == ["c@example.com", "b@example.com"]
    assert replaced.emails[0].id != first.id
    assert not replaced.emails[0].verified


def test_saying_again_that_an_address_is_verified_changes_nothing() -> None:
    person = user()
    once = set_verified(person, "email", person.emails[0].id, NOW + 1, verified=True)
    assert set_verified(once, "email", once.emails[0].id, NOW + 2, verified=True) == once
    assert once.emails[0].verified_at == NOW + 1
    undone = set_verified(once, "email", once.emails[0].id, NOW + 3, verified=False)
    assert (undone.emails[0].verification, undone.emails[0].verified_at, undone.emails[0].primary) == (None, None, True)


def test_set_primary_keeps_exactly_one() -> None:
    person = add(user(), "email", new_address("email", "b@example.com", NOW + 1))
    person = set_primary(person, "email", person.emails[1].id)
    assert [(e.value, e.primary) for e in person.emails] == [("b@example.com", True), ("a@example.com", False)]


@pytest.mark.parametrize(
    "name", ["", " ada", "ada ", "a\\b", "a\nb", "x" * 257, "0198d2a0-0000-7000-8000-000000000000", "0" * 32]
)
def test_user_names_that_no_dialect_may_store(name: str) -> None:
    with pytest.raises(Invalid):
        set_username(user(), name, NOW)


def test_user_names_are_compared_without_case_and_in_compatibility_form() -> None:
    assert username_key("ﬁONA") == username_key("fiona") == "fiona"
    named = set_username(user(), "Ada", NOW)
    again = set_username(named, "ADA", NOW + 1)
    assert named.username is not None
    assert again.username == replace(named.username, value="ADA")


def test_a_name_shaped_like_an_address_takes_that_key_too() -> None:
    keys = set_username(user(), "B@example.com", NOW).keys()
    assert {(key.kind, key.value) for key in keys} == {
        ("email", "a@example.com"),
        ("username", "b@example.com"),
        ("email", "b@example.com"),
    }
    keys = set_username(user(), "+49151", NOW).keys()
    assert ("phone", "+49151") in {(key.kind, key.value) for key in keys}


@pytest.mark.parametrize(
    ("before", "sent", "mode", "after"),
    [
        ({"a": {"b": 1}, "c": 2}, {"a": {"d": 3}}, "merge_first_level", {"a": {"d": 3}, "c": 2}),
        ({"a": 1, "b": 2}, {"a": None}, "merge_first_level", {"b": 2}),
        ({"a": 1}, {}, "merge_first_level", {}),
        ({"a": 1}, None, "merge_first_level", {}),
        (None, {"a": None}, "merge_first_level", {}),
        ({"a": {"b": 1, "c": 2}, "l": [1]}, {"a": {"b": None}, "l": [2]}, "merge_deep", {"a": {"c": 2}, "l": [2]}),
        ({"a": 1}, {"a": {"b": {"c": None, "d": 1}}}, "merge_deep", {"a": {"b": {"d": 1}}}),
        ({"a": 1}, {"b": 2}, "replace", {"b": 2}),
        ({"a": 1}, None, "replace", None),
    ],
)
def test_metadata_changes(
    before: dict[str, object] | None, sent: dict[str, object] | None, mode: metadata.Mode, after: object
) -> None:
    assert metadata.merged(before, sent, mode) == after


def test_a_full_name_is_joined_again_but_a_chosen_one_stays() -> None:
    joined = user(profile=Profile(name="Ada Lovelace", given_name="Ada", family_name="Lovelace"))
    assert profile.update_profile(joined, {"family_name": "King"}).profile.name == "Ada King"
    chosen = user(profile=Profile(name="Countess", given_name="Ada", family_name="Lovelace"))
    assert profile.update_profile(chosen, {"family_name": "King"}).profile.name == "Countess"
    both = profile.update_profile(joined, {"name": "Ada K.", "family_name": "King"})
    assert both.profile.name == "Ada K."


def test_a_profile_member_takes_over_what_the_claims_said() -> None:
    person = user(claims={"locale": "de", "x": 1}, claims_view={"locale": "own"})
    after = profile.update_profile(person, {"locale": "fr"})
    assert (after.claims, after.claims_view, after.profile.locale) == ({"x": 1}, {}, "fr")


def test_the_shown_address_is_own_then_claimed_then_brought() -> None:
    link = Link(id="1", kind="social", connection_id="c", provider="google", subject="s", created_at=1, updated_at=1)
    bare = user(emails=[])
    assert shown_email(bare) is None
    brought = replace(bare, links=[replace(link, profile={"email": "l@example.com", "email_verified": True})])
    assert shown_email(brought) == ("l@example.com", True, True)
    claimed = replace(brought, claims={"email": "c@example.com"})
    assert shown_email(claimed) == ("c@example.com", False, True)
    assert shown_email(replace(claimed, emails=user().emails)) == ("a@example.com", False, False)


def test_the_shown_name_and_nickname_are_never_empty() -> None:
    bare = user(emails=[])
    assert (shown_name(bare), shown_nickname(bare)) == (bare.id, bare.id)
    assert (shown_name(user()), shown_nickname(user())) == ("a@example.com", "a")
    given = replace(bare, profile=Profile(given_name="Ada", family_name="King"))
    assert (shown_name(given), shown_nickname(given)) == ("Ada King", "Ada")


def test_a_password_remembers_24_former_ones_and_when_it_was_first_changed() -> None:
    person = access.set_password(user(), "h0", "argon2", NOW, must_change=MustChange(by=NOW, why="temporary"))
    assert person.password is not None
    assert (person.password.changed_at, person.password.history) == (None, [])
    for number in range(1, 31):
        person = access.set_password(person, f"h{number}", "argon2", NOW + number)
    assert person.password is not None
    assert person.password.changed_at == NOW + 30
    assert person.password.history == [f"h{n}" for n in range(29, 5, -1)]
    assert person.must_change is None


def test_never_suspended_is_not_the_same_as_not_suspended() -> None:
    person = user()
    assert person.suspended is None
    suspended = access.suspend(person, NOW, "auth0")
    assert access.suspend(suspended, NOW + 5, "clerk") == suspended
    assert access.unsuspend(suspended).suspended is False


def test_empty_metadata_is_not_the_same_as_none() -> None:
    new = NewUser(origin=Origin(door="muster"), metadata=Metadata.of(unsafe={}), password=HashedPassword("h", "argon2"))
    person = born(new, "realm", NOW)
    assert person.metadata == Metadata.of(unsafe={}, private=None, public=None)
