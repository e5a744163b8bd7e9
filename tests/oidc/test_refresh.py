"""Refresh tokens: their rotation, the detection of reuse, and every way in which one ends."""

import asyncio

from muster.core.apps.actions import delete_api, delete_app
from muster.core.apps.model import RefreshRules
from muster.core.sessions.actions import end_session
from muster.core.sessions.grants import list_grants
from muster.core.sessions.model import Grant
from tests.databases import Databases
from tests.oidc.issuer import API, SCOPES, claims_of, error, running


async def test_each_refresh_gives_a_new_token_and_the_old_one_ends_the_family(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        first = await provider.tokens()
        other = await provider.tokens()
        issued_at = provider.clock.now() // 1000
        provider.clock.turn(seconds=3)
        answer = await provider.refresh(first["refresh_token"])
        assert error(answer) == (200, "None")
        second = answer.json()
        assert set(second) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
        claims = claims_of(second["id_token"])
        assert "nonce" not in claims
        assert (claims["auth_time"], claims["iat"], claims["sub"]) == (issued_at, issued_at + 3, provider.user.id)
        third = (await provider.refresh(second["refresh_token"])).json()
        for token in (first["access_token"], second["access_token"], third["access_token"]):
            assert (await provider.userinfo(token)).status_code == 200
        # A thief, or the one who was robbed: nobody knows which, so that neither keeps anything.
        assert error(await provider.refresh(first["refresh_token"])) == (400, "invalid_grant")
        assert error(await provider.refresh(third["refresh_token"])) == (400, "invalid_grant")
        for token in (first["access_token"], second["access_token"], third["access_token"]):
            assert (await provider.userinfo(token)).status_code == 401
        assert (await provider.refresh(other["refresh_token"])).status_code == 200
        [(_, told)] = await provider.events("token.reused")
        assert (told["grant_kind"], told["count"]) == ("refresh_token", 5)


async def test_two_refreshes_at_the_same_moment_are_one_and_a_theft(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        token = (await provider.tokens())["refresh_token"]
        answers = await asyncio.gather(*(provider.refresh(token) for _ in range(5)))
        good = [answer.json() for answer in answers if answer.status_code == 200]
        assert len(good) == 1
        assert error(await provider.refresh(good[0]["refresh_token"])) == (400, "invalid_grant")


async def test_within_the_grace_a_token_counts_again_and_each_answer_stays_good(migrated_url: str) -> None:
    async with running(migrated_url) as provider:
        await provider.change_app(refresh=RefreshRules(grace=10))
        token = (await provider.tokens())["refresh_token"]
        answers = await asyncio.gather(*(provider.refresh(token) for _ in range(3)))
        assert [answer.status_code for answer in answers] == [200] * 3
        provider.clock.turn(seconds=9)
        late = await provider.refresh(token)
        assert late.status_code == 200
        provider.clock.turn(seconds=60)
        for answer in (*answers, late):
            assert (await provider.refresh(answer.json()["refresh_token"])).status_code == 200
        assert error(await provider.refresh(token)) == (400, "invalid_grant")
        assert error(await provider.refresh(late.json()["refresh_token"])) == (400, "invalid_grant")


async def test_a_grace_does_not_give_any_number_of_tokens(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.change_app(refresh=RefreshRules(grace=10))
        token = (await provider.tokens())["refresh_token"]
        codes = [(await provider.refresh(token)).status_code for _ in range(15)]
        assert codes == [200] * 10 + [400] * 5


async def test_a_token_that_does_not_rotate_stays_as_it_is(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.change_app(refresh=RefreshRules(rotating=False))
        token = (await provider.tokens())["refresh_token"]
        for _ in range(3):
            answer = await provider.refresh(token)
            assert (answer.status_code, "refresh_token" in answer.json()) == (200, False)
        # From the moment that the application's tokens rotate, so does this one.
        await provider.change_app(refresh=RefreshRules(rotating=True))
        assert "refresh_token" in (await provider.refresh(token)).json()
        assert error(await provider.refresh(token)) == (400, "invalid_grant")


async def test_the_scope_is_narrowed_for_one_access_token_and_never_widened(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        token = (await provider.tokens())["refresh_token"]
        narrow = (await provider.refresh(token, scope="openid")).json()
        assert narrow["scope"] == "openid"
        assert (await provider.userinfo(narrow["access_token"])).json() == {"sub": provider.user.id}
        assert error(await provider.refresh(narrow["refresh_token"], scope="openid phone")) == (400, "invalid_scope")
        whole = (await provider.refresh(narrow["refresh_token"])).json()
        assert whole["scope"] == " ".join(SCOPES)
        without = (await provider.refresh(whole["refresh_token"], scope="profile")).json()
        assert "id_token" not in without
        assert (await provider.userinfo(without["access_token"])).status_code == 403


async def test_an_api_that_changes_changes_what_is_refreshed(sqlite_databases: Databases) -> None:
    from muster.core.apps.model import Scope

    async with running(sqlite_databases.migrated()) as provider:
        scopes = ["openid", "read:things", "write:things", "offline_access"]
        token = (await provider.tokens(scopes=scopes, audience=API))["refresh_token"]
        assert error(await provider.refresh(token, audience="urn:strict")) == (400, "invalid_target")
        await provider.change_api(scopes=[Scope("read:things")], token_lifetime=60)
        second = (await provider.refresh(token, audience=API)).json()
        assert (second["scope"], second["expires_in"]) == ("openid read:things offline_access", 60)
        await provider.change_api(allow_offline_access=False)
        assert error(await provider.refresh(second["refresh_token"])) == (400, "invalid_grant")
        await provider.change_api(allow_offline_access=True)
        await provider.act(delete_api, "api")
        assert error(await provider.refresh(second["refresh_token"])) == (400, "invalid_target")


async def test_a_refresh_token_ends_by_time_and_by_lying_unused(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        await provider.change_app(refresh=RefreshRules(lifetime=1000, idle=400))
        token, unused = (await provider.tokens())["refresh_token"], (await provider.tokens())["refresh_token"]
        for seconds, status in ((399, 200), (399, 200), (201, 200), (1, 400)):
            provider.clock.turn(seconds=seconds)
            answer = await provider.refresh(token)
            assert answer.status_code == status, seconds
            token = answer.json().get("refresh_token")
        assert error(await provider.refresh(unused)) == (400, "invalid_grant")


async def test_a_user_who_signed_out_stays_signed_in_where_that_was_asked_for(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        offline, online = await provider.tokens(), await provider.tokens(scopes=["openid"])
        await provider.act(end_session, provider.session.id)
        assert (await provider.userinfo(online["access_token"])).status_code == 401
        assert (await provider.userinfo(offline["access_token"])).status_code == 200
        second = (await provider.refresh(offline["refresh_token"], scope="openid")).json()
        assert (await provider.userinfo(second["access_token"])).status_code == 200


async def test_a_bound_refresh_token_dies_with_its_session(sqlite_databases: Databases) -> None:
    from msgspec.structs import replace

    from muster.core.transaction import Transaction

    async def bind(tx: Transaction) -> None:
        for grant in await tx.owned(Grant, provider.user.id):
            if grant.kind == "refresh_token":
                tx.save(replace(grant, session_bound=True))

    async with running(sqlite_databases.migrated()) as provider:
        token = (await provider.tokens())["refresh_token"]
        await provider.act(bind)
        token = (await provider.refresh(token)).json()["refresh_token"]
        provider.clock.turn(days=2)  # the session's time is over: nobody had to end it
        assert error(await provider.refresh(token)) == (400, "invalid_grant")


async def test_suspended_and_deleted_users_and_applications_refresh_nothing(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        given = await provider.tokens()
        token = given["refresh_token"]
        await provider.change_user(suspended=True)
        assert error(await provider.refresh(token)) == (400, "invalid_grant")
        assert (await provider.userinfo(given["access_token"])).status_code == 401
        await provider.change_user(suspended=False)  # it lives again, and is still the same
        token = (await provider.refresh(token)).json()["refresh_token"]
        assert error(await provider.refresh(token, "other")) == (400, "invalid_grant")
        await provider.change_app(grant_types=["authorization_code"])
        assert error(await provider.refresh(token)) == (400, "unauthorized_client")
        await provider.act(delete_app, "web")
        assert error(await provider.refresh(token)) == (401, "invalid_client")
        assert (await provider.userinfo(given["access_token"])).status_code == 401


async def test_access_tokens_of_one_family_do_not_pile_up(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        token = (await provider.tokens())["refresh_token"]
        for _ in range(25):
            token = (await provider.refresh(token)).json()["refresh_token"]
        provider.clock.turn(seconds=3600)
        token = (await provider.refresh(token)).json()["refresh_token"]

        async def kept() -> dict[str, int]:
            every = await provider.store.owned(provider.tenant.number, Grant, provider.user.id)
            return {kind: sum(grant.kind == kind for grant in every) for kind in ("reference_token", "refresh_token")}

        assert await kept() == {"reference_token": 20, "refresh_token": 1}
        for _ in range(25):
            token = (await provider.refresh(token)).json()["refresh_token"]
        assert await kept() == {"reference_token": 20, "refresh_token": 1}


async def test_what_the_apis_list_is_the_one_living_token(sqlite_databases: Databases) -> None:
    from muster.core.actor import SYSTEM

    async with running(sqlite_databases.migrated()) as provider:
        token = (await provider.tokens())["refresh_token"]
        for _ in range(3):
            token = (await provider.refresh(token)).json()["refresh_token"]
        listed = await list_grants(
            provider.store, provider.tenant.number, SYSTEM, provider.user.id, provider.clock.now()
        )
        assert [grant.kind for grant in listed].count("refresh_token") == 1


async def test_what_is_no_token_at_all(sqlite_databases: Databases) -> None:
    async with running(sqlite_databases.migrated()) as provider:
        for text in ("x", "A" * 64, "é" * 64, "A" * 100_000, "a.b.c", provider.session_token):
            assert error(await provider.refresh(text)) == (400, "invalid_grant")
