"""Userinfo, introspection, revocation, discovery and the keys: their answers whole, and what pages of other origins may read."""

import pytest

from muster.crypto.tokens import SigningKey
from muster.oidc import app, discovery
from muster.oidc.programs import ROUTES
from tests.databases import Databases
from tests.oidc.issuer import API, ISSUER, KEYS, SCOPES, error, running


async def test_userinfo_tells_what_the_scopes_open(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        user, now = provider.user.id, provider.clock.now() // 1000
        by_scope = {
            "openid": {"sub": user},
            "openid email": {"sub": user, "email": "jo@example.com", "email_verified": True},
            "openid phone": {"sub": user, "phone_number": "+15550100", "phone_number_verified": False},
            "openid address": {"sub": user, "address": {"locality": "Here", "country": "NZ"}},
            "openid profile": {
                "sub": user,
                "name": "Jo Doe",
                "given_name": "Jo",
                "family_name": "Doe",
                "nickname": "jo",
                "preferred_username": "Jo",
                "locale": "en",
                "updated_at": now,
            },
        }
        for scope, expected in by_scope.items():
            token = (await provider.tokens(scopes=scope.split()))["access_token"]
            for path in ("/userinfo", "/connect/userinfo"):
                bearer = {"authorization": f"bearer {token}"}
                for answer in (
                    await provider.http.get(path, headers=bearer),
                    await provider.http.post(path, headers=bearer),
                    await provider.http.post(path, data={"access_token": token}),
                ):
                    assert error(answer) == (200, "None")
                    assert answer.json() == expected


async def test_userinfo_says_which_token_would_do(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        without = (await provider.tokens(scopes=["profile"]))["access_token"]
        good = (await provider.tokens())["access_token"]
        nothing = await provider.http.get("/userinfo")
        assert (nothing.status_code, nothing.headers["www-authenticate"]) == (401, "Bearer")
        assert nothing.json() == {}
        in_the_address = await provider.http.get("/userinfo", params={"access_token": good})
        assert in_the_address.status_code == 401
        refused = [
            (await provider.userinfo("x"), 401, "invalid_token"),
            (await provider.userinfo("A" * 64), 401, "invalid_token"),
            (await provider.userinfo("a" * 10_000), 401, "invalid_token"),
            (
                await provider.http.get("/userinfo", headers={b"authorization": b"Bearer \xc3\xa9.\xe9.x"}),
                401,
                "invalid_token",
            ),
            (await provider.userinfo(without), 403, "insufficient_scope"),
            (await provider.http.get("/userinfo", headers={"authorization": "Basic eDp5"}), 400, "invalid_request"),
            (await provider.http.get("/userinfo", headers={"authorization": "Bearer"}), 400, "invalid_request"),
            (
                await provider.http.post(
                    "/userinfo", data={"access_token": good}, headers={"authorization": f"Bearer {good}"}
                ),
                400,
                "invalid_request",
            ),
        ]
        for answer, status, code in refused:
            assert error(answer) == (status, code)
            challenge = answer.headers["www-authenticate"]
            assert challenge.startswith(f'Bearer error="{code}", error_description="')
            assert challenge.endswith('", scope="openid"')


async def test_introspection_tells_what_a_token_is_worth(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        now = provider.clock.now() // 1000
        given, for_api = await provider.tokens(), await provider.tokens(scopes=["read:things"], audience=API)
        about = {"active": True, "iss": ISSUER, "client_id": "web", "iat": now, "sub": provider.user.id}
        access = {**about, "token_type": "Bearer", "username": "jo@example.com"}
        opaque = await provider.introspect(given["access_token"])
        assert opaque == {**access, "scope": " ".join(SCOPES), "exp": now + 3600}
        jwt = await provider.introspect(for_api["access_token"], "other")
        assert len(jwt.pop("jti")) == 22
        assert jwt == {**access, "scope": "read:things", "exp": now + 86_400, "aud": API}
        refresh = await provider.introspect(given["refresh_token"])
        assert refresh == {**about, "scope": " ".join(SCOPES), "exp": now + 30 * 86_400}
        assert await provider.introspect(given["refresh_token"], "other") == {"active": False}
        assert error(await provider.ask("/oauth/introspect")) == (400, "invalid_request")
        await provider.change_user(suspended=True)
        for token in (given["access_token"], for_api["access_token"], given["refresh_token"]):
            assert await provider.introspect(token) == {"active": False}
        await provider.change_user(suspended=False)
        provider.clock.turn(seconds=3600)
        assert await provider.introspect(given["access_token"]) == {"active": False}


async def test_an_application_gives_back_what_it_no_longer_needs(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        kept, given = await provider.tokens(), await provider.tokens()
        answer = await provider.ask("/oauth/revoke", token=given["access_token"], token_type_hint="refresh_token")
        assert (answer.status_code, answer.content, answer.headers["cache-control"]) == (200, b"", "no-store")
        assert (await provider.userinfo(given["access_token"])).status_code == 401
        second = (await provider.refresh(given["refresh_token"])).json()
        # Somebody has taken and used the token: its owner, who still has the old one, can end it all.
        assert (await provider.ask("/connect/revocation", token=given["refresh_token"])).status_code == 200
        assert (await provider.userinfo(second["access_token"])).status_code == 401
        assert error(await provider.refresh(second["refresh_token"])) == (400, "invalid_grant")
        assert (await provider.userinfo(kept["access_token"])).status_code == 200
        for nothing in ("x", "A" * 64, "a.b.c", given["id_token"], given["refresh_token"], provider.session_token):
            assert (await provider.ask("/oauth/revoke", token=nothing)).status_code == 200
        assert error(await provider.ask("/oauth/revoke")) == (400, "invalid_request")
        stolen = await provider.ask("/oauth/revoke", "other", token=kept["refresh_token"])
        assert error(stolen) == (400, "unauthorized_client")
        jwt = (await provider.tokens(scopes=["read:things"], audience=API))["access_token"]
        assert error(await provider.ask("/oauth/revoke", token=jwt)) == (400, "unsupported_token_type")
        assert (await provider.ask("/oauth/revoke", "other", token=jwt)).status_code == 200
        assert (await provider.refresh(kept["refresh_token"])).status_code == 200
        told = [(data["grant_kind"], data["app_id"]) for _, data in await provider.events("token.revoked")]
        assert sorted(told) == [("reference_token", "web"), ("refresh_token", "web")]


async def test_a_public_application_revokes_by_its_name(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        given = await provider.tokens("spa")
        assert (await provider.ask("/oauth/revoke", "spa", token=given["refresh_token"])).status_code == 200
        assert error(await provider.refresh(given["refresh_token"], "spa")) == (400, "invalid_grant")


async def test_every_member_of_the_discovery_document_is_true(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        answer = await provider.http.get("/.well-known/openid-configuration", headers={"host": "evil.example"})
        assert answer.headers["cache-control"] == "public, max-age=300"
        found = answer.json()
        assert (await provider.http.get("/.well-known/oauth-authorization-server")).json() == found
        served = {(route.method, route.path) for route in app.ROUTES}
        endpoints = {name: value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))}
        for name, address in endpoints.items():
            path = "/" + address.removeprefix(ISSUER)
            assert {("GET", path), ("POST", path)} & served, name
        assert found["issuer"] == ISSUER
        assert sorted(found["id_token_signing_alg_values_supported"]) == ["ES256", "EdDSA", "RS256"]
        assert found["id_token_signing_alg_values_supported"][0] == "RS256"  # OpenID Connect Discovery has it required
        # What is offered is taken: of each value of a list one request comes back without its own refusal.
        for grant_type in found["grant_types_supported"]:
            refused = await provider.ask("/oauth/token", grant_type=grant_type)
            assert error(refused) == (400, "invalid_request"), grant_type
        everything = (await provider.tokens(scopes=found["scopes_supported"]))["access_token"]
        told = set((await provider.userinfo(everything)).json())
        assert told <= set(found["claims_supported"])
        for name in ("claims_parameter_supported", "request_parameter_supported", "request_uri_parameter_supported"):
            assert found[name] is False
        assert list(found) == list(discovery.metadata(provider.services, provider.site))


async def test_the_keys_are_those_that_verify_and_nothing_private(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        answer = await provider.http.get("/.well-known/jwks.json")
        assert answer.headers["cache-control"] == "public, max-age=60, must-revalidate"
        keys = answer.json()["keys"]
        assert {key["kid"] for key in keys} == {key.kid for key in KEYS.values()}
        assert (await provider.http.get("/.well-known/openid-configuration/jwks")).json() == answer.json()
        for key in keys:
            assert key["use"] == "sig"
            assert not {"d", "p", "q", "dp", "dq", "qi", "k"} & set(key)
            alg = key["alg"]
            SigningKey(alg, key["kid"], lambda: pytest.fail("a public key signs nothing"), key).verifies(b"", b"")


async def test_pages_of_other_origins_read_the_answers_without_cookies(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        page = {"origin": "https://spa.example.com", "access-control-request-method": "POST"}
        for path in sorted({route.path for route in ROUTES}):
            asked = await provider.http.options(
                path, headers={**page, "access-control-request-headers": "authorization, x-client"}
            )
            assert asked.status_code == 204, path
            assert asked.headers["access-control-allow-origin"] == "*"
            assert asked.headers["access-control-allow-headers"] == "authorization, x-client"
            assert "access-control-allow-credentials" not in asked.headers
        token = await provider.http.post("/oauth/token", headers={"origin": "https://spa.example.com"})
        assert (token.status_code, token.headers["access-control-allow-origin"]) == (400, "*")
        for path in ("/authorize", "/oidc/logout", "/nowhere"):
            answer = await provider.http.get(path, headers={"origin": "https://spa.example.com"})
            assert "access-control-allow-origin" not in answer.headers
