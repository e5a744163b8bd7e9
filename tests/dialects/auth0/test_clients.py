"""Clients through Auth0's API: whole requests, whole answers."""

from typing import Any

import httpx
import pytest

from muster.core.apps.model import Application, ClientGrant
from tests.dialects.auth0.service import PUBLIC_URL, Auth0

TOKEN = f"{PUBLIC_URL}oauth/token"


async def created(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/clients", json={"name": "My app", **more})
    assert answer.status_code == 201, answer.text
    app: dict[str, Any] = answer.json()
    return app


async def token_status(auth0: Auth0, client_id: str, secret: str) -> int:
    async with auth0.client() as client:
        form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "audience": f"{PUBLIC_URL}api/v2/",
        }
        return (await client.post(TOKEN, data=form)).status_code


async def test_keys_of_a_client_are_shown_by_ids_that_a_change_names_them_by(auth0: Auth0) -> None:
    key = {"credential_type": "public_key", "pem": "-----BEGIN PUBLIC KEY-----"}
    async with auth0.client() as client:
        app = await created(
            client,
            client_authentication_methods={"private_key_jwt": {"credentials": [key, key]}},
            signed_request_object={"required": True, "credentials": [key]},
        )
        methods, signed = app["client_authentication_methods"], app["signed_request_object"]
        first, second = methods["private_key_jwt"]["credentials"]
        assert [*first, *second, *signed["credentials"][0]] == ["id"] * 3
        assert first["id"].startswith("cred_")
        change = {"client_authentication_methods": {"private_key_jwt": {"credentials": [second]}}}
        changed = await client.patch(f"/clients/{app['client_id']}", json=change)
        assert changed.status_code == 200
        assert changed.json()["client_authentication_methods"] == change["client_authentication_methods"]
        assert changed.json()["signed_request_object"] == signed


async def test_a_new_client_is_shown_with_every_default(auth0: Auth0) -> None:
    async with auth0.client() as client:
        app = await created(client)
        assert app == {
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "name": "My app",
            "global": False,
            "is_token_endpoint_ip_header_trusted": False,
            "is_first_party": True,
            "oidc_conformant": False,
            "sso_disabled": False,
            "cross_origin_authentication": False,
            "custom_login_page_on": True,
            "grant_types": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
            "jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 36000, "secret_encoded": False},
            "refresh_token": {
                "rotation_type": "non-rotating",
                "expiration_type": "non-expiring",
                "leeway": 0,
                "token_lifetime": 31557600,
                "infinite_token_lifetime": True,
                "idle_token_lifetime": 2592000,
                "infinite_idle_token_lifetime": True,
            },
        }
        assert (len(app["client_id"]), len(app["client_secret"])) == (32, 64)
        assert app["client_id"].isalnum()
        assert (await client.get(f"/clients/{app['client_id']}")).json() == app


async def test_what_is_sent_comes_back(auth0: Auth0) -> None:
    sent = {
        "description": "For testing",
        "logo_uri": "https://example.com/logo.png",
        "callbacks": ["https://example.com/callback"],
        "app_type": "spa",
        "token_endpoint_auth_method": "none",
        "jwt_configuration": {"alg": "HS256", "lifetime_in_seconds": 60, "secret_encoded": True},
        "client_metadata": {"a": "1"},
        "mobile": {"ios": {"team_id": "T"}},
        "addons": {"firebase": {"private_key": "a private key", "client_email": "a@example.com"}},
        "refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 5},
        "organization_usage": "allow",
    }
    async with auth0.client() as client:
        app = await created(client, **sent)
    assert app | sent == app
    assert app["grant_types"] == ["authorization_code", "implicit", "refresh_token"]
    stored = await auth0.store.get(auth0.tenant.number, Application, app["client_id"])
    assert "a private key" not in str(stored)


async def test_a_change_sets_removes_and_merges(auth0: Auth0) -> None:
    async with auth0.client() as client:
        app = await created(client, client_metadata={"a": "1", "b": "2"}, organization_usage="allow", description="old")
        path = f"/clients/{app['client_id']}"
        sent = {
            "name": "Another",
            "client_metadata": {"b": None, "c": "3"},
            "organization_usage": None,
            "grant_types": ["client_credentials"],
        }
        answer = await client.patch(path, json=sent)
        wanted = {
            **app,
            "name": "Another",
            "client_metadata": {"a": "1", "c": "3"},
            "grant_types": ["client_credentials"],
        }
        del wanted["organization_usage"]
        assert (answer.status_code, answer.json()) == (200, wanted)
        assert (await client.get(path)).json() == wanted
        before = await auth0.store.get(auth0.tenant.number, Application, app["client_id"])
        assert (
            await client.patch(path, json={"name": "Another", "client_secret": app["client_secret"]})
        ).json() == wanted
        assert await auth0.store.get(auth0.tenant.number, Application, app["client_id"]) == before


