"""Sign-up, a forgotten password and the links of mails, at the pages."""

from __future__ import annotations

from msgspec.structs import replace

from muster.core.settings.model import CustomField, SignUpRules
from tests.core.people import GOOD
from tests.signin.visitor import Pages

CUSTOM = CustomField(name="team of mine", label="Which team?", required=True)


async def test_a_new_account(pages_on_each: Pages) -> None:
    pages = pages_on_each
    await pages.engine.set_up(lambda settings: replace(settings, custom_fields=[CUSTOM]))
    visitor = pages.visitor()
    page = await visitor.get("/sign-in")
    link = next(link for link in page.all("a") if link["href"].startswith("/sign-up"))
    page = await visitor.get(link["href"])
    assert page.heading == "Create an account"
    assert page.focused == "email"
    custom = "custom.team of mine"
    page = await visitor.press("/sign-up/tell", email="bob", password="short", **{custom: "red"})
    assert visitor.answer.status_code == 422
    assert page.title.startswith("Error: ")
    assert page.focused == "email"
    assert page.form("/sign-up/tell").fields[custom] == "red"
    assert "Email address" in page.alerts[0]
    assert "Password" in page.alerts[0]
    assert "short" not in page.form("/sign-up/tell").fields.values()
    page = await visitor.press("/sign-up/tell", email="bob@example.org", password=GOOD)
    assert page.heading == "Confirm your email address"
    page = await visitor.press("/sign-up/verify", code="000000x")
    assert visitor.answer.status_code == 400
    assert page.alerts == ["This code is not right. Check it and try again."]
    page = await visitor.get(next(link for link in page.all("a") if link["href"].endswith("edit"))["href"])
    assert page.form("/sign-up/tell").fields["email"] == "bob@example.org"
    page = await visitor.press("/sign-up/tell")
    assert page.heading == "Confirm your email address"
    await visitor.press("/sign-up/verify", code=(await pages.sent("verification_code"))["code"])
    assert visitor.at == "/account"
    assert visitor.is_signed_in()
    again = pages.visitor()
    await again.sign_in("bob@example.org", GOOD)
    assert again.is_signed_in()


async def test_an_address_that_is_taken_looks_the_same(pages: Pages) -> None:
    await pages.engine.verify()
    seen = []
    for address in ("ann@example.org", "new@example.org"):
        visitor = pages.visitor()
        await visitor.get("/sign-up")
        page = await visitor.press("/sign-up/tell", email=address, password=GOOD)
        seen.append((visitor.answer.status_code, page.text.replace(address, "ADDRESS")))
    assert seen[0] == seen[1]


async def test_where_nobody_may_sign_up(pages: Pages) -> None:
    await pages.engine.set_up(lambda settings: replace(settings, sign_up=SignUpRules(enabled=False)))
    visitor = pages.visitor()
    page = await visitor.get("/sign-in")
    assert not [link for link in page.all("a") if link["href"].startswith("/sign-up")]
    page = await visitor.get("/sign-up")
    assert (visitor.answer.status_code, page.heading) == (403, "Nobody can make an account here")


async def test_a_forgotten_password_and_the_second_factor_that_stays_due(pages_on_each: Pages) -> None:
    pages = pages_on_each
    await pages.engine.verify()
    secret = await pages.engine.enrol()
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    page = await visitor.press("/sign-in/identify", identifier="ann@example.org")
    link = next(link for link in page.all("a") if link["href"].startswith("/sign-in/forgotten"))
    page = await visitor.get(link["href"])
    assert page.form("/sign-in/forgotten").fields["identifier"] == "ann@example.org"
    page = await visitor.press("/sign-in/forgotten", identifier="")
    assert (visitor.answer.status_code, page.focused) == (422, "identifier")
    texts = []
    for name in ("nobody@example.org", "ann@example.org"):
        await visitor.get(link["href"])
        page = await visitor.press("/sign-in/forgotten", identifier=name)
        texts.append(page.text)
    assert texts[0] == texts[1]
    assert page.heading == "Check your email"
    path = (await pages.sent("password_reset"))["path"]
    page = await visitor.get(path)
    going_on = page.form("/sign-in/reset").fields["attempt"]
    assert link["href"].endswith(going_on), "in the browser where it was forgotten the sign-in goes on"
    other = pages.visitor()
    page = await other.get(path)
    assert page.heading == "Choose a new password"
    page = await other.press("/sign-in/reset", password="short")
    assert (visitor.answer.status_code, other.answer.status_code, page.focused) == (200, 422, "password")
    page = await other.press("/sign-in/reset", password=GOOD)
    assert page.heading == "One more step"
    assert not other.is_signed_in()
    await other.press("/sign-in/second_factor", code=pages.world.code(secret))
    assert other.is_signed_in()
    page = await visitor.get(path)
    assert (visitor.answer.status_code, page.heading) == (400, "This link no longer works")


async def test_the_link_that_confirms_an_address_waits_for_a_button(pages: Pages) -> None:
    visitor = pages.visitor()
    page = await visitor.get("/sign-in/verify?ticket=nothing")
    assert page.heading == "Confirm your email address"
    page = await visitor.press("/sign-in/verify/ticket")
    assert (visitor.answer.status_code, page.heading) == (400, "This link no longer works")
