"""How an answer reaches the application: OAuth 2.0 Multiple Response Types, Form Post Response Mode, RFC 9207."""

from __future__ import annotations

from html.parser import HTMLParser

from muster.core.sessions.tokens import record_id
from muster.signin.assets import address
from tests.oidc.browsing import CALLBACK, ISSUER, Browser, Front


class Form(HTMLParser):
    """The one form of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.action = self.method = ""
        self.fields: dict[str, str] = {}
        self.buttons = 0
        self.scripts: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        assert not any(name.startswith("on") or name == "style" for name in given)
        if tag == "form":
            self.action, self.method = given["action"], given["method"]
        elif tag == "input":
            self.fields[given["name"]] = given["value"]
        elif tag == "button":
            self.buttons += 1
        elif tag == "script":
            self.scripts.append(given.get("src"))


async def test_query_is_the_usual_way(front: Front, browser: Browser) -> None:
    for sent in ({}, {"response_mode": "query"}):
        answer = await browser.signed_in(**sent) if not browser.token else await browser.authorize(**sent)
        assert answer.location == f"{CALLBACK}?code={answer.code}&state=the+state&iss=https%3A%2F%2Fid.example.com%2F"
        assert answer.reply.headers["referrer-policy"] == "no-referrer"
        assert answer.reply.headers["cache-control"] == "no-store"


async def test_a_query_that_is_there_stays(front: Front, browser: Browser) -> None:
    await front.app("q", redirect_uris=[f"{CALLBACK}?tenant=a%20b"])
    answer = await browser.signed_in(client_id="q", redirect_uri=f"{CALLBACK}?tenant=a%20b", state=None)
    assert (
        answer.location == f"{CALLBACK}?tenant=a%20b&code={answer.values['code']}&iss=https%3A%2F%2Fid.example.com%2F"
    )


async def test_fragment(front: Front, browser: Browser) -> None:
    answer = await browser.signed_in(response_mode="fragment")
    assert answer.location.startswith(f"{CALLBACK}#code=")
    refused = await browser.authorize(response_mode="fragment", scope='"')
    assert (refused.location.startswith(f"{CALLBACK}#error=invalid_scope&"), refused.values["iss"]) == (True, ISSUER)


STATE = "\"><script>alert(1)</script>&amp;' \u2028é"


async def test_form_post(front: Front, browser: Browser) -> None:
    answer = await browser.signed_in(response_mode="form_post", state=STATE)
    form = Form(answer.text)
    assert (answer.status, answer.location) == (200, "")
    assert (form.action, form.method, form.buttons, form.scripts) == (CALLBACK, "post", 1, [address("form_post.js")])
    code = form.fields.pop("code")
    assert form.fields == {"state": STATE, "iss": ISSUER}
    assert [grant.id for grant in await browser.codes()] == [record_id(code)]
    policy = answer.reply.headers["content-security-policy"]
    assert "script-src 'self'; form-action 'self' https: http:; frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.reply.headers["cache-control"] == "no-store"


async def test_a_refusal_is_posted_too(browser: Browser) -> None:
    form = Form((await browser.authorize(response_mode="form_post", prompt="none")).text)
    assert form.fields.pop("error_description")
    assert form.fields == {"error": "login_required", "state": "the state", "iss": ISSUER}


async def test_a_form_goes_to_no_program(front: Front, browser: Browser) -> None:
    await front.app("native", redirect_uris=["com.example.app:/cb"])
    answer = await browser.authorize(client_id="native", redirect_uri="com.example.app:/cb", response_mode="form_post")
    assert (answer.to, answer.values["error"]) == ("com.example.app:/cb", "invalid_request")


async def test_state_comes_back_as_it_was(browser: Browser) -> None:
    for state in ("a&code=evil", "a#b", "a\r\nset-cookie: x=y", "é\u2028", "%00", "a+b c"):
        answer = await browser.authorize(state=state, prompt="none")
        assert answer.values["state"] == state
        assert answer.values["error"] == "login_required"
        assert answer.reply.headers.get("set-cookie") is None


async def test_the_issuer_is_never_the_hosts_word(front: Front, browser: Browser) -> None:
    browser.http.headers["host"] = "evil.example"
    browser.http.headers["x-forwarded-host"] = "evil.example"
    answer = await browser.authorize(prompt="none")
    assert answer.values["iss"] == ISSUER
    front.site = front.site._replace(public_url="https://other.example.com/")
    assert (await browser.authorize(prompt="none")).values["iss"] == "https://other.example.com/"
