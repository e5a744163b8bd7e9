"""Connections through Auth0's API: whole requests, whole answers."""

import asyncio
from typing import Any

import httpx
import pytest

from muster.core.connections.actions import MOST_USERS_AT_ONCE
from muster.core.connections.model import INTERNAL_NAME, Connection, UsernameRule
from muster.core.query import Is
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import NewAddress, NewUser, create_user
from muster.core.users.model import Origin
from tests.dialects.auth0.service import PUBLIC_URL, REALM, Auth0

PASSWORD_OPTIONS = {
    "complexity": {
        "min_length": 15,
        "character_types": [],
        "character_type_rule": "all",
        "identical_characters": "allow",
        "sequential_characters": "allow",
        "max_length_exceeded": "error",
    },
    "history": {"active": False, "size": 3},
    "dictionary": {"active": False, "default": "en_100k", "custom": []},
    "profile_data": {
        "active": False,
        "blocked_fields": [
            "name",
            "username",
            "nickname",
            "email",
            "phone_number",
            "user_metadata.name",
            "user_metadata.first",
            "user_metadata.last",
        ],
    },
}


async def created(client: httpx.AsyncClient, name: str = "staff", **more: Any) -> dict[str, Any]:
    answer = await client.post("/connections", json={"name": name, "strategy": "auth0", **more})
    assert answer.status_code == 201, answer.text
    connection: dict[str, Any] = answer.json()
    return connection


async def stored(auth0: Auth0, name: str) -> Connection:
    found = await auth0.store.find(auth0.tenant.number, Connection, Key("", "connection_name", name))
    assert found is not None
    return found


async def test_a_new_database_connection_is_shown_with_every_default(auth0: Auth0) -> None:
    async with auth0.client() as client:
        connection = await created(client, options={"brute_force_protection": True})
        assert connection == {
            "id": connection["id"],
            "name": "staff",
            "strategy": "auth0",
            "options": {
                "mfa": {"active": True, "return_enroll_settings": True},
                "brute_force_protection": True,
                "password_options": PASSWORD_OPTIONS,
                "strategy_version": 2,
                "authentication_methods": {
                    "password": {"enabled": True, "api_behavior": "required", "signup_behavior": "allow"},
                    "passkey": {"enabled": False},
                },
                "passkey_options": {
                    "challenge_ui": "both",
                    "progressive_enrollment_enabled": True,
                    "local_enrollment_enabled": True,
                },
            },
            "is_domain_connection": False,
            "authentication": {"active": True},
            "connected_accounts": {"active": False},
            "enabled_clients": [],
            "realms": ["staff"],
        }
        assert connection["id"].startswith("con_")
        assert len(connection["id"]) == 20
        assert (await client.get(f"/connections/{connection['id']}")).json() == connection
        assert (await client.get(f"/connections/{connection['id']}/status")).status_code == 200


async def test_what_is_sent_comes_back_and_means_something_to_the_core(auth0: Auth0) -> None:
    sent: dict[str, Any] = {
        "display_name": "Our staff",
        "is_domain_connection": True,
        "show_as_button": False,
        "realms": ["staff", "crew"],
        "metadata": {"key1": "foo"},
        "connected_accounts": {"active": True},
        "options": {
            "validation": {"username": {"min": 10, "max": 40}},
            "passwordPolicy": "fair",
            "requires_username": True,
            "disable_signup": True,
            "customScripts": {"get_user": "myFunction"},
            "authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}},
            "unheard_of": {"deep": [1, None]},
        },
    }
    async with auth0.client() as client:
        connection = await created(client, **sent, enabled_clients=[auth0.client_id])
    assert connection["options"] | sent["options"] == connection["options"] | {
        "authentication_methods": {"password": {"enabled": True, "api_behavior": "optional"}}
    }
    assert connection["options"]["authentication_methods"] == {
        "password": {"enabled": True, "api_behavior": "optional", "signup_behavior": "allow"},
        "passkey": {"enabled": False},
        "email_otp": {"enabled": False},
        "phone_otp": {"enabled": False},
    }
    assert "password_options" not in connection["options"]
    assert {name: connection[name] for name in sent if name != "options"} == {
        name: value for name, value in sent.items() if name != "options"
    }
    assert connection["enabled_clients"] == [auth0.client_id]
    core = await stored(auth0, "staff")
    assert (core.kind, core.requires_username, core.username_rule, core.password_required) == (
        "database",
        True,
        UsernameRule(10, 40),
        False,
    )


