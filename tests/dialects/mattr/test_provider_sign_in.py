"""Signing in at the tenant's authentication provider, and what this API shows of it."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import httpx
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.ids import new_id
from muster.dialects.mattr.wire.ids import show_uuid
from muster.dialects.mattr.wire.providers import new_provider
from muster.dialects.mattr.wire.users import show_user
from tests.databases import Databases
from tests.dialects.mattr.service import Mattr
from tests.dialects.mattr.test_providers import PATHS, SENT
from tests.outside.elsewhere import NOW, SITE, opened_elsewhere
from tests.outside.provider import CLIENT, SECRET, provider_at


async def test_who_comes_has_the_claims_that_are_to_persist(sqlite_databases: Databases) -> None:
    url = sqlite_databases.migrated()
    body = {**SENT, "clientId": CLIENT, "clientSecret": SECRET, "tokenEndpointAuthMethod": "client_secret_basic"}
    async with opened_elsewhere(url) as world, provider_at(NOW) as provider:
        made = new_provider(new_id(NOW), provider.issuer, body, world.secrets)
        connection = replace(made, version=1, created_at=NOW)
        await world.keep(connection)
        provider.person = {"sub": "person-1", "userId": "u-7", "department": "not asked for"}
        provider.info = {"sub": "person-1"}
        attempt_id = await world.attempt(request={"login_hint": "ada", "other": "not passed on"})
        departure = await world.leave(connection, attempt_id)
        asked = {name: values[0] for name, values in parse_qs(urlsplit(departure.url).query).items()}
        assert asked["redirect_uri"] == f"{SITE}mattr/v1/oauth/authentication/callback"
        assert (asked["prompt"], asked["max_age"], asked["login_hint"]) == ("login", "10000", "ada")
        assert "other" not in asked
        returned = await world.return_(connection, provider.visit(departure.url))
        user = await world.user(returned.attempt.user_id)
        assert show_user(user, connection) == {
            "id": show_uuid(user.id),
            "claims": {"userId": "u-7"},
            "authenticationProvider": {
                "providerId": show_uuid(connection.id),
                "url": provider.issuer,
                "subjectId": "person-1",
            },
        }
    sqlite_databases.drop(url)


async def test_the_address_that_the_provider_knows_leads_on(mattr: Mattr, http: httpx.AsyncClient) -> None:
    place = "/v1/oauth/authentication/callback?code=a%20b&state=s"
    assert (await http.get(place)).status_code == 404
    created = await http.post(PATHS[0], json=SENT)
    answer = await http.get(place)
    stored = await mattr.store.get(mattr.site.tenant_id, Connection, created.json()["id"].replace("-", ""))
    assert stored is not None
    where = f"https://users.example.com/sign-in/callback/{stored.id}?code=a%20b&state=s"
    assert (answer.status_code, answer.headers["location"]) == (303, where)