async def test_secrets_are_for_those_who_may_see_them(auth0: Auth0) -> None:
    async with auth0.client() as client:
        app = await created(client, description="A client")
    path = f"/clients/{app['client_id']}"
    public = {name: value for name, value in app.items() if name != "client_secret"}
    summary = {name: app[name] for name in ("client_id", "name", "description", "is_first_party", "global")}
    for scope, wanted in (
        ("read:client_keys", app),
        ("read:clients", public),
        ("read:client_credentials", public),
        ("read:client_summary", summary),
    ):
        async with auth0.client(scopes=[scope]) as client:
            assert (await client.get(path)).json() == wanted
            assert wanted in (await client.get("/clients")).json()
    async with auth0.client(scopes=["update:clients"]) as client:
        assert (await client.patch(path, json={"description": "A client"})).json() == public
        assert (await client.patch(path, json={"client_secret": "mine"})).status_code == 403
    async with auth0.client(scopes=["update:client_keys"]) as client:
        assert (await client.patch(path, json={"name": "x"})).status_code == 403
        assert (await client.patch(path, json={"client_secret": "mine"})).status_code == 200
    async with auth0.client() as client:
        assert (await client.get(path)).json() == {**app, "client_secret": "mine"}


async def test_a_rotated_secret_ends_the_old_one(auth0: Auth0) -> None:
    async with auth0.client() as client:
        app = await created(client)
        grant = {"client_id": app["client_id"], "audience": f"{PUBLIC_URL}api/v2/", "scope": ["read:users"]}
        assert (await client.post("/client-grants", json=grant)).status_code == 201
        assert await token_status(auth0, app["client_id"], app["client_secret"]) == 200
        epoch = await auth0.store.access_epoch(auth0.tenant.number)
        answer = await client.post(f"/clients/{app['client_id']}/rotate-secret")
        rotated = answer.json()
    assert answer.status_code == 200
    assert rotated == {**app, "client_secret": rotated["client_secret"]}
    assert rotated["client_secret"] != app["client_secret"]
    assert await token_status(auth0, app["client_id"], app["client_secret"]) == 401
    assert await token_status(auth0, app["client_id"], rotated["client_secret"]) == 200
    assert await auth0.store.access_epoch(auth0.tenant.number) > epoch


async def test_deleting_takes_the_grants_along(auth0: Auth0) -> None:
    async with auth0.client() as client:
        app = await created(client)
        grant = {"client_id": app["client_id"], "audience": f"{PUBLIC_URL}api/v2/", "scope": ["read:users"]}
        await client.post("/client-grants", json=grant)
        for _ in range(2):
            answer = await client.delete(f"/clients/{app['client_id']}")
            assert (answer.status_code, answer.content) == (204, b"")
        gone = await client.get(f"/clients/{app['client_id']}")
    assert (gone.status_code, gone.json()) == (
        404,
        {
            "statusCode": 404,
            "error": "Not Found",
            "message": "The client does not exist",
            "errorCode": "inexistent_client",
        },
    )
    grants = await auth0.store.records(auth0.tenant.number, ClientGrant)
    assert [grant.app_id for grant in grants] == [auth0.client_id]


async def test_a_deleted_client_is_let_in_no_more(auth0: Auth0) -> None:
    async with auth0.client() as client:
        assert (await client.get("/users")).status_code == 200
        assert (await client.delete(f"/clients/{auth0.client_id}")).status_code == 204
        assert (await client.get("/users")).status_code == 401


async def test_lists_are_filtered_and_paged(auth0: Auth0) -> None:
    async with auth0.client() as client:
        for name, more in (("one", {"app_type": "spa"}), ("two", {"is_first_party": False}), ("three", {})):
            auth0.clock.turn(seconds=1)
            await created(client, name=name, **more)
        everything = (await client.get("/clients")).json()
        assert [app["name"] for app in everything] == ["Default Management Client", "one", "two", "three"]

        async def names(**query: Any) -> list[str]:
            return [app["name"] for app in (await client.get("/clients", params=query)).json()]

        assert await names(app_type="spa,native") == ["one"]
        assert await names(is_first_party="false") == ["two"]
        assert await names(is_global="true") == []
        assert await names(q="client_grant.organization_id:org_x") == []
        assert await names(per_page=0) == []
        assert (await client.get("/clients", params={"q": "name:one"})).status_code == 400
        assert (await client.get("/clients", params={"per_page": 2, "include_totals": "true"})).json() == {
            "start": 0,
            "limit": 2,
            "total": 4,
            "clients": everything[:2],
        }
        first = (await client.get("/clients", params={"take": 3, "fields": "name"})).json()
        assert first == {
            "clients": [{"name": name} for name in ("Default Management Client", "one", "two")],
            "next": first["next"],
        }
        assert (await client.get("/clients", params={"take": 3, "from": first["next"]})).json() == {
            "clients": everything[3:]
        }


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Payload validation error: 'Missing required property: name'."),
        (
            {"name": "<b>"},
            (
                "Payload validation error: 'String does not match pattern ^[^<>]+$: <b>' on property name (What the "
                "application is called; not < or >)."
            ),
        ),
        ({"name": "x", "nmae": "y"}, "Payload validation error: 'Additional properties not allowed: nmae'."),
        (
            {"name": "x", "callbacks": "https://example.com"},
            (
                "Payload validation error: 'Expected type array but found type string' on property callbacks (Where a user may "
                "be sent back to after signing in)."
            ),
        ),
    ],
)
async def test_what_cannot_be_created(auth0: Auth0, body: dict[str, Any], message: str) -> None:
    async with auth0.client() as client:
        answer = await client.post("/clients", json=body)
    assert (answer.status_code, answer.json()["message"]) == (400, message)