@pytest.mark.parametrize(
    ("strategy", "kind"),
    [("google-oauth2", "social"), ("samlp", "enterprise"), ("sms", "passwordless"), ("auth0", "database")],
)
async def test_a_strategy_is_of_a_kind(auth0: Auth0, strategy: str, kind: str) -> None:
    async with auth0.client() as client:
        await created(client, "other", strategy=strategy)
    assert (await stored(auth0, "other")).kind == kind


async def test_a_change_replaces_the_options_and_merges_the_metadata(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await created(client, metadata={"a": "1", "b": "2"})
        sent = {"options": {"requires_username": True}, "metadata": {"b": None, "c": "3"}, "display_name": "Staff"}
        answer = await client.patch(f"/connections/{made['id']}", json=sent)
        assert (answer.status_code, answer.json()) == (
            200,
            {**made, "options": {"requires_username": True}, "metadata": {"a": "1", "c": "3"}, "display_name": "Staff"},
        )
        before = await stored(auth0, "staff")
        assert (await client.patch(f"/connections/{made['id']}", json={"display_name": "Staff"})).status_code == 200
        assert await stored(auth0, "staff") == before


async def test_secrets_are_sealed_at_rest_and_kept_when_sent_again(auth0: Auth0) -> None:
    options = {"client_id": "abc", "client_secret": "s3cret-value", "gateway_authentication": None}
    async with auth0.client() as client:
        made = await created(client, "google", strategy="google-oauth2", options=options)
        assert made["options"] == options
        before = await stored(auth0, "google")
        assert "s3cret-value" not in str(before.options)
        again = await client.patch(f"/connections/{made['id']}", json={"options": made["options"]})
        assert again.json() == made
        assert await stored(auth0, "google") == before


async def test_what_scripts_are_configured_with_is_never_shown(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await created(client, options={"configuration": {"key": "plain-text", "none": None}})
        shown = made["options"]["configuration"]
        assert "plain-text" not in str(made)
        assert shown.keys() == {"key", "none"}
        answer = await client.patch(f"/connections/{made['id']}", json={"options": made["options"]})
        assert answer.json()["options"]["configuration"] == shown


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"name": "x"}, 400, "Payload validation error: 'Missing required property: strategy'."),
        (
            {"name": "a--b", "strategy": "auth0"},
            400,
            (
                "Payload validation error: 'String does not match pattern ^[a-zA-Z0-9](-[a-zA-Z0-9]|[a-zA-Z0-9])*$: a--b' on "
                "property name (The connection's name: letters, digits and single hyphens between them)."
            ),
        ),
        ({"name": REALM, "strategy": "auth0"}, 409, "A connection with the same name already exists"),
        ({"name": INTERNAL_NAME, "strategy": "auth0"}, 409, "A connection with the same name already exists"),
        ({"name": "x", "strategy": "auth0", "enabled_clients": ["nobody"]}, 404, "The client does not exist"),
        (
            {"name": "x", "strategy": "auth0", "options": {"validation": {"username": {"min": 9, "max": 3}}}},
            400,
            "Payload validation error: 'Value 9 is greater than maximum 3' on property options.validation.username.min.",
        ),
    ],
)
async def test_what_cannot_be_created(auth0: Auth0, body: dict[str, Any], status: int, message: str) -> None:
    async with auth0.client() as client:
        answer = await client.post("/connections", json=body)
    assert (answer.status_code, answer.json()["message"]) == (status, message)


