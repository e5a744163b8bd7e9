"""Back from the pages: only the browser that went there, with the session that came of it, and once."""

from __future__ import annotations

import asyncio

from msgspec.structs import replace

from muster.core.apps.actions import delete_app, update_app
from muster.core.apps.model import Application
from muster.core.sessions.actions import end_session
from muster.core.sessions.model import Grant
from muster.core.sign_in.model import LIFETIME, SignInAttempt
from tests.oidc.browsing import CALLBACK, CONTEXT, Answer, Browser, Front

GUEST = {"client_id": "guest", "scope": "openid email offline_access"}


async def done(browser: Browser, **parameters: str) -> str:
    """An attempt that only waits to be resumed."""
    attempt = (await browser.authorize(**parameters)).attempt
    await browser.take(attempt, "identify", identifier="ann@example.org")
    await browser.take(attempt, "password", password="correct horse")
    return attempt


async def finished(browser: Browser, **parameters: str) -> str:
    attempt = await done(browser, **parameters)
    ended = await browser.front.sign_in.finish(browser.front.tenant_id, attempt, browser.secret, CONTEXT)
    assert ended.path == f"/authorize/resume?attempt={attempt}"
    browser.token = ended.token or ""
    return attempt


def is_over(answer: Answer) -> bool:
    return (answer.status, answer.location) == (400, "") and "This sign-in is over" in answer.text


async def test_an_attempt_is_resumed_once(front_on_each: Front) -> None:
    browser = Browser(front_on_each)
    attempt = await finished(browser)
    answers = await asyncio.gather(*(browser.get("/authorize/resume", attempt=attempt) for _ in range(4)))
    assert sorted(is_over(answer) for answer in answers) == [False, True, True, True]
    assert len(await browser.codes()) == 1
    assert is_over(await browser.get("/authorize/resume", attempt=attempt))


async def test_nobody_else_can_resume_it(front: Front, browser: Browser) -> None:
    attempt = await finished(browser)
    stranger, thief, half = Browser(front), Browser(front), Browser(front)
    await thief.signed_in()
    half.http.cookies.update(browser.http.cookies)
    half.token = thief.token
    for other in (stranger, thief, half):
        assert is_over(await other.get("/authorize/resume", attempt=attempt))
    assert (await browser.get("/authorize/resume", attempt=attempt)).code


async def test_an_attempt_that_never_was(browser: Browser) -> None:
    await browser.authorize()
    for attempt in ("", "0" * 32, "x", "\u00e9", "a" * 10_000):
        assert is_over(await browser.get("/authorize/resume", attempt=attempt))


async def test_an_attempt_is_named_once(browser: Browser) -> None:
    attempt = await finished(browser)
    assert is_over(await browser.get(f"/authorize/resume?attempt={attempt}&attempt={attempt}"))
    assert is_over(await browser.get("/authorize/resume"))


async def test_it_is_not_resumed_before_it_is_finished(browser: Browser) -> None:
    assert is_over(await browser.get("/authorize/resume", attempt=await done(browser)))


async def test_it_is_not_resumed_late(front: Front, browser: Browser) -> None:
    attempt = await finished(browser)
    front.clock.turn(ms=LIFETIME)
    assert is_over(await browser.get("/authorize/resume", attempt=attempt))


async def test_it_is_not_resumed_after_signing_out(front: Front, browser: Browser) -> None:
    attempt = await finished(browser)
    await front.act(end_session, (await browser.session()).id)
    assert is_over(await browser.get("/authorize/resume", attempt=attempt))


async def test_an_attempt_for_another_page_is_none_of_ours(front: Front, browser: Browser) -> None:
    from muster.core.sign_in.engine import Beginning

    begun = await front.sign_in.begin(front.tenant_id, Beginning(return_to="/account"), "", CONTEXT)
    browser.http.cookies.set("__Host-muster_browser", begun.browser, domain="id.example.com")
    await browser.take(begun.attempt.id, "identify", identifier="ann@example.org")
    await browser.take(begun.attempt.id, "password", password="correct horse")
    await browser.finish(begun.attempt.id)
    assert is_over(await browser.get("/authorize/resume", attempt=begun.attempt.id))


