"""Somebody signs in at the pages, by every way that needs no script."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from muster.core.events import Context
from muster.core.settings.model import SignInRules
from muster.core.sign_in.engine import Beginning
from muster.core.tickets.actions import make_ticket
from muster.core.users.model import User
from muster.dialects.kit.browser import BROWSER
from tests.core.sign_in_engine import APP, ORIGIN
from tests.signin.visitor import Pages


async def test_by_password(pages_on_each: Pages) -> None:
    pages = pages_on_each
    visitor = pages.visitor()
    page = await visitor.get("/sign-in")
    assert page.heading == "Sign in"
    assert page.focused == "identifier"
    assert visitor.at.startswith("/sign-in?attempt=")
    page = await visitor.press("/sign-in/identify", identifier="ann@example.org")
    assert page.heading == "Enter your password"
    assert page.focused == "password"
    assert "ann@example.org" in page.text
    page = await visitor.press("/sign-in/password", password="wrong")
    assert visitor.answer.status_code == 400
    assert page.alerts == ["The name or the password is not right."]
    assert page.title.startswith("Error: ")
    assert page.focused == "password"
    assert not visitor.is_signed_in()
    await visitor.press("/sign-in/password", password="correct horse")
    assert visitor.at == "/account"
    assert visitor.is_signed_in()


async def test_who_does_not_exist_sees_the_same(pages: Pages) -> None:
    seen = []
    for name in ("ann@example.org", "nobody@example.org"):
        visitor = pages.visitor()
        await visitor.get("/sign-in")
        await visitor.press("/sign-in/identify", identifier=name)
        await visitor.press("/sign-in/password", password="wrong")
        html = visitor.page.html.replace(name, "NAME")
        attempt = visitor.page.form("/sign-in/password").fields["attempt"]
        csrf = visitor.page.form("/sign-in/password").fields["csrf"]
        challenge = visitor.page.html.partition("challenge")[2][:80]
        html = html.replace(attempt, "ATTEMPT").replace(csrf, "CSRF").replace(challenge, "CHALLENGE")
        seen.append((visitor.answer.status_code, html))
    assert seen[0] == seen[1]


async def test_by_a_code_and_by_the_link_of_the_same_mail(pages_on_each: Pages) -> None:
    pages = pages_on_each
    await pages.engine.verify()
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    await visitor.press("/sign-in/identify", identifier="ann@example.org")
    page = await visitor.press("/sign-in/send_code")
    assert page.heading == "Check your email"
    assert page.focused == "code"
    await visitor.press("/sign-in/code", code="000000x")
    assert visitor.answer.status_code == 400
    assert visitor.page.alerts == ["This code is not right. Check it and try again."]
    link = (await pages.sent("sign_in_code"))["path"]
    stranger = pages.visitor()
    page = await stranger.get(link)
    assert (stranger.answer.status_code, page.heading) == (400, "Open this link in the browser where you began")
    await visitor.get(link)
    assert visitor.at == "/account"
    assert visitor.is_signed_in()


async def test_with_a_second_factor_and_a_browser_that_is_remembered(pages_on_each: Pages) -> None:
    pages = pages_on_each
    secret = await pages.engine.enrol()
    visitor = pages.visitor()
    await visitor.sign_in()
    assert visitor.page.heading == "One more step"
    assert not visitor.is_signed_in()
    await visitor.press("/sign-in/second_factor", code="000000", remember="yes")
    assert visitor.answer.status_code == 400
    assert visitor.page.focused == "code"
    assert visitor.page.form("/sign-in/second_factor").fields["remember"] == "yes"
    code = pages.world.code(secret)
    await visitor.press("/sign-in/second_factor", code=code)
    assert visitor.is_signed_in()


async def test_somebody_else(pages: Pages) -> None:
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    await visitor.press("/sign-in/identify", identifier="ann@example.org")
    page = await visitor.press("/sign-in/restart")
    assert page.heading == "Sign in"
    assert page.form("/sign-in/identify").fields["identifier"] == ""


async def test_the_ways_that_the_tenant_closed_are_not_shown(pages: Pages) -> None:
    only_codes = SignInRules(password=False, email_link=False, passkey=False)
    await pages.engine.set_up(lambda settings: replace(settings, rules=only_codes))
    visitor = pages.visitor()
    page = await visitor.get("/sign-in")
    assert "data-passkey" not in page.html
    assert not page.all("script")
    page = await visitor.press("/sign-in/identify", identifier="ann@example.org")
    assert page.heading == "Sign in by email"
    assert [form["action"] for form in page.forms] == ["/sign-in/restart", "/sign-in/send_code"]
    await visitor.post("/sign-in/password", {**page.form("/sign-in/restart").fields, "password": "correct horse"})
    assert visitor.answer.status_code == 400
    assert not visitor.is_signed_in()


async def test_signed_in_already(pages: Pages) -> None:
    visitor = pages.visitor()
    await visitor.sign_in()
    await visitor.get("/sign-in")
    assert visitor.at == "/account"


async def test_by_a_ticket_that_a_program_made(pages: Pages) -> None:
    async def make(tx: Any) -> str:
        _, text = await make_ticket(tx, await tx.need(User, pages.world.ann), "sign_in", lifetime=60_000)
        return text

    ticket = await pages.world.act(make)
    visitor = pages.visitor()
    page = await visitor.get(f"/sign-in/ticket?ticket={ticket}")
    assert not visitor.is_signed_in()
    await visitor.press("/sign-in/ticket")
    assert visitor.is_signed_in()
    other = pages.visitor()
    await other.get(f"/sign-in/ticket?ticket={ticket}")
    page = await other.press("/sign-in/ticket")
    assert other.answer.status_code == 400
    assert page.alerts == ["This link is no longer good. Ask for a new one."]


async def test_back_and_forth(pages: Pages) -> None:
    """The browser's own buttons: a form that was left behind does what it says, or says that it is too late."""
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    naming = visitor.page.form("/sign-in/identify")
    await visitor.press("/sign-in/identify", identifier="nobody@example.org")
    page = await visitor.post("/sign-in/identify", {**naming.fields, "identifier": "ann@example.org"})
    assert "ann@example.org" in page.text
    proving = {**page.form("/sign-in/password").fields, "password": "correct horse"}
    await visitor.post("/sign-in/password", proving)
    assert visitor.at == "/account"
    page = await visitor.post("/sign-in/password", proving)
    assert page.heading == "This sign-in is over"
    assert visitor.is_signed_in()


async def test_a_form_may_end_at_the_application_and_nowhere_else(pages: Pages) -> None:
    callback = "https://shop.example.com/callback"
    visitor = pages.visitor()
    beginning = Beginning(APP, {"redirect_uri": callback}, "/authorize/resume", origin=ORIGIN)
    begun = await pages.services.sign_in.begin(pages.world.tenant_id, beginning, "", Context())
    visitor.client.cookies.set(f"__Host-{BROWSER}", begun.browser, domain="id.example.org", path="/")
    await visitor.get(f"/sign-in?attempt={begun.attempt.id}")
    assert "form-action 'self' https: https://shop.example.com;" in visitor.answer.headers["content-security-policy"]
    assert visitor.page.text.startswith("Sign in to go on to Shop")
    await visitor.press("/sign-in/identify", identifier="ann@example.org")
    assert "form-action 'self' https: https://shop.example.com;" in visitor.answer.headers["content-security-policy"]
    await visitor.press("/sign-in/password", password="correct horse")
    assert visitor.at == f"/authorize/resume?attempt={begun.attempt.id}"
