"""What a session that is there already does for a sign-in, and what becomes of it; and consent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.second_step import require_second_factor
from muster.core.errors import Conflict, Invalid
from muster.core.sessions.actions import end_sessions_of
from muster.core.sessions.model import ConsentScope, Grant
from muster.core.users.model import MustChange
from tests.core.sign_in import NOW
from tests.core.sign_in_engine import APP, Browser, Engine, totp_at

HOUR = 3_600_000


async def test_a_session_does_for_the_next_application(engine: Engine) -> None:
    browser = engine.browser()
    first = await browser.sign_in_whole()
    await engine.change(must_change=MustChange(by=NOW, why="admin"))  # is asked at a sign-in, which this is not
    await browser.begin()
    assert (await browser.view()).step == "done"
    second = await browser.finish()
    assert (second.session.id, second.token) == (first.session.id, None)
    assert len(await engine.sessions()) == 1
    assert (await engine.world.activity()).logins == 1


@pytest.mark.parametrize(
    ("asked", "after", "step"),
    [
        ({"fresh": True}, 0, "identify"),
        ({"max_age": HOUR}, HOUR - 1, "done"),
        ({"max_age": HOUR}, HOUR, "identify"),
        ({"connection_id": "realm"}, 0, "done"),
        ({"connection_id": "operators"}, 0, "identify"),
        ({"second_factor": True}, 0, "enrol_factor"),
    ],
)
async def test_a_session_does_only_if_it_is_what_is_asked_for(
    engine: Engine, asked: dict[str, Any], after: int, step: str
) -> None:
    browser = engine.browser()
    await browser.sign_in_whole()
    engine.world.clock.turn(ms=after)
    await browser.begin(**asked)
    assert (await browser.view()).step == step


async def test_who_proves_it_anew_keeps_the_session_under_a_new_token(engine: Engine) -> None:
    browser = engine.browser()
    first = await browser.sign_in_whole()
    old = browser.token
    engine.world.clock.turn(ms=HOUR)
    assert (await browser.by_password(fresh=True)).step == "done"
    second = await browser.finish()
    assert second.session.id == first.session.id
    assert second.token not in (None, old)
    assert second.session.authenticated_at == NOW + HOUR
    assert second.session.expires_at == (first.session.expires_at or 0) + HOUR
    assert await engine.sign_in.signed_in(engine.world.tenant_id, old) is None
    assert await engine.sign_in.signed_in(engine.world.tenant_id, browser.token) is not None


async def test_a_token_that_was_planted_is_worth_nothing_after_a_sign_in(on_both: Engine) -> None:
    """The victim's browser carries the attacker's session; after the victim's sign-in it is the victim's own, and new."""
    mallory = await on_both.world.add("mallory@example.org")
    attacker = on_both.browser()
    await attacker.by_password("mallory@example.org")
    await attacker.finish()
    victim = on_both.browser()
    victim.token = attacker.token
    assert (await victim.by_password(fresh=True)).step == "done"
    finished = await victim.finish()
    assert finished.session.user_id == on_both.world.ann
    assert victim.token != attacker.token
    assert await on_both.sign_in.signed_in(on_both.world.tenant_id, attacker.token) is None
    assert [session.ending for session in await on_both.sessions(mallory)] == ["replaced"]


async def test_a_second_factor_is_added_to_the_session(engine: Engine) -> None:
    browser = engine.browser()
    first = await browser.sign_in_whole()
    secret, old = await engine.enrol(), browser.token
    await browser.begin(second_factor=True)
    assert (await browser.view()).step == "second_factor"
    assert (await browser.take("second_factor", kind="totp", code=totp_at(secret, engine))).step == "done"
    second = await browser.finish()
    assert second.session.id == first.session.id
    assert [method.name for method in second.session.methods] == ["password", "totp"]
    assert (second.session.elevated_at, second.session.authenticated_at) == (NOW, NOW)
    assert browser.token != old
    await browser.begin(second_factor=True)
    assert (await browser.view()).step == "done"


async def test_an_administrators_demand_holds_for_sessions_too(engine: Engine) -> None:
    browser = engine.browser()
    await browser.sign_in_whole()
    await engine.enrol()
    await browser.begin()
    assert (await browser.view()).step == "done"  # the tenant's rule is for sign-ins
    await engine.world.on_ann(require_second_factor, required=True)
    await browser.begin()
    assert (await browser.view()).step == "second_factor"


async def test_a_session_that_ends_on_the_way_carries_nothing(engine: Engine) -> None:
    browser = engine.browser()
    await browser.sign_in_whole()
    await browser.begin()
    await engine.world.on_ann(end_sessions_of)
    assert (await browser.view()).step == "identify"
    with pytest.raises(Conflict, match="not_now"):
        await browser.finish()
    await browser.begin(second_factor=True)
    assert (await browser.view()).step == "identify"


async def test_one_may_choose_to_be_somebody_else(engine: Engine) -> None:
    await engine.world.add("bob@example.org")
    browser = engine.browser()
    await browser.sign_in_whole()
    await browser.begin(scopes=["openid"])
    assert (await browser.view()).step == "consent"
    assert (await browser.take("restart")).step == "identify"
    await browser.take("identify", identifier="bob@example.org")
    assert (await browser.take("password", password="correct horse")).step == "consent"
    await browser.take("consent", decision="allow")
    assert (await browser.finish()).session.user_id != engine.world.ann
    assert [session.ending for session in await engine.sessions()] == ["replaced"]


async def test_ending_all_sessions_misses_none_that_is_renewed(on_both: Engine) -> None:
    browser = on_both.browser()
    await browser.sign_in_whole()
    on_both.world.clock.turn(ms=HOUR)
    await browser.by_password(fresh=True)
    done = await asyncio.gather(browser.finish(), on_both.world.on_ann(end_sessions_of), return_exceptions=True)
    [*sessions] = await on_both.sessions()
    alive = [session for session in sessions if session.status(on_both.world.clock.now()) == "active"]
    if isinstance(done[0], BaseException) or not alive:
        assert alive == []
    else:  # the end came first, and the sign-in after it
        assert [session.id for session in alive] == [done[0].session.id]
        assert alive[0].id != sessions[0].id


# ------------------------------------------------------------------------------------------------------------- consent


async def consents(engine: Engine) -> list[Grant]:
    return [*await engine.world.store.owned(engine.world.tenant_id, Grant, engine.world.ann)]


async def asked_to_consent(engine: Engine, browser: Browser, *scopes: str, **asked: Any) -> list[str]:
    """The scopes that the page asks for; none when it does not come to that."""
    await browser.begin(scopes=list(scopes), **asked)
    view = await browser.view()
    return view.scopes


async def test_consent_is_asked_once_for_a_scope(on_both: Engine) -> None:
    browser = on_both.browser()
    view = await browser.by_password(scopes=["openid", "profile"], audience="urn:api")
    assert (view.step, view.scopes, view.first_party) == ("consent", ["openid", "profile"], True)
    with pytest.raises(Invalid, match="decision_missing"):
        await browser.take("consent", decision="maybe")
    assert (await browser.take("consent", decision="allow")).step == "done"
    assert (await browser.finish()).attempt.consented == ["openid", "profile"]
    [grant] = await consents(on_both)
    assert (grant.kind, grant.app_id, grant.audiences) == ("consent", APP, ["urn:api"])
    assert grant.consented == [ConsentScope(scope=scope, granted_at=NOW) for scope in ("openid", "profile")]

    on_both.world.clock.turn(ms=1)
    api = {"audience": "urn:api"}
    assert await asked_to_consent(on_both, browser, "openid", **api) == []
    assert await asked_to_consent(on_both, browser, "openid") == ["openid"]  # for no API, or another one
    assert await asked_to_consent(on_both, browser, "openid", consent=True, **api) == ["openid"]
    assert await asked_to_consent(on_both, browser, "openid", "email", "address", **api) == ["email", "address"]
    view = await browser.take("consent", decision="allow", scopes="email phone")
    assert (view.step, view.attempt.consented) == ("done", ["openid", "email"])
    await browser.finish()
    [grant] = await consents(on_both)
    assert [(each.scope, each.granted_at) for each in grant.consented] == [
        ("openid", NOW),
        ("profile", NOW),
        ("email", NOW + 1),
    ]
    assert await asked_to_consent(on_both, browser, "openid", "email", "profile", **api) == []


@pytest.mark.parametrize("given", [{"decision": "deny"}, {"decision": "allow", "scopes": ""}])
async def test_consent_refused_signs_in_and_says_so(engine: Engine, given: dict[str, str]) -> None:
    browser = engine.browser()
    await browser.by_password(scopes=["openid"])
    view = await browser.take("consent", **given)
    assert (view.step, view.denied, view.attempt.consented) == ("done", True, [])
    finished = await browser.finish()
    assert (finished.attempt.denied, finished.token is None) == (True, False)
    assert await consents(engine) == []
    assert await asked_to_consent(engine, browser, "openid") == ["openid"]


async def test_one_suspended_meanwhile_agrees_to_nothing(engine: Engine) -> None:
    browser = engine.browser()
    await browser.sign_in_whole()
    await browser.begin(scopes=["openid"])
    await browser.take("consent", decision="allow")
    await engine.change(suspended=True)
    with pytest.raises(CredentialRefused, match="suspended"):
        await browser.finish()
    assert await consents(engine) == []
