"""Applications with forms of their own: one-time codes (`/passwordless/start` and its grant), and forgotten passwords."""

from __future__ import annotations

from typing import Any

import httpx

from muster.core.apps.model import Application
from muster.core.credentials.sent_codes import MOST_TRIES
from muster.core.events import Message
from muster.core.sessions.model import Session
from muster.core.sessions.tokens import hash_of
from muster.core.sign_in.model import SignInAttempt
from muster.core.users.model import Factor
from muster.oidc.passwordless import GRANT_TYPE
from tests.oidc.browsing import SECRET, Browser, Front

ANN = "ann@example.org"
SHOP = {"client_id": "own", "client_secret": SECRET}


async def own(front: Front, **members: Any) -> Application:
    """An application that may use codes."""
    grants = [GRANT_TYPE, "refresh_token"]
    return await front.app("own", **{"grant_types": grants, **members})


async def start(browser: Browser, **more: Any) -> httpx.Response:
    return await browser.http.post(
        "/passwordless/start", json={**SHOP, "connection": "email", "email": ANN, "send": "code"} | more
    )


async def take(browser: Browser, otp: str, **more: str) -> httpx.Response:
    sent = {**SHOP, "grant_type": GRANT_TYPE, "realm": "email", "username": ANN, "otp": otp, "scope": "openid email"}
    return await browser.http.post("/oauth/token", data={**sent, **more})


async def mails(front: Front) -> list[Message]:
    front_now = front.clock.now()
    return [each.message for each in await front.store.outbox.due(front_now, 100, ("email", "nobody"))]


async def test_a_code_by_mail_gives_tokens_once(front_on_each: Front) -> None:
    front, browser = front_on_each, Browser(front_on_each)
    await own(front)
    answer = await start(browser, authParams={"scope": "openid", "state": "x"})
    assert answer.status_code == 200, answer.text
    shown = answer.json()
    assert shown == {"_id": shown["_id"], "email": ANN, "email_verified": False}
    (mail,) = await mails(front)
    assert mail.to == ANN
    taken = await take(browser, mail.data["code"])
    assert taken.status_code == 200, taken.text
    assert set(taken.json()) == {"access_token", "token_type", "expires_in", "scope", "id_token"}
    assert taken.headers.get("set-cookie") is None
    info = await browser.http.get("/userinfo", headers={"authorization": f"Bearer {taken.json()['access_token']}"})
    sessions = await front.store.owned(front.tenant_id, Session, info.json()["sub"])
    assert [[method.name for method in session.methods] for session in sessions] == [["email_code"]]
    assert (await take(browser, mail.data["code"])).json()["error"] == "invalid_grant"


async def test_nobody_is_told_apart(front: Front, browser: Browser) -> None:
    await own(front)
    known, unknown = await start(browser), await start(browser, email="nobody@example.org")
    assert (known.status_code, unknown.status_code) == (200, 200)
    assert {**unknown.json(), "email": ANN, "_id": ""} == {**known.json(), "_id": ""}
    wrong = [await take(browser, "000000"), await take(browser, "000000", username="nobody@example.org")]
    never = await take(browser, "000000", username="never@example.org")
    assert len({(each.status_code, each.text) for each in (*wrong, never)}) == 1
    assert wrong[0].json()["error"] == "invalid_grant"


async def test_codes_are_not_guessed(front: Front, browser: Browser) -> None:
    await own(front)
    await start(browser)
    (mail,) = await mails(front)
    right = mail.data["code"]
    for guess in range(MOST_TRIES):
        assert (await take(browser, f"{(int(right) + guess + 1) % 1_000_000:06}")).status_code in (403, 429)
    assert (await take(browser, right)).status_code in (403, 429)


async def test_another_application_cannot_use_the_code(front: Front, browser: Browser) -> None:
    await own(front)
    await front.app("thief", grant_types=[GRANT_TYPE])
    await start(browser)
    (mail,) = await mails(front)
    assert (await take(browser, mail.data["code"], client_id="thief")).json()["error"] == "invalid_grant"
    assert (await take(browser, mail.data["code"])).status_code == 200


async def test_a_second_factor_stays_due(front: Front, browser: Browser) -> None:
    await own(front)
    await browser.signed_in()
    ann = (await browser.session()).user_id
    factor = Factor(id="f", dev="d" * 16, kind="totp", confirmed=True, created_at=front.clock.now())
    await front.change_user(ann, factors=[factor])
    await start(browser)
    code = next(mail.data["code"] for mail in await mails(front) if "code" in mail.data)
    answer = await take(browser, code)
    assert (answer.status_code, answer.json()["error"]) == (403, "mfa_required")
    assert (await take(browser, code)).json()["error"] == "invalid_grant"


async def test_what_is_refused(front: Front, browser: Browser) -> None:
    await own(front)
    await front.app("unregistered")
    await front.app("guest", grant_types=[GRANT_TYPE], first_party=False)
    for more, error in (
        ({"client_secret": "wrong"}, "invalid_client"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"client_id": "unregistered"}, "unauthorized_client"),
        ({"client_id": "guest"}, "unauthorized_client"),
        ({"connection": "fax"}, "bad.connection"),
        ({"connection": "sms", "phone_number": "+15550100"}, "bad.connection"),
        ({"send": "link"}, "bad.send"),
        ({"email": ""}, "invalid_request"),
        ({"email": "x" * 5000}, "bad.email"),
        ({"email": "\u0001"}, "bad.email"),
    ):
        answer = await start(browser, **more)
        assert (answer.json()["error"], answer.status_code < 500) == (error, True), (more, answer.text)
    assert await mails(front) == []


async def test_the_attempt_is_no_browsers(front: Front, browser: Browser) -> None:
    await own(front)
    await start(browser)
    assert browser.secret == ""
    attempts = await front.store.older(front.tenant_id, SignInAttempt, front.clock.now() + 1, 10)
    assert [attempt.return_to for attempt in attempts] == ["/account"]
    assert attempts[0].browser != hash_of(attempts[0].request["browser"]), "the secret is sealed"
    answer = await browser.get("/authorize/resume", attempt=attempts[0].id)
    assert answer.status == 400


async def test_a_forgotten_password_is_asked_for(front: Front, browser: Browser) -> None:
    sent = {"client_id": "shop", "connection": "Username-Password-Authentication"}
    known = await browser.http.post("/dbconnections/change_password", json={**sent, "email": ANN})
    unknown = await browser.http.post("/dbconnections/change_password", json={**sent, "email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 200
    assert known.text == unknown.text == "We've just sent you an email to reset your password."
    to_ann = [mail for mail in await mails(front) if mail.to == ANN]
    assert [mail.kind for mail in to_ann] == ["password_reset"]
    assert to_ann[0].data["path"].startswith("/sign-in/reset?")
    for more in ({"client_id": "nobody"}, {"connection": "muster-internal"}, {"connection": "x"}, {"email": ""}):
        refused = await browser.http.post("/dbconnections/change_password", json={**sent, "email": ANN, **more})
        assert refused.status_code == 400, more