async def test_what_happened_meanwhile_counts(front: Front, browser: Browser) -> None:
    attempt = await finished(browser)
    session = await browser.session()
    await front.change_user(session.user_id, suspended=True)
    assert (await browser.get("/authorize/resume", attempt=attempt)).location == ""
    await front.change_user(session.user_id, suspended=False)
    await front.act(delete_app, "shop")
    answer = await browser.get("/authorize/resume", attempt=attempt)
    assert (answer.status, answer.location) == (400, "")


async def test_an_address_that_was_taken_back_gets_nothing(front: Front, browser: Browser) -> None:
    attempt = await finished(browser)

    def without(app: Application) -> Application:
        return replace(app, redirect_uris=["https://app.example.com/new"])

    await front.act(update_app, "shop", without)
    answer = await browser.get("/authorize/resume", attempt=attempt)
    assert (answer.status, answer.location) == (400, "")


async def test_another_sign_in_does_not_disturb_the_first(front: Front, browser: Browser) -> None:
    first, second = await browser.authorize(state="1"), await browser.authorize(state="2")
    assert (await browser.sign_in(second.attempt)).values["state"] == "2"
    assert (await browser.sign_in(first.attempt)).values["state"] == "1"


async def test_a_session_that_was_planted_is_worth_nothing_afterwards(front: Front, browser: Browser) -> None:
    """Session fixation: the attacker's own session in the victim's browser does not become the victim's."""
    await front.user("mallory@example.org")
    mallory = Browser(front)
    await mallory.signed_in("mallory@example.org")
    browser.token = mallory.token
    answer = await browser.authorize(prompt="login")
    await browser.sign_in(answer.attempt)
    assert browser.token != mallory.token
    assert await front.sign_in.signed_in(front.tenant_id, mallory.token) is None


# --------------------------------------------------------------------------------------------------------- consent


async def test_a_third_party_is_given_what_was_agreed_to(front: Front, browser: Browser) -> None:
    await front.app("guest", first_party=False)
    begun = await browser.authorize(**GUEST)
    answer = await browser.sign_in(begun.attempt, decision="allow", scopes="openid email")
    assert answer.code
    assert [grant.scopes for grant in await browser.codes()] == [["openid", "email"]]
    assert (await browser.authorize(client_id="guest", scope="openid email")).code
    assert (await browser.authorize(prompt="none", **GUEST)).values["error"] == "consent_required"
    asked = await browser.authorize(**GUEST)
    assert (await browser.view(asked.attempt)).scopes == ["offline_access"]


async def test_a_refused_consent_is_told_and_nothing_given(front: Front, browser: Browser) -> None:
    await front.app("guest", first_party=False)
    answer = await browser.sign_in((await browser.authorize(**GUEST)).attempt, decision="deny")
    assert (answer.to, answer.values["error"]) == (CALLBACK, "access_denied")
    assert await browser.codes() == []


async def test_who_is_asked_again_may_change_their_mind(front: Front, browser: Browser) -> None:
    await front.app("guest", first_party=False)
    await browser.sign_in((await browser.authorize(**GUEST)).attempt)
    again = await browser.authorize(prompt="consent", **GUEST)
    answer = await browser.sign_in(again.attempt, decision="deny")
    assert answer.values["error"] == "access_denied"
    assert len(await browser.codes()) == 1


async def test_a_consent_that_was_taken_back_meanwhile(front: Front, browser: Browser) -> None:
    await front.app("guest", first_party=False)
    await browser.sign_in((await browser.authorize(**GUEST)).attempt)
    session = await browser.session()
    (consent,) = [g for g in await front.store.owned(front.tenant_id, Grant, session.user_id) if g.kind == "consent"]
    from muster.core.sessions.grants import revoke_grant

    await front.act(revoke_grant, consent.id)
    assert (await browser.authorize(prompt="none", **GUEST)).values["error"] == "consent_required"


async def test_a_consent_is_for_one_api(front: Front, browser: Browser) -> None:
    await front.app("guest", first_party=False)
    await front.add_api("https://api.example/", scopes=[])
    await browser.sign_in((await browser.authorize(client_id="guest")).attempt)
    other = {"client_id": "guest", "audience": "https://api.example/", "prompt": "none"}
    assert (await browser.authorize(**other)).values["error"] == "consent_required"


async def test_the_attempt_is_gone_with_its_code(front: Front, browser: Browser) -> None:
    attempt = await finished(browser)
    await browser.get("/authorize/resume", attempt=attempt)
    assert await front.store.get(front.tenant_id, SignInAttempt, attempt) is None
