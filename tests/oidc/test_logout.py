"""Signing out at an application's request: RP-Initiated Logout 1.0, `/v2/logout`, and Back-Channel Logout 1.0."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from muster.core.apps.actions import update_app
from muster.core.events import Message
from muster.core.outside import Fetched, OutsideFailed
from muster.core.security import TokenRefused
from muster.core.sessions.actions import end_sessions_of
from muster.core.sessions.model import Session
from muster.core.settings.model import Branding, SignInSettings
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.oidc.backchannel import LogoutSender
from tests.oidc.browsing import ISSUER, NOW, Answer, Browser, Front

BYE = "https://app.example.com/bye"
OTHER = "https://other.example.com/bye"
ENDPOINTS = ("/oidc/logout", "/connect/endsession")


@pytest.fixture
async def ann(front: Front, browser: Browser) -> Browser:
    """Signed in at `shop`; `guest` is an application she never was at."""
    await front.app("shop2", post_logout_uris=[BYE, f"{BYE}?a=1"])
    await front.app("guest", post_logout_uris=[OTHER])
    await browser.signed_in(client_id="shop2")
    return browser


async def hint(browser: Browser, **claims: object) -> str:
    session = await browser.session()
    return browser.front.id_token(session.user_id, **{"aud": "shop2", "sid": session.id, **claims})


async def is_signed_in(browser: Browser, token: str) -> bool:
    return await browser.front.sign_in.signed_in(browser.front.tenant_id, token) is not None


def drops_cookie(answer: Answer) -> bool:
    return any(cookie.startswith("__Host-muster_session=;") and "Max-Age=0" in cookie for cookie in answer.cookies)


class Question(HTMLParser):
    """The fields of the page that asks."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.action, self.fields = "", dict[str, str]()
        assert (answer.status, "An application asks us to sign you out." in answer.text) == (200, True), answer.text
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = given["action"]
        elif tag == "input":
            self.fields[given["name"]] = given["value"]


# ---------------------------------------------------------------------------------------------- RP-initiated logout


async def test_an_id_token_of_the_session_is_enough(ann: Browser) -> None:
    token, session = ann.token, await ann.session()
    sent = {"id_token_hint": await hint(ann), "post_logout_redirect_uri": BYE, "state": "a b&c"}
    answer = await ann.get("/connect/endsession", **sent)
    assert (answer.status, answer.location) == (303, f"{BYE}?state=a+b%26c")
    assert drops_cookie(answer)
    assert not await is_signed_in(ann, token)
    stored = await ann.front.store.get(ann.front.tenant_id, Session, session.id)
    assert stored is not None
    assert stored.ending == "ended"


