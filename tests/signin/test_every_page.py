"""Every page of a sign-in, in every language, with hostile words wherever something is shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from muster.core.clock import TurnedClock
from muster.core.errors import Invalid
from muster.core.settings.model import Branding, PasswordRules, SignInSettings
from muster.core.sign_in.model import Asked, SentCode, SignInAttempt
from muster.core.sign_in.view import Elsewhere, Enrolment, Offer, Unproved, View
from muster.core.sign_up.view import Field, SentTo, SignUpView
from muster.dialects.kit.api import Api, Dialect
from muster.dialects.kit.call import Call
from muster.dialects.kit.limits import Unlimited
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler, Route, Routes
from muster.signin import app, errors, sign_in
from muster.signin.errors import Fault, fault_of
from muster.signin.pages import NOWHERE, Place, elsewhere, page, visiting
from muster.signin.words import languages
from tests.signin.html_page import Page
from tests.signin.visitor import asked, shown

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}\u202e&amp;"
EVIL_URL = "javascript:alert(1)//https://"
WAYS = ["password", "email_code", "email_link", "sms_code", "passkey"]

SETTINGS = SignInSettings(branding=Branding(name=EVIL, logo=EVIL_URL, colour="#000;}", language="en"))
ATTEMPT = SignInAttempt(
    id="0" * 32,
    browser="",
    realm="r",
    expires_at=0,
    identifier=EVIL,
    request={"redirect_uri": f"https://app.example.com/{EVIL}; script-src *"},
    asked=Asked(locales=["tlh"]),
)


def sent(channel: Any) -> SignInAttempt:
    code = SentCode(channel=channel, to=EVIL, code_hash="", sent_at=0, expires_at=0)
    return SignInAttempt(id="0" * 32, browser="", realm="r", expires_at=0, identifier=EVIL, sent=code)


def view(step: Any, **more: Any) -> View:
    more.setdefault("attempt", ATTEMPT)
    names = {"app_name": EVIL, "app_logo": EVIL_URL, "user_name": EVIL, "user_masked": EVIL, "hint": EVIL}
    return View(step=step, branding=SETTINGS.branding, **{**names, **more})


OFFERS = [Offer("totp", "1", ""), Offer("phone", "2", EVIL), Offer("email", "3", EVIL), Offer("backup", "", "")]
CONNECTIONS = [Elsewhere(EVIL, EVIL, "social"), Elsewhere("b", "B", "enterprise")]
UNPROVED = [Unproved(EVIL, "phone", EVIL)]
RULES = PasswordRules(least=12, kinds=["lower", "upper", "digit", "special"], distinct=5)
WRONG_CODE = Fault(400, "wrong_code", "code")

STEPS: Mapping[str, tuple[View, Fault | None]] = {
    "identify": (
        view("identify", identifiers=["email", "phone"], first_factors=WAYS, connections=CONNECTIONS, may_sign_up=True),
        None,
    ),
    "identify nothing": (view("identify"), None),
    "identify wrong": (
        view("identify", identifiers=["username"], first_factors=["password"]),
        Fault(422, "malformed", "identifier"),
    ),
    "password": (view("first_factor", first_factors=WAYS), Fault(400, "wrong_password", "password")),
    "password locked": (view("first_factor", first_factors=["password"]), Fault(429, "locked")),
    "code to send": (view("first_factor", first_factors=["email_code", "sms_code"]), None),
    "code sent": (view("first_factor", first_factors=WAYS, sent=EVIL, attempt=sent("email")), WRONG_CODE),
    "text sent": (view("first_factor", first_factors=WAYS, sent=EVIL, attempt=sent("sms")), None),
    "link sent": (view("first_factor", first_factors=["email_link"], sent=EVIL, attempt=sent("email")), None),
    "no way": (view("first_factor"), None),
    "second": (view("second_factor", second_factors=OFFERS, may_remember=True), WRONG_CODE),
    "second phone": (view("second_factor", second_factors=OFFERS[1:]), None),
    "second phone sent": (view("second_factor", second_factors=OFFERS[1:], sent=EVIL, attempt=sent("sms")), None),
    "second mail": (view("second_factor", second_factors=OFFERS[2:], sent=EVIL, attempt=sent("email")), None),
    "second backup": (view("second_factor", second_factors=OFFERS[3:]), None),
    "second none": (view("second_factor"), None),
    "change": (
        view("change_password", password_rules=RULES, why_change=EVIL, may_postpone=True),
        fault_of(Invalid("password_policy", problems=["too_short", "no_digit"])),
    ),
    "enrol": (view("enrol_factor"), None),
    "enrol secret": (
        view("enrol_factor", enrolment=Enrolment(EVIL, f"otpauth://totp/{EVIL}"), may_postpone=True),
        WRONG_CODE,
    ),
    "verify": (view("verify_address", unproved=UNPROVED), None),
    "verify sent": (view("verify_address", unproved=UNPROVED, sent=EVIL, may_postpone=True), WRONG_CODE),
    "consent": (view("consent", scopes=["openid", EVIL, "__class__"]), Fault(503, "busy", values={"seconds": EVIL})),
}

QUESTIONS = [
    Field(name="email", type="email", required=True, value=EVIL),
    Field(name="phone", type="phone"),
    Field(name="username", type="username"),
    Field(name="password", type="password", required=True),
    Field(name="given_name"),
    Field(name="family_name"),
    Field(name=f"custom.{EVIL}", label=EVIL, required=True, value=EVIL),
]
WRONG_FIELDS = {"email": "malformed", "password": ["too_short", "known"], "username": "taken"}
SENT_TO = [SentTo(kind="email", to=EVIL, expires_at=0, again_at=0)]


def sign_up(state: Any, **more: Any) -> dict[str, Any]:
    return {"view": SignUpView(id="0" * 32, state=state, fields=QUESTIONS, **more), "attempt": view("identify")}


OTHERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "sign_up form": ("sign_up/missing.html", sign_up("missing", password_rules=RULES)),
    "sign_up faults": (
        "sign_up/missing.html",
        {
            **sign_up("missing"),
            "fault": fault_of(Invalid("fields_refused", fields=WRONG_FIELDS)),
            "typed": {"email": EVIL},
        },
    ),
    "sign_up verify": ("sign_up/verify.html", sign_up("verify", unproved=["email"], sent=SENT_TO)),
    "sign_up held": ("sign_up/held.html", sign_up("held", held=["email"], may_take_over=True)),
    "forgotten": (
        "recovery/forgotten.html",
        {"view": view("identify", identifiers=["email"]), "typed": {"identifier": EVIL}},
    ),
    "forgotten sent": ("recovery/sent.html", {"view": view("identify")}),
    "reset": (
        "recovery/reset.html",
        {
            "ticket": EVIL,
            "rules": RULES,
            "attempt_id": EVIL,
            "fault": fault_of(Invalid("password_policy", problems=["used"])),
            "place": Place(f"/sign-in/reset?ticket={EVIL}"),
        },
    ),
    "ticket": ("sign_in/ticket.html", {"ticket": EVIL, "attempt_id": "0" * 32, "place": NOWHERE}),
    "verify ask": ("verify/ask.html", {"ticket": EVIL}),
    "verify done": ("verify/done.html", {"place": NOWHERE}),
    "device ask": (
        "device/ask.html",
        {"typed": {"user_code": EVIL}, "fault": Fault(400, "user_code_wrong", "user_code")},
    ),
    "device confirm": (
        "device/confirm.html",
        {"app_name": EVIL, "user_code": EVIL, "scopes": ["openid", EVIL], "who": EVIL},
    ),
    "provider form": (
        "provider/form_post.html",
        {"address": f"https://app.example.com/{EVIL}", "fields": {EVIL: EVIL}},
    ),
    "provider sign out": (
        "provider/sign_out.html",
        {"action": "/oidc/logout", "fields": {"csrf": "0" * 64, "state": EVIL}},
    ),
    "provider stayed": ("provider/told.html", {"text": "stayed", "place": NOWHERE}),
    "elsewhere by form": (
        "elsewhere_by_form.html",
        {"name": EVIL, "address": "https://idp.example.com/", "fields": {"SAMLRequest": EVIL}},
    ),
    "device allowed": ("device/done.html", {"allowed": True}),
    "device denied": ("device/done.html", {"allowed": False}),
}


class Engine:
    async def passkey_options(self, *_: Any) -> dict[str, Any]:
        return {"challenge": EVIL}


class Runner:
    """Only the settings are read."""

    @property
    def store(self) -> Runner:
        return self

    async def get(self, _: int, kind: type, __: str) -> Any:
        return SETTINGS if kind is SignInSettings else None


class Services:
    sign_in = Engine()


async def rendered(handler: Handler, language: str, method: str = "GET") -> httpx.Response:
    """The answer of a handler, as the application gives it."""
    anything: Any = Runner()
    dialect = Dialect(
        name="pages",
        routes=Routes([Route(method, "/sign-in", visiting(handler), needs=None)]),
        authenticate=app.nobody,
        permit=app.permit,
        refuse=errors.refuse,
        headers=app.no_headers,
        limit=Unlimited(TurnedClock()),
        services=Services(),
    )
    api = Api(dialect, anything)

    return await asked(api, "/sign-in", {"accept-language": language}, method)


def is_harmless(answer: httpx.Response, language: str) -> Page:
    found = shown(answer)
    assert found.all("html")[0]["lang"] == language
    assert "onerror" not in {name for element in found.elements for name in element.attributes}
    assert all(script["src"].startswith("/sign-in/static/") for script in found.all("script"))
    assert all(image["src"].startswith(("/sign-in/static/", "data:image/svg+xml")) for image in found.all("img"))
    return found


@pytest.mark.parametrize("name", STEPS)
async def test_a_step(name: str) -> None:
    step, fault = STEPS[name]

    async def show(call: Call) -> Reply:
        return await sign_in.answer(call, step, fault, {"identifier": EVIL, "password": EVIL, "code": EVIL})

    for language in languages():
        answer = await rendered(show, language)
        assert answer.status_code == (fault.status if fault else 200)
        found = is_harmless(answer, language)
        assert EVIL in found.title, "what is shown is there as it is, and is nothing but text"
        if fault:
            assert found.alerts
            assert found.focused == (fault.field or found.focused)


@pytest.mark.parametrize("name", OTHERS)
async def test_another_page(name: str) -> None:
    template, values = OTHERS[name]

    async def show(call: Call) -> Reply:
        return page(call, template, **values)

    for language in languages():
        is_harmless(await rendered(show, language), language)


@pytest.mark.parametrize("row", [*errors.PAGES, *((kind, "anything") for kind in errors.PAGE_KINDS)], ids=str)
async def test_a_refusal(row: tuple[type[Exception], str]) -> None:
    kind, code = row
    detail: dict[str, Any] = {"retry_after": 3} if kind.__name__ in ("TooMany", "Unavailable") else {}
    detail |= {"allow": ["GET"]} if code == "method" else {}

    async def fail(_: Call) -> Reply:
        if kind.__name__ == "Taken":
            raise kind("email", EVIL)
        raise kind(code, **detail)

    for language in languages():
        answer = await rendered(fail, language)
        assert answer.status_code >= 400
        assert is_harmless(answer, language).heading
        assert ("retry-after" in answer.headers) == bool(detail.get("retry_after"))


async def test_what_breaks_says_nothing_of_the_inside() -> None:
    async def fail(_: Call) -> Reply:
        raise ZeroDivisionError("the inside")

    answer = await rendered(fail, "en")
    assert answer.status_code == 500
    assert shown(answer).heading == "Something went wrong here"
    assert "inside" not in answer.text


async def test_on_to_another_site() -> None:
    async def show(call: Call) -> Reply:
        return elsewhere(call, "https://idp.example.com/?a=1&b=\"><script>'", EVIL)

    found = is_harmless(await rendered(show, "en"), "en")
    refresh = next(meta for meta in found.all("meta") if meta.get("http-equiv") == "refresh")
    assert refresh["content"] == "0;url=https://idp.example.com/?a=1&b=\"><script>'"


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://app.example.com/cb?x=1", " https://app.example.com"),
        ("http://localhost:3000/cb", " http://localhost:3000"),
        ("http://[::1]:3000/cb", " http:"),
        ("com.example.app:/cb", " com.example.app:"),
        ("https://a.example;script-src *", " https:"),
        ("https://user@a.example/", " https:"),
        ("//evil.example", ""),
        ("nothing", ""),
        ("", ""),
        ("https://a\r\nset-cookie:x/", " https:"),
    ],
)
async def test_where_a_form_may_end(uri: str, source: str) -> None:
    async def show(call: Call) -> Reply:
        return page(call, "verify/done.html", place=Place("/sign-in", leads_to=[uri]))

    answer = await rendered(show, "en")
    shown(answer)
    more = "" if source == " https:" else source
    assert f"form-action 'self' https:{more}; frame-ancestors 'none'" in answer.headers["content-security-policy"]
