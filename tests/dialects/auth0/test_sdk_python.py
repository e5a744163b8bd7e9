"""Users through the vendor's own Python client, unmodified, against the real process: only its domain and credentials are ours."""

from __future__ import annotations

import json
import re
from typing import Any
from uuid import uuid4

import pytest
from auth0.management import ManagementClient
from auth0.management.core.parse_error import ParsingError
from auth0.management.errors import (
    BadRequestError,
    NotFoundError,
)

from tests.dialects.auth0.sdk import NO_USER, PASSWORD, REALM, address, body, wire
from tests.process import Muster


def test_a_user_is_created_read_changed_and_deleted(sdk: ManagementClient) -> None:
    name = uuid4().hex
    made = sdk.users.with_raw_response.create(
        connection=REALM,
        email=f"{name}@Example.com",
        password=PASSWORD,
        given_name="Jane",
        user_metadata={"plan": "free"},
        app_metadata={"seats": 3},
    )
    user, user_id = made.data, str(made.data.user_id)
    assert made.status_code == 201
    assert re.fullmatch(r"auth0\|[0-9a-f]{32}", user_id)
    assert user.created_at == user.updated_at
    assert wire(user) == {
        "user_id": user_id,
        "email": f"{name}@example.com",
        "email_verified": False,
        "given_name": "Jane",
        "name": f"{name}@example.com",
        "nickname": name,
        "picture": user.picture,
        "user_metadata": {"plan": "free"},
        "app_metadata": {"seats": 3},
        "identities": [{"connection": REALM, "user_id": user_id[6:], "provider": "auth0", "isSocial": False}],
        "created_at": user.created_at,
        "updated_at": user.updated_at,
    }
    assert wire(sdk.users.get(user_id)) == wire(user)

    changed = sdk.users.update(user_id, given_name=None, nickname="jj", blocked=True)
    expected = wire(user) | {"nickname": "jj", "blocked": True, "updated_at": changed.updated_at}
    del expected["given_name"]
    assert wire(changed) == expected
    assert wire(sdk.users.get(user_id)) == wire(changed)

    sdk.users.delete(user_id)
    with pytest.raises(NotFoundError) as refused:
        sdk.users.get(user_id)
    assert body(refused) == NO_USER
    sdk.users.delete(user_id)  # of who does not exist, as the vendor has it


def test_a_new_address_and_a_new_password(sdk: ManagementClient) -> None:
    user_id = str(sdk.users.create(connection=REALM, email=address(), password=PASSWORD).user_id)
    email = address()
    moved = sdk.users.update(user_id, email=email, email_verified=True, connection=REALM)
    assert (moved.email, moved.email_verified, moved.last_password_reset) == (email, True, None)
    reset = sdk.users.update(user_id, password="another horse battery")
    assert reset.last_password_reset == reset.updated_at
    with pytest.raises(BadRequestError) as refused:
        sdk.users.update(user_id, email=address(), password=PASSWORD)
    assert body(refused)["message"] == "Cannot update password and email simultaneously."


def test_metadata_is_merged_on_the_first_level(sdk: ManagementClient, optional: str) -> None:
    user_id = str(sdk.users.create(connection=optional, email=address()).user_id)
    steps: list[tuple[dict[str, Any] | None, dict[str, Any] | None]] = [
        ({"a": 1, "home": {"street": "x", "no": 1}}, {"a": 1, "home": {"street": "x", "no": 1}}),
        ({"home": {"street": "y"}, "b": [1, {"c": None}]}, {"a": 1, "home": {"street": "y"}, "b": [1, {"c": None}]}),
        ({"a": None}, {"home": {"street": "y"}, "b": [1, {"c": None}]}),
        ({}, None),
    ]
    for sent, expected in steps:
        for document in ("user_metadata", "app_metadata"):
            sdk.users.update(user_id, **{document: sent})  # type: ignore[arg-type]
        found = wire(sdk.users.get(user_id))
        assert [found.get("user_metadata") or None, found.get("app_metadata") or None] == [expected, expected]


def test_some_members_alone(sdk: ManagementClient, optional: str) -> None:
    email = address()
    user = sdk.users.create(connection=optional, email=email, user_metadata={"k": "v"})
    user_id = str(user.user_id)
    assert wire(sdk.users.get(user_id, fields="email,user_metadata")) == {"email": email, "user_metadata": {"k": "v"}}
    rest = wire(sdk.users.get(user_id, fields="identities,picture,user_metadata", include_fields=False))
    assert rest.keys() == {"user_id", "email", "email_verified", "name", "nickname", "created_at", "updated_at"}
    [found] = sdk.users.list_users_by_email(email=email, fields="user_id", include_fields=True)
    assert wire(found) == {"user_id": user_id}