async def test_an_expired_id_token_will_do(ann: Browser) -> None:
    sent = {
        "id_token_hint": await hint(ann, exp=NOW // 1000 - 86_400),
        "post_logout_redirect_uri": f"{BYE}?a=1",
        "state": "s",
    }
    assert (await ann.get("/oidc/logout", **sent)).location == f"{BYE}?a=1&state=s"


async def test_a_form_of_the_application_is_repeated_as_a_link(ann: Browser) -> None:
    answer = await ann.post("/oidc/logout", {"id_token_hint": await hint(ann), "post_logout_redirect_uri": BYE})
    assert (answer.status, answer.cookies) == (303, [])
    assert (await ann.get(answer.location)).location == BYE


async def test_without_an_address_it_ends_on_our_page(ann: Browser) -> None:
    answer = await ann.get("/oidc/logout", id_token_hint=await hint(ann), state="s")
    assert (answer.status, answer.location, "You are signed out" in answer.text) == (200, "", True)


async def test_who_is_signed_out_already_just_goes_on(ann: Browser) -> None:
    token = await hint(ann)
    ann.token = "x"
    answer = await ann.get("/oidc/logout", id_token_hint=token, post_logout_redirect_uri=BYE)
    assert answer.location == BYE
    assert (await ann.get("/oidc/logout")).status == 200


UNPROVED: list[dict[str, str]] = [
    {},
    {"client_id": "shop2"},
    {"client_id": "shop2", "post_logout_redirect_uri": BYE},
    {"id_token_hint": "a.b.c"},
    {"id_token_hint": "x" * 9000},
    {"id_token_hint": "...."},
]


async def test_without_proof_the_person_is_asked(ann: Browser) -> None:
    for sent in UNPROVED:
        await ann.signed_in(client_id="shop2", prompt="login")
        token = ann.token
        question = Question(await ann.get("/oidc/logout", **sent))
        assert question.action == "/oidc/logout/confirm"
        stay = await ann.post(question.action, {**question.fields, "decision": "stay"})
        assert (stay.status, "still signed in" in stay.text, await is_signed_in(ann, token)) == (200, True, True)
        gone = await ann.post(question.action, {**question.fields, "decision": "sign_out"})
        assert gone.location == sent.get("post_logout_redirect_uri", "")
        assert (drops_cookie(gone), await is_signed_in(ann, token)) == (True, False)


async def test_proof_of_another_session_is_none(front: Front, ann: Browser) -> None:
    bob = await front.user("bob@example.org")
    for claims in ({"sub": bob, "sid": None}, {"sid": "another"}, {"sub": bob}):
        given = {name: value for name, value in claims.items() if value is not None}
        Question(await ann.get("/oidc/logout", id_token_hint=await hint(ann, **given)))
    assert await is_signed_in(ann, ann.token)


async def test_no_other_token_is_an_id_token(front: Front, ann: Browser) -> None:
    session = await ann.session()
    claims = {"sub": session.user_id, "sid": session.id, "aud": "shop2", "exp": NOW // 1000 + 60}
    for ring in ("access", "management"):
        Question(await ann.get("/oidc/logout", id_token_hint=front.services.rings(front.site, ring).sign(claims)))
    logout_token = front.services.rings(front.site, "identity").sign(claims, typ="logout+jwt")
    Question(await ann.get("/oidc/logout", id_token_hint=logout_token))
    assert await is_signed_in(ann, ann.token)


UNREGISTERED: list[tuple[dict[str, str], bool]] = [
    ({"post_logout_redirect_uri": "https://evil.example/"}, True),
    ({"post_logout_redirect_uri": f"{BYE}/"}, True),
    ({"post_logout_redirect_uri": f"{BYE}?a=2"}, True),
    ({"post_logout_redirect_uri": OTHER}, True),
    ({"post_logout_redirect_uri": BYE}, False),
    ({"post_logout_redirect_uri": BYE, "client_id": "guest"}, False),
    ({"client_id": "guest"}, True),
    ({"client_id": "nobody"}, False),
]


async def test_nobody_is_sent_where_it_is_not_registered(ann: Browser) -> None:
    for asked, hinted in UNREGISTERED:
        sent = {**asked, "id_token_hint": await hint(ann)} if hinted else asked
        for path in ENDPOINTS:
            answer = await ann.get(path, **sent)
            assert (answer.status, answer.location, answer.cookies) == (400, "", []), sent
            assert "evil" not in answer.text
    assert await is_signed_in(ann, ann.token)


async def test_what_is_sent_twice_is_refused(ann: Browser) -> None:
    answer = await ann.get(
        f"/oidc/logout?client_id=shop2&post_logout_redirect_uri={BYE}&post_logout_redirect_uri={OTHER}"
    )
    assert (answer.status, answer.location) == (400, "")


async def test_the_answer_must_be_to_our_own_question(front: Front, ann: Browser) -> None:
    question = Question(await ann.get("/oidc/logout"))
    mallory = Browser(front)
    await front.user("mallory@example.org")
    await mallory.signed_in("mallory@example.org")
    theirs = Question(await mallory.get("/oidc/logout"))
    yes = {"decision": "sign_out"}
    for csrf in ("", "0" * 64, theirs.fields["csrf"]):
        refused = await ann.post(question.action, {**question.fields, "csrf": csrf, **yes})
        assert refused.status == 403
    for headers in ({"origin": "https://evil.example"}, {"sec_fetch_site": "cross-site"}, {"origin": "null"}):
        assert (await ann.post(question.action, {**question.fields, **yes}, **headers)).status == 403
    assert await is_signed_in(ann, ann.token)
    changed = {**question.fields, "client_id": "shop2", "post_logout_redirect_uri": "https://evil.example/"}
    assert (await ann.post(question.action, {**changed, **yes})).status == 400
    own = {"origin": ISSUER.rstrip("/"), "sec_fetch_site": "same-origin"}
    assert (await ann.post(question.action, {**question.fields, **yes}, **own)).status == 200
    assert not await is_signed_in(ann, ann.token)


# -------------------------------------------------------------------------------------------------------- /v2/logout


async def test_v2_logout_goes_to_a_registered_address(ann: Browser) -> None:
    token = ann.token
    for sent in (
        {"returnTo": "https://evil.example/", "client_id": "shop2"},
        {"returnTo": OTHER, "client_id": "shop2"},
        {"returnTo": BYE, "client_id": "nobody"},
        {"returnTo": BYE},
    ):
        refused = await ann.get("/v2/logout", **sent)
        assert (refused.status, refused.location) == (400, "")
    assert await is_signed_in(ann, token)
    answer = await ann.get("/v2/logout", returnTo=BYE, client_id="shop2", federated="")
    assert (answer.status, answer.location, drops_cookie(answer)) == (303, BYE, True)
    assert not await is_signed_in(ann, token)


async def test_v2_logout_without_an_address(ann: Browser) -> None:
    answer = await ann.get("/v2/logout")
    assert (answer.status, "You are signed out" in answer.text) == (200, True)


# ------------------------------------------------------------------------------------------------------ back channel


class Elsewhere:
    """The applications' servers: what was sent to them, and what they answer."""

    def __init__(self, *answers: int) -> None:
        self.sent: list[tuple[str, str, dict[str, str], dict[str, list[str]]]] = []
        self._answers = list(answers)

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109
    ) -> Fetched:
        self.sent.append((method, url, dict(headers), parse_qs(body.decode())))
        if not self._answers:
            raise OutsideFailed("unreachable")
        headers_back: Mapping[str, str] = {}
        return Fetched(self._answers.pop(0), headers_back, b"")


async def messages(front: Front) -> list[Message]:
    """What waits to be sent."""
    due = await front.store.outbox.due(front.clock.now(), 100, ("web",))
    return [each.message for each in due]


def sender(front: Front, elsewhere: Elsewhere) -> LogoutSender:
    return LogoutSender(front.store, front.clock, front.services.rings, lambda _: front.site, elsewhere)


async def test_every_application_of_the_session_is_told_in_the_same_commit(front_on_each: Front) -> None:
    front, browser = front_on_each, Browser(front_on_each)
    await front.app("one", backchannel_logout_uri="https://one.example/bye", post_logout_uris=[BYE])
    await front.app("two", backchannel_logout_uri="https://two.example/bye")
    await front.app("never", backchannel_logout_uri="https://never.example/bye")
    for app_id in ("one", "two", "shop"):
        answer = await browser.authorize(client_id=app_id)
        if answer.location.startswith("/sign-in"):
            await browser.sign_in(answer.attempt)
    session = await browser.session()
    await browser.get("/v2/logout")
    found = {message.to: message for message in await messages(front)}
    assert {to: (m.kind, m.user_id, m.data) for to, m in found.items()} == {
        f"https://{app_id}.example/bye": (
            "backchannel_logout",
            session.user_id,
            {"app_id": app_id, "session_id": session.id},
        )
        for app_id in ("one", "two")
    }
    elsewhere = Elsewhere(200)
    assert await sender(front, elsewhere).send(front.tenant_id, found["https://one.example/bye"]) == 200
    ((method, url, headers, form),) = elsewhere.sent
    assert (method, url, headers["content-type"]) == (
        "POST",
        "https://one.example/bye",
        "application/x-www-form-urlencoded",
    )
    ring = front.services.rings(front.site, "identity")
    (token,) = form["logout_token"]
    claims = ring.verify(token, audiences=["one"], now_ms=NOW, typ="logout+jwt")
    jti = claims.pop("jti")
    assert claims == {
        "iss": ISSUER,
        "token_use": "identity",
        "aud": "one",
        "sub": session.user_id,
        "sid": session.id,
        "iat": NOW // 1000,
        "exp": NOW // 1000 + 120,
        "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
    }
    assert len(jti) == 32
    with pytest.raises(TokenRefused):
        ring.verify(token, audiences=["one"], now_ms=NOW)


async def test_each_try_has_a_token_of_its_own(front: Front, browser: Browser) -> None:
    await front.app("one", backchannel_logout_uri="https://one.example/bye")
    await browser.signed_in(client_id="one")
    await browser.get("/v2/logout")
    (message,) = await messages(front)
    elsewhere = Elsewhere(503, 400)
    first = sender(front, elsewhere)
    assert [await first.send(front.tenant_id, message) for _ in range(2)] == [503, 400]
    with pytest.raises(OutsideFailed):
        await first.send(front.tenant_id, message)
    assert len({form["logout_token"][0] for _, _, _, form in elsewhere.sent}) == 3


async def test_an_application_that_is_gone_or_moved_is_not_told(front: Front, browser: Browser) -> None:
    await front.app("one", backchannel_logout_uri="https://one.example/bye")
    await browser.signed_in(client_id="one")
    await browser.get("/v2/logout")
    (message,) = await messages(front)
    await front.act(update_app, "one", lambda app: replace(app, backchannel_logout_uri="https://new.example/"))
    elsewhere = Elsewhere(200)
    assert await sender(front, elsewhere).send(front.tenant_id, message) == 204
    assert elsewhere.sent == []


async def test_an_administrators_word_reaches_applications_too(front: Front, browser: Browser) -> None:
    await front.app("one", backchannel_logout_uri="https://one.example/bye")
    await browser.signed_in(client_id="one")
    user_id = (await browser.session()).user_id

    async def end(tx: Transaction) -> None:
        await end_sessions_of(tx, await tx.need(User, user_id))

    await front.act(end)
    assert [message.to for message in await messages(front)] == ["https://one.example/bye"]
    await browser.get("/oidc/logout")
    assert len(await messages(front)) == 1


async def test_the_pages_speak_as_all_others_do(front: Front, ann: Browser) -> None:
    await front.insert(SignInSettings(branding=Branding(name="Acme <b>", colour="#112233", language="de")))
    asked = await ann.get("/oidc/logout", ui_locales="en")
    assert ("<h1>Sign out?</h1>" in asked.text, "Acme &lt;b&gt;" in asked.text) == (True, True)
    assert "<h1>Abmelden?</h1>" in (await ann.get("/oidc/logout")).text
    refused = await ann.get("/authorize", client_id="nobody")
    assert (refused.status, "<h1>Diese Anwendung ist nicht bekannt</h1>" in refused.text) == (400, True)
    ann.http.headers["accept-language"] = "en"
    assert "<h1>This application is not known</h1>" in (await ann.get("/authorize", client_id="nobody")).text