async def test_unknown_and_internal_connections_do_not_exist(auth0: Auth0) -> None:
    internal = await stored(auth0, INTERNAL_NAME)
    gone = {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The connection does not exist",
        "errorCode": "inexistent_connection",
    }
    async with auth0.client() as client:
        for id_ in (f"con_{internal.id}", "con_0000000000000000", internal.id, "%20"):
            for answer in (
                await client.get(f"/connections/{id_}"),
                await client.get(f"/connections/{id_}/clients"),
                await client.patch(f"/connections/{id_}", json={"display_name": "x"}),
                await client.patch(f"/connections/{id_}/clients", json=[{"client_id": "x", "status": True}]),
                await client.delete(f"/connections/{id_}/users", params={"email": "a@example.com"}),
            ):
                assert (answer.status_code, answer.json()) == (404, gone)
            assert (await client.delete(f"/connections/{id_}")).status_code == 204
        listed = (await client.get("/connections")).json()
    assert [connection["name"] for connection in listed] == [REALM]
    assert await stored(auth0, INTERNAL_NAME) == internal


async def test_lists_by_offset_and_by_checkpoint(auth0: Auth0) -> None:
    async with auth0.client() as client:
        for name, strategy in (("one", "auth0"), ("two", "email"), ("three", "sms")):
            auth0.clock.turn(seconds=1)
            await created(client, name, strategy=strategy)
        everything = (await client.get("/connections")).json()
        assert [connection["name"] for connection in everything] == [REALM, "one", "two", "three"]
        assert all("enabled_clients" not in connection for connection in everything)

        paged = await client.get("/connections", params={"per_page": 2, "page": 1, "include_totals": "true"})
        assert paged.json() == {"start": 2, "limit": 2, "total": 4, "connections": everything[2:]}
        assert paged.headers["link"] == (
            f'<{PUBLIC_URL}api/v2/connections?per_page=2&page=0&include_totals=true>; rel="first", '
            f'<{PUBLIC_URL}api/v2/connections?per_page=2&page=1&include_totals=true>; rel="last"'
        )

        first = (await client.get("/connections", params={"include_totals": "true", "take": 3, "per_page": 1})).json()
        assert first == {"connections": everything[:3], "next": first["next"]}
        assert (await client.delete(f"/connections/{everything[2]['id']}")).status_code == 202
        last = (await client.get("/connections", params={"take": 3, "from": first["next"]})).json()
        assert last == {"connections": everything[3:]}

        chosen = await client.get("/connections", params={"strategy": ["email", "sms"], "fields": "name"})
        assert chosen.json() == [{"name": "three"}]
        assert (await client.get("/connections", params={"name": "one"})).json() == [everything[1]]
        for answer in (
            await client.get("/connections", params={"strategy": "carrier-pigeon"}),
            await client.get("/connections", params={"from": "x"}),
            await client.get("/connections", params={"take": 101}),
        ):
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "invalid_query_string")


async def test_some_members_of_one(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await created(client)
        path = f"/connections/{made['id']}"
        assert (await client.get(path, params={"fields": "name,strategy"})).json() == {
            "name": "staff",
            "strategy": "auth0",
        }
        without = await client.get(path, params={"fields": "options", "include_fields": "false"})
        assert without.json() == {name: value for name, value in made.items() if name != "options"}


async def test_the_clients_of_a_connection(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await created(client)
        path = f"/connections/{made['id']}/clients"
        other = (await client.post("/clients", json={"name": "Other"})).json()["client_id"]
        both = sorted([other, auth0.client_id])
        answer = await client.patch(path, json=[{"client_id": id_, "status": True} for id_ in both])
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await client.get(path)).json() == {"clients": [{"client_id": id_} for id_ in both]}
        first = (await client.get(path, params={"take": 1})).json()
        assert first == {"clients": [{"client_id": both[0]}], "next": first["next"]}
        rest = (await client.get(path, params={"take": 1, "from": first["next"]})).json()
        assert rest == {"clients": [{"client_id": both[1]}]}

        unknown = await client.patch(path, json=[{"client_id": "nobody", "status": True}])
        assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "inexistent_client")
        await client.patch(path, json=[{"client_id": auth0.client_id, "status": False}])
        assert (await client.delete(f"/clients/{other}")).status_code == 204
        assert (await client.get(path)).json() == {"clients": []}


