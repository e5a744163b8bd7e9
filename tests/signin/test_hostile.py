"""What other sites, other browsers and broken programs send: nothing of it does anything, and nothing breaks."""

from __future__ import annotations

import json
import re
from typing import Any

from muster.dialects.kit.browser import BROWSER, SESSION
from muster.signin import assets
from muster.signin.csrf import csrf_token
from tests.core.sign_in_engine import ORIGIN
from tests.signin.visitor import Pages, Visitor, asked, shown

FOREIGN = "This did not come from our page"
OVER = "This sign-in is over"
UNREADABLE = "We could not read that"


async def at_password(pages: Pages) -> tuple[Visitor, dict[str, str]]:
    """Somebody who has yet to type the password, and the form for it filled in."""
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    page = await visitor.press("/sign-in/identify", identifier="ann@example.org")
    return visitor, {**page.form("/sign-in/password").fields, "password": "correct horse"}


async def test_a_form_of_another_site_or_of_nobody(pages: Pages) -> None:
    visitor, form = await at_password(pages)
    without = {name: value for name, value in form.items() if name != "csrf"}
    other = pages.visitor()
    await other.get("/sign-in")
    for wrong in ("", "0" * 64, csrf_token(""), csrf_token(other.secret), csrf_token(visitor.secret).upper(), "ü"):
        page = await visitor.post("/sign-in/password", {**without, "csrf": wrong})
        assert (visitor.answer.status_code, page.heading) == (403, FOREIGN)
    page = await visitor.post("/sign-in/password", without)
    assert (visitor.answer.status_code, page.heading) == (403, FOREIGN)
    for foreign in (
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://id.example.org"},
        {"origin": f"{ORIGIN}.evil.example"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ):
        page = await visitor.post("/sign-in/password", form, **foreign)
        assert (visitor.answer.status_code, page.heading) == (403, FOREIGN)
    assert not visitor.is_signed_in()
    await visitor.post("/sign-in/password", form)
    assert visitor.is_signed_in()


async def test_a_server_without_a_public_address_has_several(pages: Pages) -> None:
    visitor, form = await at_password(pages)
    pages.site = pages.site._replace(also=("https://localhost:8443/",))
    await visitor.post("/sign-in/password", form, origin="https://localhost:8444")
    assert visitor.answer.status_code == 403
    await visitor.post("/sign-in/password", form, origin="https://localhost:8443")
    assert visitor.is_signed_in()


async def test_an_attempt_of_another_browser_or_of_nobody(pages: Pages) -> None:
    visitor, form = await at_password(pages)
    thief = pages.visitor()
    await thief.get("/sign-in")
    attempt = form["attempt"]
    for path in (f"/sign-in?attempt={attempt}", f"/sign-up?attempt={attempt}", f"/sign-in/forgotten?attempt={attempt}"):
        page = await thief.get(path)
        assert (thief.answer.status_code, page.heading) == (400, OVER), path
    page = await thief.post("/sign-in/password", {**form, "csrf": csrf_token(thief.secret)})
    assert (thief.answer.status_code, page.heading) == (400, OVER)
    assert not thief.is_signed_in()
    for wrong in ("0" * 32, "x", "../../account", "%27", "a" * 5000):
        page = await visitor.get(f"/sign-in?attempt={wrong}")
        assert (visitor.answer.status_code, page.heading) == (400, OVER)
        page = await visitor.post("/sign-in/password", {**form, "attempt": wrong})
        assert (visitor.answer.status_code, page.heading) == (400, OVER)


async def test_a_browser_that_keeps_no_cookies_is_told_so(pages: Pages) -> None:
    _, form = await at_password(pages)
    answer = await asked(pages, f"/sign-in?attempt={form['attempt']}")
    assert (answer.status_code, shown(answer).heading) == (400, "This browser does not know this sign-in")


async def test_a_planted_browser_secret_is_not_taken(pages: Pages) -> None:
    """Whoever plants a cookie would know the secret of the attempt that begins with it: what is no secret of ours is replaced."""
    visitor = pages.visitor()
    visitor.client.cookies.set(f"__Host-{BROWSER}", "known", domain="id.example.org", path="/")
    page = await visitor.get("/sign-in")
    assert page.heading == "Sign in"
    assert visitor.secret not in ("", "known")
    assert page.form("/sign-in/identify").fields["csrf"] == csrf_token(visitor.secret)


async def test_the_session_is_a_new_one_after_the_sign_in(pages: Pages) -> None:
    visitor, form = await at_password(pages)
    visitor.client.cookies.set(f"__Host-{SESSION}", "f" * 64, domain="id.example.org", path="/")
    await visitor.post("/sign-in/password", form)
    assert visitor.is_signed_in()
    assert visitor.client.cookies[f"__Host-{SESSION}"] != "f" * 64


async def test_the_end_of_an_attempt_is_never_what_a_caller_sends(pages: Pages) -> None:
    """`_shown` of the visitor follows a redirect only to a path of this server, and says so otherwise."""
    visitor = pages.visitor()
    await visitor.get("/sign-in?return_to=https://evil.example&redirect_uri=//evil.example")
    await visitor.press("/sign-in/identify", identifier="ann@example.org")
    form = visitor.page.form("/sign-in/password").fields
    await visitor.post("/sign-in/password", {**form, "password": "correct horse", "return_to": "//evil.example"})
    assert visitor.at == "/account"


async def test_a_form_that_cannot_be_read(pages: Pages) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"}
    paths = (
        "/sign-in/password",
        "/sign-up/tell",
        "/sign-in/forgotten",
        "/sign-in/reset",
        "/device",
        "/sign-in/verify/ticket",
    )
    for body in (
        b"attempt=%00",
        b"attempt=%ff%fe",
        b"attempt=%ED%A0%80",
        b"attempt=%zz",
        b"\xff\xfe=\x00",
        b"&" * 500,
        b"csrf=" + b"a" * 300_000,
        b"%00=1",
    ):
        for path in paths:
            answer = await asked(pages.api, path, headers, "POST", body)
            assert answer.status_code in (400, 413), (path, body[:20])
            assert shown(answer).heading == UNREADABLE


async def test_what_is_no_form(pages: Pages) -> None:
    for media, body in (("application/json", b"{}"), ("multipart/form-data; boundary=x", b"--x--"), ("", b"csrf=1")):
        answer = await asked(pages.api, "/sign-in/password", {"content-type": media}, "POST", body)
        assert (answer.status_code, shown(answer).heading) == (415, UNREADABLE)


async def test_a_query_that_cannot_be_read(pages: Pages) -> None:
    for query in ("attempt=%00", "attempt=%ff", "attempt=%zz", "%ff", "with=%00&attempt=x", "lang=%00&a=%c0"):
        for path in ("/sign-in", "/sign-up", "/sign-in/forgotten", "/sign-in/reset", "/sign-in/link", "/device"):
            answer = await asked(pages.api, f"{path}?{query}")
            assert answer.status_code == 400, (path, query)
            assert shown(answer).heading == UNREADABLE


async def test_headers_that_cannot_be_read(pages: Pages) -> None:
    for cookie in (
        "\xff=\xfe",
        "__Host-muster_browser",
        "=;=;=",
        'a="',
        "__Host-muster_browser=\x7f",
        "a=" + "b" * 60_000,
    ):
        answer = await asked(
            pages.api, "/sign-in", {"cookie": cookie, "accept-language": "\xff;q=1,,,;q=", "user-agent": "\xff"}
        )
        assert answer.status_code == 303, cookie


async def test_addresses_that_there_are_not(pages: Pages) -> None:
    for method, path, status in (
        ("GET", "/sign-in/nothing/here", 404),
        ("GET", "/sign-in/static/../app.py", 404),
        ("GET", "/sign-in/static/..%2Fapp.py", 404),
        ("GET", "/sign-in/static/brand.zzzzzz.css", 404),
        ("GET", "/sign-in/static/%00", 400),
        ("GET", "/sign-in/%ff", 400),
        ("DELETE", "/sign-in", 405),
        ("GET", "/sign-in/verify/ticket", 405),
    ):
        answer = await asked(pages.api, path, method=method)
        assert answer.status_code == status, path
        shown(answer)
        assert ("allow" in answer.headers) == (status == 405)


async def test_an_action_that_there_is_not(pages: Pages) -> None:
    visitor, form = await at_password(pages)
    for action in ("nothing", "__init__", "finish", "proved"):
        page = await visitor.post(f"/sign-in/{action}", form)
        assert (visitor.answer.status_code, page.heading) == (404, "There is nothing here")
    for action in ("consent", "begin_totp", "verify", "change_password", "second_factor"):
        page = await visitor.post(f"/sign-in/{action}", form)
        assert visitor.answer.status_code == 400, action
        assert page.alerts == ["This is no longer possible. Load the page again."]
    assert not visitor.is_signed_in()


async def test_what_is_typed_comes_back_as_text_and_secrets_never(pages: Pages) -> None:
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    evil = '"><script>alert(1)</script>@example.org'
    page = await visitor.press("/sign-in/identify", identifier=evil)
    assert "<script>alert" not in page.html
    for password in ("s3cret-of-mine", "x" * 5000, "\ud7ff\u0000".replace("\0", "0")):
        await visitor.press("/sign-in/restart")
        await visitor.press("/sign-in/identify", identifier="ann@example.org")
        page = await visitor.press("/sign-in/password", password=password)
        assert visitor.answer.status_code in (400, 422)
        assert password not in visitor.answer.text


async def test_a_code_is_no_way_round_the_password_and_guessing_ends(pages: Pages) -> None:
    await pages.engine.verify()
    visitor = pages.visitor()
    await visitor.get("/sign-in")
    await visitor.press("/sign-in/identify", identifier="ann@example.org")
    await visitor.press("/sign-in/send_code")
    right = (await pages.sent("sign_in_code"))["code"]
    form = visitor.page.form("/sign-in/code").fields
    statuses = []
    for guess in range(30):
        await visitor.post("/sign-in/code", {**form, "code": f"{guess:06}x"})
        statuses.append(visitor.answer.status_code)
    assert set(statuses) == {400}
    assert visitor.page.alerts == ["This code is no longer good. Ask for a new one."]
    await visitor.post("/sign-in/code", {**form, "code": right})
    assert not visitor.is_signed_in(), "the right code comes too late"
    page = await visitor.press("/sign-in/send_code")
    assert (visitor.answer.status_code, visitor.answer.headers["retry-after"]) == (429, "30")
    assert page.alerts == ["A code was sent just now. You can ask for another one in 30 seconds."]


async def test_files_are_kept_for_long_and_hold_no_page(pages: Pages) -> None:
    visitor = pages.visitor()
    page = await visitor.get("/sign-in")
    files = [element["href"] for element in page.all("link")] + [element["src"] for element in page.all("script")]
    assert len(files) == 4
    for path in files:
        answer = await asked(pages.api, path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript", "image/svg+xml")
        assert "set-cookie" not in answer.headers
        assert re.search(r"\.[0-9a-f]{6,12}\.(css|js|svg)$", path)
    assert assets.address("style.css") in files


async def test_the_options_of_a_passkey_stand_in_the_page_and_name_nobody(pages: Pages) -> None:
    visitor = pages.visitor()
    page = await visitor.get("/sign-in")
    form = page.form("/sign-in/passkey")
    assert "hidden" in form.attributes, "without a script there is no such button"
    options: dict[str, Any] = json.loads(form["data-options"])
    assert options["rpId"] == "id.example.org"
    assert not options.get("allowCredentials")
    for credential in ("", "{}", "[]", "null", "{", '{"id":1}', "[" * 5000, '"\\ud800"', '{"id":"' + "a" * 9000 + '"}'):
        await visitor.press("/sign-in/passkey", credential=credential)
        assert visitor.answer.status_code in (400, 422), credential[:20]
        assert visitor.page.alerts
    assert not visitor.is_signed_in()


async def test_the_language_that_was_chosen_stays(pages: Pages) -> None:
    visitor = pages.visitor(**{"accept-language": "en"})
    page = await visitor.get("/sign-in")
    switch = next(link for link in page.all("a") if link.get("hreflang") == "de")
    page = await visitor.get(switch["href"])
    assert (page.heading, page.all("html")[0]["lang"]) == ("Anmelden", "de")
    page = await visitor.press("/sign-in/identify", identifier="ann@example.org")
    assert page.heading == "Passwort eingeben"
    page = await visitor.press("/sign-in/password", password="wrong")
    assert page.title.startswith("Fehler: ")
    assert all(link["href"].startswith("/") for link in page.all("a"))
    for wrong in ("tlh", "../../x", "", "de%0d%0aset-cookie:x"):
        page = await visitor.get(f"{switch['href'].partition('lang=')[0]}lang={wrong}")
        assert page.all("html")[0]["lang"] == "de"
