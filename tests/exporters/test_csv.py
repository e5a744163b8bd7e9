"""Tables: what a cell holds, and what never reaches a spreadsheet as a formula."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from muster.core.ids import UserId
from muster.core.users.actions import NewAddress, NewUser, born
from muster.core.users.model import Activity, Metadata, Origin, Profile, Seen, User
from muster.exporters.csv import DEFAULT, FIELDS, Table, UnknownField

NOW = 1_800_000_000_123
ID = UserId("0190a6a1b2c37abc8def0123456789ab")


def user(**members: Any) -> User:
    return born(NewUser(origin=Origin(door="auth0"), id=ID, **members), "realm", NOW)


def read(table: Table, *users: User) -> list[list[str]]:
    text = b"".join([table.head(), *map(table.line, users)]).decode()
    return list(csv.reader(io.StringIO(text, newline="")))


def test_the_default_fields() -> None:
    ann = user(
        emails=[NewAddress("ann@example.com", verified=True)],
        phones=[NewAddress("+12015550100")],
        username="ann",
        profile=Profile(name='Ann "A", 日本'),
    )
    assert read(Table(DEFAULT, {"realm": "Customers"}), ann) == [
        list(DEFAULT),
        [ID, "Customers", "ann@example.com", "true", "'+12015550100", "ann", 'Ann "A", 日本', "false", "2027-01-15T08:00:00.123Z"],
    ]  # fmt: skip


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "|", "%"])
def test_a_text_that_would_run_as_a_formula_is_guarded(start: str) -> None:
    evil = f"{start}HYPERLINK(1)"
    ann = user(profile=Profile(name=evil), metadata=Metadata.of(private={"a": evil}))
    table = Table(("name", "private_metadata.a"), {})
    assert read(table, ann)[1] == [f"'{evil}"] * 2


def test_members_of_metadata_are_named_by_path() -> None:
    ann = user(metadata=Metadata.of(private={"plan": {"seats": 3, "tags": ["a", "b"]}, "on": True}, public={"n": 1.5}))
    fields = ("private_metadata.plan.seats", "private_metadata.plan.tags", "private_metadata.on", "public_metadata.n")
    assert read(Table((*fields, "unsafe_metadata.x"), {}), ann)[1] == ["3", '["a","b"]', "true", "1.5", ""]


def test_every_field_has_a_cell_for_somebody_with_nothing_and_with_much() -> None:
    seen = Activity(id=ID, logins=4, last_login=Seen(at=NOW))
    from msgspec.structs import replace

    fields = (*FIELDS, "connection")
    _, nothing, much = read(Table(fields, {}), user(), replace(user(suspended=True), activity=seen))
    assert dict(zip(fields, nothing, strict=True)) == {
        **dict.fromkeys(fields, ""),
        "id": ID,
        "name": ID,
        "suspended": "false",
        "has_password": "false",
        "logins": "0",
        "created_at": "2027-01-15T08:00:00.123Z",
        "updated_at": "2027-01-15T08:00:00.123Z",
        "connection": "realm",
    }
    changed = {name: value for name, value, was in zip(fields, much, nothing, strict=True) if value != was}
    assert changed == {"suspended": "true", "logins": "4", "last_login_at": "2027-01-15T08:00:00.123Z"}


@pytest.mark.parametrize("field", ["", "password", "private_metadata", "private_metadata.", "Email"])
def test_an_unknown_field_is_refused(field: str) -> None:
    with pytest.raises(UnknownField, match=f"^{field}$"):
        Table((field,), {})