def test_users_by_email_are_those_of_every_connection(sdk: ManagementClient, optional: str) -> None:
    name = uuid4().hex
    first = sdk.users.create(connection=optional, email=f"{name}+x@example.com")
    second = sdk.users.create(connection=REALM, email=f"{name}+X@example.com", password=PASSWORD)
    found = sdk.users.list_users_by_email(email=f"{name}+x@example.com")
    assert [wire(user) for user in found] == [wire(first), wire(second)]
    assert sdk.users.list_users_by_email(email=f"{name}+X@example.com") == []


def test_a_list_is_searched_sorted_cut_and_counted(sdk: ManagementClient, optional: str) -> None:
    users = [
        sdk.users.create(
            connection=optional,
            email=f"{letter}@{optional}.example.com",
            name=letter * 2,
            user_metadata={"place": {"no": number % 2}},
        )
        for number, letter in enumerate("bdaec")
    ]
    in_order = sorted((user.email for user in users), key=str)
    q = f'identities.connection:"{optional}"'
    page = sdk.users.list(q=q, sort="email:-1", per_page=2, page=1, search_engine="v3", primary_order=False)
    assert page.response.model_dump(exclude={"users"}) == {"start": 2, "limit": 2, "length": 2, "total": 5}
    assert [user.email for user in page.items or []] == [in_order[2], in_order[1]]
    assert [user.email for user in sdk.users.list(q=q, sort="email:1", per_page=2)] == in_order
    # without a word on the order: as they were made
    assert [wire(user) for user in sdk.users.list(q=q)] == [wire(user) for user in users]
    named = sdk.users.list(q=f"{q} AND name:AA", fields="email,name")
    assert [wire(user) for user in named] == [{"email": in_order[0], "name": "aa"}]
    even = sdk.users.list(q=f"{q} AND user_metadata.place.no:0", sort="email:1")
    assert [user.name for user in even] == ["aa", "bb", "cc"]
    empty = sdk.users.list(q="email:nobody@example.com")
    assert empty.response.model_dump() == {"start": 0, "limit": 50, "length": 0, "total": 0, "users": []}


def test_a_list_without_totals_is_a_bare_array_as_the_vendor_s_own_client_complains(sdk: ManagementClient) -> None:
    with pytest.raises(ParsingError) as bare:
        sdk.users.list(include_totals=False, q="email:nobody@example.com")
    assert (bare.value.status_code, bare.value.body) == (200, [])


def test_paging_does_not_end_at_a_thousand(server: Muster, sdk: ManagementClient, optional: str) -> None:
    people = [f"{number:04}@{optional}.example.com" for number in range(1050)]
    rows = "".join(json.dumps({"email": email}) + "\n" for email in people)
    imported = server.run("import", "auth0", "-", "--connection", optional, sent=rows)
    assert imported.returncode == 0, imported.stderr
    pages = list(
        sdk.users.list(
            q=f'identities.connection:"{optional}"', per_page=100, sort="email:1", fields="email"
        ).iter_pages()
    )
    assert [len(page.items or []) for page in pages] == [100] * 10 + [50]
    assert {page.response.total for page in pages} == {1050}
    assert [user.email for page in pages for user in page.items or []] == people


@pytest.mark.parametrize("given", ["conn|a/c@x.com", "a%2Fb", "..", "a+b?c#d&e=f", "ünï|日本", "x" * 255, "~'\"<>`\\"])
def test_a_given_id_is_found_whatever_is_in_it(sdk: ManagementClient, optional: str, given: str) -> None:
    made = sdk.users.create(connection=optional, email=address(), user_id=given)
    user_id = f"auth0|{given}"
    assert (made.user_id, (made.identities or [])[0].user_id) == (user_id, given)
    assert wire(sdk.users.get(user_id)) == wire(made)
    assert sdk.users.update(user_id, nickname="n").nickname == "n"
    sdk.users.delete(user_id)
    with pytest.raises(NotFoundError):
        sdk.users.get(user_id)


def test_another_provider_s_id_is_nobody_s(sdk: ManagementClient) -> None:
    strange = "samlp|conn|a b/c@x.com"
    for call in (lambda: sdk.users.get(strange), lambda: sdk.users.update(strange, nickname="n")):
        with pytest.raises(NotFoundError) as refused:
            call()
        assert body(refused) == NO_USER
    sdk.users.delete(strange)
