"""/account/security: passwords, passkeys, the authenticator app, backup codes and remembered browsers, each at its form."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import unquote

import pytest

from muster.core.account.factors import codes_left
from muster.core.credentials.second_factors import has_second_factor
from muster.core.sign_in.model import RememberedBrowser
from muster.core.users.model import Passkey, Username
from tests.authenticator import Authenticator
from tests.core.people import GOOD, keep, proved, sign_in
from tests.core.sign_in import NOW, RIGHT
from tests.signin.account_house import EMAIL, AccountHouse, opened_account_house

ORIGIN = "https://id.example.org"


@pytest.fixture
async def house(migrated_url: str) -> AsyncIterator[AccountHouse]:
    async with opened_account_house(migrated_url) as house:
        yield house


async def test_the_password_is_changed_with_the_present_one(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    other = house.signed_in(await sign_in(house.world, started.session.user_id))
    form = (await browser.open("/account/security")).form("/account/password")
    page = await browser.send(form, current="wrong", password=GOOD)
    assert (page.status, page.told) == (400, ["This is not your present password."])
    assert page.focused == "current"
    activity = (await house.user(started.session.user_id)).activity
    assert activity is not None
    assert activity.failures == 1, "it is counted like any other"
    page = await browser.send(form, current=RIGHT, password="short")
    assert page.status == 422
    assert page.input("password")["aria-invalid"] == "true"
    page = await browser.send(form, current=RIGHT, password=GOOD)
    assert page.told == ["Your password is set. Every other session was ended."]
    assert (await browser.open("/account")).path == "/account"
    assert (await other.open("/account")).path.startswith("/sign-in")

    stranger = house.browser()
    page = await stranger.open("/account/security")
    page = await stranger.send(page.form("/sign-in/identify"), identifier=EMAIL)
    page = await stranger.send(page.form("/sign-in/password"), password=GOOD)
    assert page.path == "/account/security"


async def test_a_first_password(house: AccountHouse) -> None:
    browser, started = await house.somebody(password=None)
    page = await browser.open("/account/security")
    assert "You have no password." in page.text
    form = page.form("/account/password")
    assert "current" not in form.fields
    page = await browser.send(form, password=GOOD)
    assert page.told == ["Your password is set. Every other session was ended."]
    assert (await house.user(started.session.user_id)).password is not None


async def test_an_authenticator_app_from_the_picture_to_the_codes(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    page = await browser.open("/account/security")
    assert "Backup codes" not in page.text
    assert (await browser.open("/account/authenticator")).path == "/account/security", "there is nothing to show yet"
    page = await browser.send(page.form("/account/app-begin"))
    assert page.path == "/account/authenticator"
    assert page.all("img")[-1]["src"].startswith("data:image/svg+xml")
    secret = page.all("code")[0].text
    again = await browser.open("/account/authenticator")
    assert again.all("code")[0].text == secret, "a picture that was scanned stays good"

    page = await browser.send(page.form("/account/app-confirm"), code="000000")
    assert (page.status, page.told) == (400, ["This code is not right. Check it and try again."])
    assert page.all("code")[0].text == secret
    assert not has_second_factor(await house.user(started.session.user_id))
    page = await browser.send(page.form("/account/app-confirm"), code=house.world.code(secret))
    assert page.path == "/account/security?done=app-confirm"
    assert "You have none." in page.text
    # The same form once more: the factor is confirmed, and nothing waits.
    assert (await browser.send(again.form("/account/app-confirm"), code="1")).path == "/account/security"

    page = await browser.send(page.form("/account/codes"))
    codes = [each.text.replace(" ", "") for each in page.all("li") if each.text.strip().count(" ") == 3]
    assert len(codes) == 10
    file = next(each for each in page.all("a") if "download" in each.attributes)
    assert unquote(file["href"].partition(",")[2]).split("\n")[2:12] == codes
    assert page.answer.headers["cache-control"] == "no-store"
    page = await browser.open("/account/security")
    assert "10 unused codes are left." in page.text
    assert codes[0][:4] not in page.html

    # They let in, once.
    typed = f" {codes[0][:4]} {codes[0][4:8]} {codes[0][8:12]} {codes[0][12:]}".lower()
    assert await signs_in_with(house, typed) == "/account"
    assert (await signs_in_with(house, codes[0])).startswith("/sign-in")
    assert codes_left(await house.user(started.session.user_id)) == 9
    page = await browser.send((await browser.open("/account/security")).form("/account/app-remove"))
    assert page.told == ["The authenticator app is removed."]
    user = await house.user(started.session.user_id)
    assert (user.factors, user.codes) == ([], [])


async def signs_in_with(house: AccountHouse, code: str) -> str:
    browser = house.browser()
    page = await browser.open("/account")
    page = await browser.send(page.form("/sign-in/identify"), identifier=EMAIL)
    page = await browser.send(page.form("/sign-in/password"), password=RIGHT)
    if not any(form.fields.get("kind") == "backup" for form in page.forms):
        way = next(each["href"] for each in page.all("a") if "backup" in each.get("href"))
        page = await browser.open(way)
    return (await browser.send(page.form("/sign-in/second_factor", kind="backup"), code=code)).path


async def test_passkeys_are_added_named_and_removed(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    page = await browser.open("/account/security")
    assert "You have none yet." in page.text
    page = await browser.send(page.form("/account/passkey"))
    assert any("passkeys." in each.get("src") for each in page.all("script"))
    form = page.form("/account/passkey-add")
    assert "hidden" in form.attributes, "it shows when a script runs"
    options = json.loads(form["data-options"])
    assert (options["rp"]["id"], form["data-passkey"]) == ("id.example.org", "create")
    assert form.fields["name"] == "Firefox on Linux"

    device = Authenticator(ORIGIN)
    for wrong in ("", "{}", device.create(options, origin="https://evil.example"), "[" * 5000):
        refused = await browser.send(form, credential=wrong)
        assert (refused.status, len(refused.told)) == (400, 1)
    assert (await house.user(started.session.user_id)).passkeys == []
    answer = device.create(options)
    page = await browser.send(form, credential=answer, name="My phone")
    assert page.told == ["The passkey is added. You can sign in with it from now on."]
    replayed = await browser.send(form, credential=answer)
    assert replayed.status == 400, "a challenge is taken once"

    (passkey,) = (await house.user(started.session.user_id)).passkeys
    page = await browser.send(page.form("/account/passkey-rename", id=passkey.id), name="Old <phone>")
    assert "Old <phone>" in page.text
    _, other = await house.somebody("bob@example.org")
    page = await browser.send(page.form("/account/passkey-remove"), id=other.session.id)
    assert page.status == 404
    page = await browser.send(page.form("/account/passkey-remove", id=passkey.id))
    assert page.told == ["The passkey is removed."]
    assert (await house.user(started.session.user_id)).passkeys == []


async def test_the_last_way_in_stays(house: AccountHouse) -> None:
    passkey = Passkey(id="p", dev="d", credential_id="c", public_key="k", created_at=NOW)
    only: dict[str, Any] = {"emails": [], "password": None, "username": Username(id="u", value="eve", key="eve")}
    browser, started = await house.somebody(passkeys=[passkey], **only)
    page = await browser.open("/account/security")
    page = await browser.send(page.form("/account/passkey-remove"))
    assert (page.status, page.told) == (409, ["This is the last way into your account. Add another one first."])
    assert len((await house.user(started.session.user_id)).passkeys) == 1


async def test_nothing_lasting_is_put_on_an_account_whose_address_nobody_proved(house: AccountHouse) -> None:
    browser, started = await house.somebody(emails=unproved())
    page = await browser.open("/account/security")
    for action in ("/account/passkey", "/account/app-begin"):
        refused = await browser.send(page.form(action))
        assert refused.status == 409
        assert refused.told == ["First prove one of the addresses that you have already, under Email and phone."]
    assert (await house.user(started.session.user_id)).factors == []


def unproved() -> list[Any]:
    return [proved(EMAIL, verified=False, verified_at=None)]


async def test_remembered_browsers_are_forgotten(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    user_id, later = started.session.user_id, NOW + 86_400_000
    chrome = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0.0.0 Safari/537.36"
    many = [
        RememberedBrowser(id=f"{n:032x}", user_id=user_id, browser="x", expires_at=later, user_agent=chrome)
        for n in range(3)
    ]
    await keep(house.world, *many)
    page = await browser.open("/account/security")
    assert len(re.findall("Chrome on Windows", page.text)) == 3
    page = await browser.send(page.form("/account/browser-forget", id=many[1].id))
    assert len(re.findall("Chrome on Windows", page.text)) == 2
    page = await browser.send(
        next(f for f in page.forms if f["action"] == "/account/browser-forget" and "id" not in f.fields)
    )
    assert "Remembered browsers" not in page.text
