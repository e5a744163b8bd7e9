"""A code is exchanged: what comes of it, and every way in which it is refused."""

import asyncio
import base64
from typing import Any

import pytest

from muster.core.apps.actions import delete_api
from muster.core.sessions.actions import end_session
from muster.core.users.model import Profile
from tests.databases import Databases
from tests.oidc.issuer import (
    API,
    CHALLENGE,
    ISSUER,
    KEYS,
    REDIRECT,
    SCOPES,
    SECRET,
    VERIFIER,
    claims_of,
    error,
    header_of,
    running,
)


async def test_a_code_gives_the_tokens_of_its_user(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        now = provider.clock.now() // 1000
        answer = await provider.exchange(await provider.code())
        assert error(answer) == (200, "None")
        body = answer.json()
        refresh, access, id_token = body.pop("refresh_token"), body.pop("access_token"), body.pop("id_token")
        assert body == {"token_type": "Bearer", "expires_in": 3600, "scope": " ".join(SCOPES)}
        assert len({refresh, access}) == 2
        assert header_of(id_token) == {"alg": "RS256", "typ": "JWT", "kid": "identity-rs"}
        claims = claims_of(id_token)
        at_hash = claims.pop("at_hash")
        assert len(at_hash) == 22
        told = {
            "name": "Jo Doe",
            "given_name": "Jo",
            "family_name": "Doe",
            "nickname": "jo",
            "preferred_username": "Jo",
            "locale": "en",
            "updated_at": now,
            "email": "jo@example.com",
            "email_verified": True,
        }
        assert claims == told | {
            "iss": ISSUER,
            "token_use": "identity",
            "sub": provider.user.id,
            "aud": "web",
            "azp": "web",
            "iat": now,
            "exp": now + 36_000,
            "auth_time": now,
            "nonce": "n-0S6_WzA2Mj",
            "amr": ["pwd"],
            "sid": provider.session.id,
        }
        info = await provider.userinfo(access)
        assert (info.status_code, info.json()) == (200, {"sub": provider.user.id, **told})
        assert await provider.events("token.issued", "token.refused") == [
            ("token.issued", {"grant_type": "authorization_code", "scopes": SCOPES})
        ]


async def test_tokens_for_an_api_are_jwts_that_name_it(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        now = provider.clock.now() // 1000
        given = await provider.tokens(scopes=["openid", "read:things", "offline_access"], audience=API)
        token = given["access_token"]
        assert (given["expires_in"], given["scope"]) == (86_400, "openid read:things offline_access")
        assert header_of(token) == {"alg": "RS256", "typ": "at+jwt", "kid": "access-rs"}
        claims = claims_of(token)
        assert len(claims.pop("jti")) == 22
        assert claims == {
            "iss": ISSUER,
            "token_use": "access",
            "aud": [API, f"{ISSUER}userinfo"],
            "sub": provider.user.id,
            "client_id": "web",
            "azp": "web",
            "scope": "openid read:things offline_access",
            "auth_time": now,
            "amr": ["pwd"],
            "iat": now,
            "exp": now + 86_400,
        }
        assert (await provider.userinfo(token)).json() == {"sub": provider.user.id}
        plain = await provider.tokens(scopes=["read:things"], audience=API)
        assert claims_of(plain["access_token"])["aud"] == API
        assert set(plain) == {"access_token", "token_type", "expires_in", "scope"}


async def test_an_application_and_an_api_choose_their_algorithms(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        for alg in ("ES256", "EdDSA", "RS256", "HS256"):
            await provider.change_app(signing_alg=alg)
            await provider.change_api(signing_alg=alg)
            given = await provider.tokens(scopes=["openid", "read:things"], audience=API)
            used = alg if alg != "HS256" else "RS256"
            for token, purpose in ((given["id_token"], "identity"), (given["access_token"], "access")):
                assert header_of(token)["alg"] == used
                signed, _, signature = token.rpartition(".")
                raw = base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4))
                assert KEYS[purpose, used].verifies(raw, signed.encode())
        await provider.change_app(signing_alg="EdDSA")
        await provider.change_api(signing_alg="RS256")
        given = await provider.tokens(scopes=["openid", "read:things"], audience=API)
        assert header_of(given["access_token"])["alg"] == "EdDSA"
        strict = await provider.ask("/oauth/token", grant_type="client_credentials", audience=API)
        assert header_of(strict.json()["access_token"])["alg"] == "EdDSA"


async def test_a_code_is_good_once_and_its_second_use_takes_back_what_came_of_it(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        code = await provider.code()
        first = (await provider.exchange(code)).json()
        kept = await provider.tokens()  # of another code, which is not touched
        again = (await provider.refresh(first["refresh_token"])).json()
        assert error(await provider.exchange(code)) == (400, "invalid_grant")
        for token in (first["access_token"], again["access_token"]):
            assert (await provider.userinfo(token)).status_code == 401
            assert await provider.introspect(token) == {"active": False}
        assert error(await provider.refresh(again["refresh_token"])) == (400, "invalid_grant")
        assert (await provider.userinfo(kept["access_token"])).status_code == 200
        assert [kind for kind, _ in await provider.events("token.reused")] == ["token.reused"]
        assert error(await provider.exchange(code)) == (400, "invalid_grant")  # the code itself is gone with the rest


async def test_of_many_exchanges_at_the_same_moment_none_keeps_anything(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        code = await provider.code()
        answers = await asyncio.gather(*(provider.exchange(code) for _ in range(6)))
        good = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(good) == 1
        assert {error(answer) for answer in answers if answer.status_code != 200} == {(400, "invalid_grant")}
        assert (await provider.userinfo(good[0]["access_token"])).status_code == 401
        assert error(await provider.refresh(good[0]["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("sent", "request_", "expected"),
    [
        ({"code_verifier": None}, {}, "invalid_grant"),
        ({"code_verifier": VERIFIER[:-1] + "x"}, {}, "invalid_grant"),
        ({"code_verifier": CHALLENGE}, {}, "invalid_grant"),
        ({"code_verifier": "short"}, {}, "invalid_grant"),
        ({"code_verifier": VERIFIER + "é"}, {}, "invalid_grant"),
        ({}, {"code_challenge": ""}, "invalid_grant"),
        ({}, {"code_challenge": VERIFIER}, "invalid_grant"),
        ({"redirect_uri": None}, {}, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "/"}, {}, "invalid_grant"),
        ({"redirect_uri": REDIRECT + "?x=1"}, {}, "invalid_grant"),
        ({"redirect_uri": REDIRECT.upper()}, {}, "invalid_grant"),
        ({"audience": "urn:strict"}, {}, "invalid_target"),
        ({"resource": API}, {}, "invalid_target"),
        ({"code": None}, {}, "invalid_request"),
        ({"grant_type": None}, {}, "invalid_request"),
        ({"grant_type": "implicit"}, {}, "unsupported_grant_type"),
        ({"code": "x"}, {}, "invalid_grant"),
        ({"code": "A" * 64}, {}, "invalid_grant"),
        ({"code": "é" * 64}, {}, "invalid_grant"),
    ],
)
async def test_what_does_not_belong_to_the_code_is_refused_and_spends_nothing(
    sent: dict[str, Any], request_: dict[str, Any], expected: str, sqlite_databases: Databases
) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        code = await provider.code(**request_)
        assert error(await provider.exchange(**{"code": code, **sent})) == (400, expected)
        if not request_:
            assert (await provider.exchange(code)).status_code == 200


async def test_a_code_belongs_to_one_application(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        code = await provider.code()
        for thief in ("other", "spa"):
            assert error(await provider.exchange(code, thief)) == (400, "invalid_grant")
        assert (await provider.exchange(code)).status_code == 200
        await provider.change_app(grant_types=["refresh_token"])
        assert error(await provider.exchange(await provider.code())) == (400, "unauthorized_client")


async def test_a_code_without_challenge_takes_no_verifier(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        code = await provider.code(code_challenge="")
        assert error(await provider.exchange(code)) == (400, "invalid_grant")
        assert (await provider.exchange(code, code_verifier=None)).status_code == 200


async def test_a_code_dies_with_its_minute_its_session_its_user_and_its_api(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        late, suspended, for_api = await provider.code(), await provider.code(), await provider.code(audience=API)
        await provider.change_user(suspended=True)
        assert error(await provider.exchange(suspended)) == (400, "invalid_grant")
        await provider.change_user(suspended=False)
        assert (await provider.exchange(suspended)).status_code == 200
        await provider.act(delete_api, "api")
        assert error(await provider.exchange(for_api)) == (400, "invalid_target")
        provider.clock.turn(seconds=60)
        assert error(await provider.exchange(late)) == (400, "invalid_grant")
        ended = await provider.code()
        await provider.act(end_session, provider.session.id)
        assert error(await provider.exchange(ended)) == (400, "invalid_grant")


async def test_a_refresh_token_needs_offline_access_the_application_and_the_api(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        online = await provider.tokens(scopes=["openid"])
        assert "refresh_token" not in online
        strict = await provider.tokens(scopes=SCOPES, audience="urn:strict")
        assert ("refresh_token" in strict, strict["scope"]) == (False, "openid profile email")
        await provider.change_app(grant_types=["authorization_code"])
        unregistered = await provider.tokens()
        assert ("refresh_token" in unregistered, unregistered["scope"]) == (False, "openid profile email")


async def test_claims_that_are_too_much_for_a_token_are_left_to_userinfo(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.change_user(profile=Profile(given_name="Jo", picture="https://example.com/" + "x" * 9000))
        given = await provider.tokens()
        assert "picture" not in claims_of(given["id_token"])
        assert claims_of(given["id_token"])["sub"] == provider.user.id
        assert len((await provider.userinfo(given["access_token"])).json()["picture"]) == 9020


async def test_a_json_body_is_read_as_a_form_is(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        body = {
            "grant_type": "authorization_code",
            "client_id": "web",
            "client_secret": SECRET,
            "code": await provider.code(),
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            "audience": None,
        }
        assert (await provider.http.post("/connect/token", json=body)).status_code == 200
        unreadable: list[Any] = [[], "x", {**body, "code": 7}, {**body, "code": ["x"]}]
        for broken in unreadable:
            assert error(await provider.http.post("/oauth/token", json=broken)) == (400, "invalid_request")
        for content, media in (
            (b"\xff", "application/json"),
            (b"a=%ff", "application/x-www-form-urlencoded"),
            (b"code=1&code=2&grant_type=authorization_code", "application/x-www-form-urlencoded"),
            (b"<x/>", "text/xml"),
        ):
            refused = await provider.http.post("/oauth/token", content=content, headers={"content-type": media})
            assert error(refused) == (400, "invalid_request")
        twice = b"grant_type=refresh_token&resource=a&resource=b"
        form = {"content-type": "application/x-www-form-urlencoded"}
        assert error(await provider.http.post("/oauth/token", content=twice, headers=form)) == (400, "invalid_target")
