"""Every route of the provider and of the pages, asked for what cannot be meant: it refuses in its own words and never breaks."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final
from urllib.parse import quote_from_bytes

import pytest

from muster.core.sign_in.steps import ACTIONS
from muster.dialects.kit.browser import BROWSER, LANGUAGE, SESSION
from muster.dialects.kit.routes import Route
from muster.oidc import app as oidc
from muster.signin import app as signin
from muster.signin.csrf import csrf_token
from muster.signin.sign_up import ACTIONS as SIGN_UPS
from tests.attacks.loot import DEVICE_CODE, Loot
from tests.attacks.world import SECRET, Answer, Browser, World, ask, open_world
from tests.databases import Databases
from tests.signin.visitor import POLICY

SEED: Final = 20_270_115
EACH: Final = 12
"""Hostile requests of each route, beside the plain one."""

LONG: Final = b"a" * 100_000

TEXTS: Final = [
    b"",
    b"%250d%250a",
    b"%0d%0aset-cookie:%20a=b",
    b"%e2%80%ae%e2%81%a6",
    b"%22%3e%3cscript%3ealert(1)%3c/script%3e",
    b"{{7*7}}${7*7}",
    b"../../../../etc/passwd",
    b"//evil.example/",
    b"https://evil.example/%5c@",
    b"javascript:alert(1)",
    b"-1",
    b"99999999999999999999999",
    b"1e400",
    b"%d9%a3",
    b"NaN",
    b"null",
    b"[]",
    b"'%20OR%20'1'='1",
    b"%f0%9f%92%a9",
    b"%c3%a9%cc%81",
    LONG,
    b"a" * 3_000,
    b"." * 200,
    b"a.b.c",
    b"eyJhbGciOiJub25lIn0.e30.",
    b"%20",
    b"%09%0a",
]
"""Values as they stand in a query or form."""

UNREADABLE: Final = [b"%00", b"%ff%fe", b"%ed%a0%80", b"%f4%90%80%80", b"%", b"%zz", b"a%", b"\xff", b"\x00"]
"""Values that are none: NUL, broken UTF-8, half of a surrogate pair, broken escapes."""

RAW: Final = [
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\r\nset-cookie: a=b",
    b"\xe2\x80\xae",
    b"=",
    b";",
    b'"',
    b"\\",
    LONG,
]
"""Bytes that no client would send in a header or a path."""

BODIES: Final = [
    b"",
    b"\x00",
    b"\xff" * 100,
    b"&" * 5_000,
    b"=" * 5_000,
    b"a=1&" * 150,
    b"{",
    b"{}",
    b"null",
    b'"\\ud800"',
    b'{"a":"\\ud800","grant_type":"\\udfff"}',
    b"[" * 100_000,
    b'{"a":' * 3_000 + b"1" + b"}" * 3_000,
    b'{"grant_type":["authorization_code"],"client_id":{"a":1},"code":1e999}',
    b'{"grant_type":"password","grant_type":"client_credentials"}',
    b'{"client_id":NaN,"grant_type":-0,"audience":true}',
    b"a" * 300_000,
    b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--x--",
]

MEDIA: Final = [
    b"application/x-www-form-urlencoded",
    b"application/x-www-form-urlencoded; charset=utf-16",
    b"application/json",
    b"application/json; charset=\xff",
    b"APPLICATION/JSON",
    b"multipart/form-data; boundary=x",
    b"text/plain",
    b"application/vnd.api+json",
    b"",
    b";;;",
    b"\x00",
    b"/" * 5_000,
]

ACCEPT_LANGUAGES: Final = [
    b"de",
    b"de;q=",
    b"de;q=nan, en;q=inf",
    b"de;q=-1,en;q=1e999",
    b";q=1",
    b"*",
    b"," * 10_000,
    b"\xff\x00",
    b"../../etc/passwd",
    b"de-" * 10_000,
    b"en;q=\xd9\xa3",
]

OTHER_HEADERS: Final = b"user-agent origin sec-fetch-site x-forwarded-for dpop cookie accept x-request-id".split()

METHODS: Final = [
    "GET",
    "POST",
    "HEAD",
    "OPTIONS",
    "PUT",
    "PATCH",
    "DELETE",
    "TRACE",
    "CONNECT",
    "get",
    "X" * 1_000,
    "",
]

PARAMETERS: Final = [
    "attempt",
    "csrf",
    "ticket",
    "link",
    "with",
    "lang",
    "section",
    "done",
    "user_code",
    "decision",
    "identifier",
    "password",
    "code",
    "channel",
    "kind",
    "remember",
    "scopes",
    "id",
    "name",
    "username",
    "current",
    "credential",
    "word",
    "given_name",
    "family_name",
    "email",
    "phone",
    "release",
    "factor_id",
    "address_id",
    "address",
    "client_id",
    "client_secret",
    "client_assertion",
    "client_assertion_type",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "code_verifier",
    "prompt",
    "max_age",
    "acr_values",
    "ui_locales",
    "login_hint",
    "id_token_hint",
    "request",
    "request_uri",
    "registration",
    "claims",
    "display",
    "audience",
    "resource",
    "connection",
    "screen_hint",
    "grant_type",
    "refresh_token",
    "device_code",
    "token",
    "token_type_hint",
    "otp",
    "realm",
    "send",
    "authParams",
    "post_logout_redirect_uri",
    "returnTo",
    "federated",
    "SAMLResponse",
    "RelayState",
    "SigAlg",
    "iss",
    "error",
    "user",
]


class Sender:
    """Makes hostile requests of a route out of right ones, always the same for a seed."""

    def __init__(self, world: World, loot: Loot, rng: Random) -> None:
        self.world = world
        self.rng = rng
        held = {name: value.encode() for name, value in loot.held.items()}
        self.good: dict[str, list[bytes]] = {
            "attempt": [held["attempt"], held["done"]],
            "ticket": [held["reset_password"], held["verify_email"], held["sign_in"]],
            "client_id": [held["client_id"]],
            "client_secret": [SECRET.replace(" ", "+").encode()],
            "redirect_uri": [held["callback"]],
            "post_logout_redirect_uri": [held["goodbye"]],
            "returnTo": [held["goodbye"]],
            "response_type": [b"code"],
            "grant_type": [
                b"authorization_code",
                b"refresh_token",
                b"password",
                b"client_credentials",
                DEVICE_CODE.encode(),
            ],
            "code": [held["code"], b"123456"],
            "token": [held["access"], held["jwt"], held["refresh"]],
            "refresh_token": [held["refresh"]],
            "device_code": [held["device_code"]],
            "user_code": [held["user_code"]],
            "id_token_hint": [held["id_token"]],
            "audience": [held["audience"]],
            "connection": [b"email", b"Username-Password-Authentication", held["connection"]],
            "identifier": [held["email"]],
            "id": [held["address_id"], held["session_id"]],
            "kind": [b"email", b"totp"],
            "channel": [b"email", b"sms"],
            "decision": [b"allow", b"sign_out"],
            "scope": [b"openid+offline_access"],
            "csrf": [csrf_token(loot.browser.secret).encode()],
        }
        self.cookies = loot.browser.cookies
        self.session = ""
        self.bearer = loot.held["access"].encode()

    async def anew(self) -> None:
        """Sign in, whatever ended the session before."""
        _, self.session = await self.world.ours.session()

    def pairs(self) -> bytes:
        """A query or form in which most things are right and some are not."""
        rng = self.rng
        names = dict.fromkeys(
            ("attempt", "csrf", "client_id", "client_secret", "redirect_uri", "grant_type", "response_type")
        )
        found = [name.encode() + b"=" + rng.choice(self.good[name]) for name in names if rng.random() < 0.9]
        for name in rng.sample(PARAMETERS, rng.randrange(50)):
            good = self.good.get(name)
            if good and rng.random() < 0.5:
                value = rng.choice(good)
            else:
                value = rng.choice(UNREADABLE) if rng.random() < 0.01 else rng.choice(TEXTS)
            if name not in names or rng.random() < 0.05:
                found.append(name.encode() + b"=" + value)
        if rng.random() < 0.05:
            found.append(rng.choice(TEXTS) + b"=" + rng.choice(TEXTS))
        rng.shuffle(found)
        return b"&".join(found)

    def headers(self, *, form: bool) -> list[tuple[bytes, bytes]]:
        rng = self.rng
        jar = dict(self.cookies)
        for name in (BROWSER, SESSION, LANGUAGE):
            if rng.random() < 0.05:
                jar[f"__Host-{name}"] = rng.choice([*TEXTS, *RAW]).decode("latin-1")
        line = "; ".join(f"{name}={value}" for name, value in jar.items()).encode("latin-1")
        found = [(b"host", self.world.ours.host.encode()), (b"cookie", line)]
        found.append((b"content-type", MEDIA[0] if form and rng.random() < 0.95 else rng.choice(MEDIA)))
        if rng.random() < 0.3:
            found.append((b"accept-language", rng.choice(ACCEPT_LANGUAGES)))
        if rng.random() < 0.3:
            found.append(
                (b"authorization", rng.choice([b"Bearer " + self.bearer, b"Basic !", b"Basic OjpA/w==", *RAW]))
            )
        if rng.random() < 0.3:
            found.append((rng.choice(OTHER_HEADERS), rng.choice(RAW)))
        if rng.random() < 0.1:
            found.append((b"access-control-request-headers", rng.choice(RAW)))
        return found

    def path(self, route: Route) -> bytes:
        """The route's own address, with hostile segments where it has any."""
        rng = self.rng
        names = [*ACTIONS, *SIGN_UPS]
        path = route.path.encode()
        for place, good in (
            (b"{action}", [each.encode() for each in names]),
            (b"{connection_id}", self.good["connection"][2:]),
        ):
            bad = [quote_from_bytes(each).encode() for each in RAW] + [
                each.replace(b"/", b"%2f") for each in TEXTS if each
            ]
            path = path.replace(place, rng.choice(good) if rng.random() < 0.7 else rng.choice(bad))
        return path if rng.random() < 0.95 else path + rng.choice([b"/", b"%00", b"/..", b";a=b", *RAW[:4]])

    async def send(self, route: Route) -> tuple[str, Answer]:
        """One request of the route, and how to tell of it."""
        rng = self.rng
        method = route.method if rng.random() < 0.9 else rng.choice(METHODS)
        form = rng.random() < 0.8
        self.cookies[f"__Host-{SESSION}"] = self.session
        path, query, headers = self.path(route), b"", self.headers(form=form)
        body = self.pairs() if form else rng.choice(BODIES)
        if method not in ("POST", "PUT", "PATCH") or rng.random() < 0.05:
            query = self.pairs()
        answer = await ask(
            self.world.web, method, path, query, headers, body, rng.choice(["192.0.2.7", "2001:db8::1", ""])
        )
        return f"{method} {path[:200]!r}?{query[:2_000]!r} {headers!r:.3000} {body[:1_000]!r}", answer