async def test_deleting_takes_every_user_along(auth0: Auth0) -> None:
    many = MOST_USERS_AT_ONCE + 5

    async def fill(tx: Transaction, realm: Connection, start: int) -> None:
        for number in range(start, min(start + 50, many)):
            person = NewUser(origin=Origin(door="auth0"), emails=[NewAddress(f"user{number}@example.com")])
            await create_user(tx, realm, person)

    async with auth0.client() as client:
        made = await created(client)
        realm = await stored(auth0, "staff")
        for start in range(0, many, 50):
            await auth0.act(fill, realm, start)
        query = Is("realm", realm.id)
        assert await auth0.store.count_users(auth0.tenant.number, query) == many
        answer = await client.delete(f"/connections/{made['id']}")
        assert (answer.status_code, answer.json()) == (202, {"deleted_at": "2027-01-15T08:00:00.000Z"})
        assert await auth0.store.count_users(auth0.tenant.number, query) == 0
        assert (await client.delete(f"/connections/{made['id']}")).status_code == 204
        assert (await client.get(f"/connections/{made['id']}")).status_code == 404
        await created(client)


async def test_nobody_comes_in_while_a_connection_goes(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await created(client)
        realm = await stored(auth0, "staff")
        person = {"connection": "staff", "email": "jane@example.com", "password": "a long enough password"}
        deleted, *_ = await asyncio.gather(
            client.delete(f"/connections/{made['id']}"), *(client.post("/users", json=person) for _ in range(5))
        )
        assert deleted.status_code in (202, 409)
        assert (await client.delete(f"/connections/{made['id']}")).status_code in (202, 204)
    assert await auth0.store.count_users(auth0.tenant.number, Is("realm", realm.id)) == 0


async def test_the_default_connection_stays(auth0: Auth0) -> None:
    default = await stored(auth0, REALM)
    async with auth0.client() as client:
        answer = await client.delete(f"/connections/con_{default.id}")
    assert (answer.status_code, answer.json()) == (
        400,
        {
            "statusCode": 400,
            "error": "Bad Request",
            "message": "The default connection cannot be deleted.",
            "errorCode": "operation_not_supported",
        },
    )
    assert await stored(auth0, REALM) == default


async def test_one_user_is_deleted_by_email(auth0: Auth0) -> None:
    async with auth0.client() as client:
        made = await created(client)
        for name in ("jane", "john"):
            person = {"connection": "staff", "email": f"{name}@example.com", "password": "a long enough password"}
            assert (await client.post("/users", json=person)).status_code == 201
        path = f"/connections/{made['id']}/users"
        for _ in range(2):
            assert (await client.delete(path, params={"email": "Jane@example.com"})).status_code == 204
        left = (await client.get("/users", params={"fields": "email"})).json()
        assert left == [{"email": "john@example.com"}]
        assert (await client.delete(path)).json()["message"] == (
            "Query validation error: 'Missing required property: email'."
        )
        social = await created(client, "social", strategy="github")
        refused = await client.delete(f"/connections/{social['id']}/users", params={"email": "a@example.com"})
        assert (refused.status_code, refused.json()["message"]) == (400, "Connection must be a database connection")


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", "/connections", "read:connections"),
        ("POST", "/connections", "create:connections"),
        ("PATCH", "/connections/con_x", "update:connections"),
        ("DELETE", "/connections/con_x", "delete:connections"),
        ("DELETE", "/connections/con_x/users", "delete:users"),
    ],
)
async def test_a_scope_is_needed(auth0: Auth0, method: str, path: str, scope: str) -> None:
    async with auth0.client(scopes=["read:users"]) as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.json()) == (
        403,
        {
            "statusCode": 403,
            "error": "Forbidden",
            "message": f"Insufficient scope, expected any of: {scope}",
            "errorCode": "insufficient_scope",
        },
    )
