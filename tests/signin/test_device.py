"""Somebody allows a device that shows a code (RFC 8628), at the pages."""

from __future__ import annotations

import pytest

from muster.core.credentials.attempts import CredentialRefused
from muster.core.oauth import device
from muster.signin.csrf import csrf_token
from tests.core.sign_in_engine import APP
from tests.signin.visitor import Pages


async def waiting(pages: Pages) -> device.Asked:
    """A device of the shop that asks for the person's name."""
    asked: device.Asked = await pages.world.act(device.ask, APP, ["openid", "profile"], "")
    return asked


async def outcome(pages: Pages, asked: device.Asked) -> str:
    polled: device.Polled = await pages.world.act(device.poll, APP, asked.device_code)
    return polled.outcome


async def test_allowed_after_signing_in(pages: Pages) -> None:
    asked = await waiting(pages)
    visitor = pages.visitor()
    page = await visitor.get(f"/device?user_code={asked.user_code}")
    assert page.heading == "Sign in"
    await visitor.press("/sign-in/identify", identifier="ann@example.org")
    page = await visitor.press("/sign-in/password", password="correct horse")
    assert page.heading == "Connect Shop?"
    assert asked.user_code in page.text
    assert "see your name and picture" in page.text
    assert await outcome(pages, asked) == "waiting"
    page = await visitor.press("/device", button=("decision", "allow"))
    assert page.heading == "The device is connected"
    assert await outcome(pages, asked) == "allowed"


async def test_typed_wrongly_and_then_refused(pages: Pages) -> None:
    asked = await waiting(pages)
    visitor = pages.visitor()
    await visitor.sign_in()
    page = await visitor.get("/device")
    assert page.focused == "user_code"
    page = await visitor.press("/device", user_code="BCDF-BCDF")
    assert (visitor.answer.status_code, page.focused) == (400, "user_code")
    assert page.form("/device").fields["user_code"] == "BCDF-BCDF"
    page = await visitor.press("/device", user_code=f" {asked.user_code.lower().replace('-', ' ')} ")
    assert page.heading == "Connect Shop?"
    page = await visitor.press("/device", button=("decision", "deny"))
    assert page.heading == "The device was refused"
    assert await outcome(pages, asked) == "denied"
    page = await visitor.get(f"/device?user_code={asked.user_code}")
    assert visitor.answer.status_code == 400


async def test_nobody_allows_it_for_somebody_else(pages: Pages) -> None:
    """Neither another site's form, nor one whose answer nobody gave, nor whoever is not signed in."""
    asked = await waiting(pages)
    visitor = pages.visitor()
    await visitor.sign_in()
    await visitor.get(f"/device?user_code={asked.user_code}")
    form = {**visitor.page.form("/device").fields, "decision": "allow"}
    await visitor.post("/device", form, origin="https://evil.example")
    assert visitor.answer.status_code == 403
    await visitor.post("/device", {**form, "csrf": "0" * 64})
    assert visitor.answer.status_code == 403
    visitor.client.cookies.delete("__Host-muster_session")
    page = await visitor.post("/device", form)
    assert page.heading == "Sign in"
    assert await outcome(pages, asked) == "waiting"


async def test_codes_are_not_guessed(pages: Pages) -> None:
    asked = await waiting(pages)
    visitor = pages.visitor()
    await visitor.sign_in()
    statuses = []
    for letter in device.LETTERS * 2:
        await visitor.get(f"/device?user_code={letter * 8}")
        statuses.append(visitor.answer.status_code)
    assert statuses[: device.MOST_TRIES] == [400] * device.MOST_TRIES
    assert set(statuses[device.MOST_TRIES :]) == {429}
    await visitor.get(f"/device?user_code={asked.user_code}")
    assert visitor.answer.status_code == 429
    form = {"csrf": csrf_token(visitor.secret), "user_code": asked.user_code, "decision": "allow"}
    await visitor.post("/device", form)
    assert visitor.answer.status_code == 429, "nor by pressing the button without having seen the question"
    pages.world.clock.turn(ms=device.LIFETIME + 1)
    await visitor.get(f"/device?user_code={asked.user_code}")
    assert visitor.answer.status_code == 400
    with pytest.raises(CredentialRefused):
        await outcome(pages, asked)