def faults(answer: Answer, method: str) -> Iterator[str]:
    """What is wrong with an answer, whatever it was to."""
    if answer.status >= 500 and answer.status != 503:
        yield "it broke"
    for name, value in answer.headers:
        if b"\r" in value or b"\n" in value or b"\x00" in value:
            yield f"{name!r} ends too late"
        if name == b"location" and not value.isascii():
            yield "an address that is none"
        if name == b"set-cookie" and not value.startswith(b"__Host-muster_"):
            yield "a cookie that is none of ours"
    if (
        answer.header("cache-control") != "no-store"
        and answer.status != 204
        and "max-age" not in answer.header("cache-control")
    ):
        yield "it may be kept"
    if answer.is_page:
        if answer.header("x-content-type-options") != "nosniff":
            yield "it may be taken for something else"
        if answer.body.startswith(b"<!doctype"):
            policies = [value for name, value in answer.headers if name == b"content-security-policy"]
            if len(policies) != 1 or not POLICY.fullmatch(policies[0]):
                yield "no policy"
            if (answer.header("x-frame-options"), answer.header("referrer-policy")) != ("DENY", "same-origin"):
                yield "it can be framed"
            if b"<script>alert" in answer.body:
                yield "a script"
    if method == "HEAD" and answer.body:
        yield "a body"


async def test_nothing_that_is_sent_breaks_anything(
    sqlite_databases: Databases, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        rng = Random(SEED)
        loot = await Loot(world.ours).find()
        sender = Sender(world, loot, rng)
        found = []
        for route in [*oidc.ROUTES, *signin.PAGES]:
            await sender.anew()
            for _ in range(EACH):
                with caplog.at_level(logging.ERROR):
                    caplog.clear()
                    told, answer = await sender.send(route)
                wrong = [*faults(answer, told.partition(" ")[0]), *(record.getMessage() for record in caplog.records)]
                if wrong:
                    trace = caplog.records[-1].exc_text if caplog.records else ""
                    found.append(
                        f"{route.method} {route.path}: {wrong}\n  {told}\n  {answer.status} {answer.text[:200]}\n{trace}"
                    )
        assert not found, f"{len(found)} faults\n\n" + "\n\n".join(found[:8])
        assert (await Browser(world.ours).get("/sign-in")).status == 303
