"""The account's frame: who gets in, what every page and form is protected by, and the sections that need no fresh proof."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.apps.model import Application
from muster.core.events import Context
from muster.core.sessions.actions import NewSession, start_session
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import ConsentScope, Grant, Session
from muster.core.users.actions import suspend
from muster.core.users.model import Link, User, Username
from muster.signin.account import CHANGES, SECTIONS
from tests.core.people import keep, sign_in
from tests.core.sign_in import NOW, RIGHT
from tests.signin.account_house import EMAIL, SECRET, AccountHouse, opened_account_house

PATHS = [section.path for section in SECTIONS]
POSTS = [*(change.path for change in CHANGES), "/account/app-confirm"]
OWN = hmac.new(SECRET.encode(), b"csrf", hashlib.sha256).hexdigest()


@pytest.fixture
async def house(migrated_url: str) -> AsyncIterator[AccountHouse]:
    async with opened_account_house(migrated_url) as house:
        yield house


async def test_a_stranger_signs_in_first_and_comes_back(house: AccountHouse) -> None:
    await house.somebody()
    browser = house.browser()
    for path in PATHS[:2]:
        page = await browser.open(path)
        assert page.path.startswith("/sign-in?attempt="), path
    page = await browser.send(page.form("/sign-in/identify"), identifier=EMAIL)
    page = await browser.send(page.form("/sign-in/password"), password=RIGHT)
    assert (page.status, page.path) == (200, "/account/security")
    # A form without a session leads there too, and changes nothing.
    answer = await house.browser().post("/account/profile", {"name": "Mallory"})
    assert answer.status_code == 403


async def test_every_page_in_either_language_and_safe_from_others(house: AccountHouse) -> None:
    browser, _ = await house.somebody(username=Username(id="u", value="eve", key="eve"))
    for path in [*PATHS, "/account/signed-out"]:
        page = await browser.open(path)
        assert page.status == 200, path
        assert page.all("html")[0]["lang"] == "en"
        assert page.all("nav")[0]["aria-label"] == "Your account"
        assert b"form-action 'self';" in page.answer.headers["content-security-policy"].encode()
        assert all(form.fields["csrf"] == OWN for form in page.forms)
        german = await browser.open(path + "?lang=de", **{"accept-language": "en"})
        assert german.all("html")[0]["lang"] == "de"
        assert "Abmelden" in german.html
        await browser.open(path + "?lang=en")


async def test_no_form_is_taken_from_another_page(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    stranger = hmac.new(b"x" * 43, b"csrf", hashlib.sha256).hexdigest()
    before = await house.user(started.session.user_id)
    for path in POSTS:
        fields = {
            "name": "Mallory",
            "id": started.session.id,
            "kind": "email",
            "identifier": "m@example.org",
            "word": "DELETE",
        }
        assert (await browser.post(path, fields)).status_code == 403, path
        assert (await browser.post(path, {**fields, "csrf": stranger})).status_code == 403, path
        own = {**fields, "csrf": OWN}
        assert (await browser.post(path, own, origin="https://evil.example")).status_code == 403, path
        assert (await browser.post(path, own, **{"sec-fetch-site": "cross-site"})).status_code == 403, path
        json = await browser.client.post(path, json=own)
        assert json.status_code == 415, path
    assert await house.user(started.session.user_id) == before
    assert (await browser.open("/account")).path == "/account"


async def test_the_profile_and_what_cannot_be_saved(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    page = await browser.open("/account")
    form = page.form("/account/profile")
    page = await browser.send(form, name="Eve <b>Moneypenny</b>", given_name="Eve", zoneinfo="Europe/Vienna")
    assert page.path == "/account?done=profile"
    assert page.told == ["Your profile is saved."]
    assert "<b>Moneypenny" not in page.html
    assert "Hello, Eve <b>Moneypenny</b>" in page.text
    profile = (await house.user(started.session.user_id)).profile
    assert (profile.given_name, profile.zoneinfo) == ("Eve", "Europe/Vienna")
    assert "CET" in page.text

    page = await browser.send(form, name="Eve", nickname="x" * 301)
    assert (page.status, page.path) == (422, "/account/profile")
    assert page.input("nickname")["value"] == "x" * 301, "what was typed is not lost"
    assert page.input("nickname")["aria-invalid"] == "true"
    assert (await house.user(started.session.user_id)).profile.name == "Eve <b>Moneypenny</b>"
    # A word of ours that nobody noted is no notice.
    assert (await browser.open("/account?done=%3Cb%3E")).told == []


async def test_the_username(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    await house.world.add("bob@example.org", username=Username(id="b", value="bob", key="bob"))
    form = (await browser.open("/account")).form("/account/username")
    page = await browser.send(form, username="Eve77")
    assert page.told == ["Your user name is saved."]
    page = await browser.send(form, username="BOB")
    assert page.status == 422
    assert "This is in use already." in page.text
    page = await browser.send(form, username="a b\\c")
    assert page.status == 422
    user = await house.user(started.session.user_id)
    assert user.username is not None
    assert user.username.value == "Eve77"


async def test_sessions_are_told_apart_and_ended(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    world, user_id = house.world, started.session.user_id
    others = []
    for agent, ip in (
        ("Mozilla/5.0 (iPhone) Version/17.5 Mobile Safari/604.1", "2001:db8::7"),
        ("curl/8", "198.51.100.4"),
    ):
        world.clock.turn(ms=60_000)
        others.append(await _session_from(house, user_id, agent, ip))
    stranger, theirs = await house.somebody("bob@example.org")

    page = await browser.open("/account/sessions")
    used = await world.store.get(world.tenant_id, Session, started.session.id)
    assert used is not None
    assert (used.last_active_at, used.device.last_ip) == (world.clock.now(), "192.0.2.7"), "a session in use says so"
    assert page.text.index("This browser") < page.text.index("Safari on iPhone")
    assert "2001:db8::7" in page.text
    assert "Unknown device 198.51.100.4" in page.text
    page = await browser.send(page.form("/account/session-end", id=others[0].id))
    assert page.told == ["The session is ended."]
    assert "Safari on iPhone" not in page.text
    # Nobody ends another's by its id, and is told no more than of one that is gone.
    for id_ in (theirs.session.id, "0" * 32, ""):
        page = await browser.send(page.form("/account/session-end"), id=id_)
        assert (page.status, page.told) == (404, ["It is gone already. This is how things are now."])
    assert (await stranger.open("/account")).path == "/account"

    page = await browser.send(page.form("/account/session-end-others"))
    assert page.told == ["Every other session is ended."]
    assert [form["action"] for form in page.forms].count("/account/session-end") == 1
    page = await browser.send(page.form("/account/sign-out"))
    assert (page.path, page.status) == ("/account/signed-out", 200)
    assert "__Host-muster_session" not in browser.client.cookies
    assert (await browser.open("/account")).path.startswith("/sign-in?attempt=")
    # The token itself is good no more either.
    assert (await house.signed_in(started).open("/account")).path.startswith("/sign-in?attempt=")


async def _session_from(house: AccountHouse, user_id: Any, agent: str, ip: str) -> Session:
    async def act(tx: Any) -> Session:
        return (await start_session(tx, await tx.need(User, user_id), NewSession())).session

    world = house.world
    return await world.runner.run_from(Context(ip=ip, user_agent=agent), world.tenant_id, SYSTEM, act)


async def test_applications_and_what_they_may(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    world, user_id = house.world, started.session.user_id
    await keep(world, Application(id="ledger", name="<Ledger>", first_party=False, created_at=NOW))

    async def grant(tx: Any, new: Grant) -> None:
        await issue_grant(tx, await tx.need(User, user_id), new)

    scopes = [ConsentScope(scope=name, granted_at=NOW) for name in ("openid", "read:books")]
    await world.act(grant, Grant(id="", user_id="", kind="consent", app_id="ledger", consented=scopes))
    await world.act(grant, Grant(id="", user_id="", kind="refresh_token", app_id="ledger"))
    await world.act(grant, Grant(id="", user_id="", kind="refresh_token", app_id="gone"))

    page = await browser.open("/account/applications")
    assert "<Ledger>" in page.text
    assert "read:books" in page.text
    page = await browser.send(page.form("/account/app-revoke", id="ledger"))
    assert page.told == ["The application has no access any more."]
    assert [grant.app_id for grant in await world.store.owned(world.tenant_id, Grant, user_id)] == ["gone"]
    page = await browser.send(page.form("/account/app-revoke"), id="ledger")
    assert page.status == 404


async def test_linked_accounts_and_the_last_way_in(house: AccountHouse) -> None:
    link = Link(
        id="l",
        kind="social",
        connection_id="elsewhere",
        provider="elsewhere",
        subject="77",
        profile={"nickname": "<evie>"},
        created_at=NOW,
        updated_at=NOW,
    )
    only: dict[str, Any] = {"emails": [], "password": None, "links": [link]}
    browser, _ = await house.somebody("lone@example.org", **only)
    page = await browser.open("/account/identities")
    assert "<evie>" in page.text
    page = await browser.send(page.form("/account/identity-unlink"))
    assert (page.status, page.told) == (409, ["This is the last way into your account. Add another one first."])

    browser, started = await house.somebody(links=[replace(link, subject="78")])
    page = await browser.open("/account/identities")
    page = await browser.send(page.form("/account/identity-unlink"))
    assert page.told == ["The account is no longer linked."]
    assert (await house.user(started.session.user_id)).links == []
    # What may be linked are the tenant's connections to providers, and there is none.
    assert "This service offers none to link." in page.text


async def test_what_hands_the_account_over_asks_for_a_fresh_proof_and_comes_back(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    page = await browser.open("/account/security")
    assert "Confirm that it is you" not in page.text
    house.world.clock.turn(ms=15 * 60_000 + 1)
    before = await house.user(started.session.user_id)
    for path, fields in {
        "/account/passkey": {},
        "/account/app-begin": {},
        "/account/app-remove": {},
        "/account/codes": {},
        "/account/username": {"username": "mallory"},
        "/account/address-add": {"kind": "email", "identifier": "m@example.org"},
        "/account/data-download": {},
        "/account/delete": {"word": "DELETE"},
    }.items():
        answer = await browser.post(path, {**fields, "csrf": OWN})
        assert answer.status_code == 303, path
        assert re.fullmatch(r"/sign-in\?attempt=[0-9a-f]{32}", answer.headers["location"]), path
    assert (await house.user(started.session.user_id)).factors == before.factors

    page = await browser.open("/account/security")
    assert "Confirm that it is you" in page.text
    page = await browser.open("/account/confirm?section=security")
    assert page.input("identifier")["value"] == EMAIL, "who it is need not be typed again"
    page = await browser.send(page.form("/sign-in/identify"))
    page = await browser.send(page.form("/sign-in/password"), password=RIGHT)
    assert (page.path, page.status) == ("/account/security", 200)
    assert "Confirm that it is you" not in page.text
    # Where it comes back to is one of our own pages, whatever the address says.
    page = await browser.open("/account/confirm?section=//evil.example")
    page = await browser.send(page.form("/sign-in/identify"))
    page = await browser.send(page.form("/sign-in/password"), password=RIGHT)
    assert page.path == "/account"


async def test_whom_no_session_lets_in(house: AccountHouse) -> None:
    # One that was made for a single API opens no account.
    started = await sign_in(house.world, await house.world.add("op@example.org"), audience="hub")
    assert (await house.signed_in(started).open("/account")).path.startswith("/sign-in")
    browser, started = await house.somebody()

    async def act(tx: Any) -> None:
        await suspend(tx, await tx.need(User, started.session.user_id), door="muster")

    await house.world.act(act)
    assert (await browser.open("/account")).path.startswith("/sign-in")


async def test_bad_forms_crash_nothing(house: AccountHouse) -> None:
    browser, _ = await house.somebody()
    media = {"content-type": "application/x-www-form-urlencoded"}
    for raw in (b"csrf=%ff", b"a=%00", b"&" * 101, b"x=" + b"y" * 300_000, b""):
        answer = await browser.client.post("/account/profile", content=raw, headers=media)
        assert 400 <= answer.status_code < 500, raw[:10]
    for name in ("\ud800", "a\nb", "x" * 10_000):
        fields = {
            "csrf": OWN,
            "name": name,
            "id": name,
            "identifier": name,
            "kind": name,
            "code": name,
            "current": name,
        }
        for path in POSTS:
            data = "&".join(f"{key}={quote(value.encode('utf-8', 'surrogatepass'))}" for key, value in fields.items())
            answer = await browser.client.post(path, content=data.encode(), headers=media)
            assert answer.status_code < 500, (path, answer.text)
            if path == "/account/sign-out":
                browser = house.signed_in(await sign_in(house.world, (await house.world.user()).id))
