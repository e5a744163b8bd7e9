"""The hosted pages in this process, on a real store and the real engine, and somebody at a browser who presses their buttons."""

from __future__ import annotations

import contextlib
import itertools
import re
from collections.abc import AsyncIterator
from typing import Any, Final

import httpx

from muster.core.passkeys.actions import PasskeyChecks
from muster.core.recovery.actions import Recovery
from muster.core.sign_in.engine import SignIn
from muster.core.sign_up.actions import SignUps
from muster.crypto.passkeys import WebAuthn
from muster.dialects.kit.browser import BROWSER, SESSION
from muster.dialects.kit.call import Site
from muster.dialects.kit.limits import Unlimited
from muster.signin import app
from muster.signin.services import Services
from tests.core.people import new_passwords
from tests.core.sign_in_engine import ORIGIN, Engine, opened_engine
from tests.signin.html_page import Form, Page

POLICY: Final = re.compile(
    rb"default-src 'none'; style-src 'self'; img-src 'self' https: data:; script-src 'self'; "
    rb"form-action 'self'(?: [a-z][a-z0-9+.-]*:(?://[a-z0-9.:-]+)?)*; frame-ancestors 'none'; base-uri 'none'"
)


class Pages:
    """The pages of one tenant, and the engine behind them."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.world = engine.world
        self.site = Site(self.world.tenant_id, f"{ORIGIN}/")
        self._requests = itertools.count()
        made = new_passwords(self.world)
        nothing: Any = None
        self.services = Services(
            clock=self.world.clock,
            limit=Unlimited(self.world.clock),
            sign_in=SignIn(
                self.world.runner,
                self.world.checks,
                PasskeyChecks(self.world.runner, WebAuthn()),
                made,
                self.world.secrets,
                self.world.codes,
            ),
            sign_ups=SignUps(self.world.runner, made),
            recovery=Recovery(self.world.runner, made, answer_after=0),
            account=nothing,
            external=nothing,
        )
        self.api = app.build(self.world.runner, self.services)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """As the server calls it, below its own middle."""
        scope["muster.request_id"] = f"request-{next(self._requests)}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def visitor(self, **headers: str) -> Visitor:
        return Visitor(self, headers)

    async def sent(self, kind: str) -> dict[str, Any]:
        """The data of the last message of that kind."""
        return [message for message in await self.engine.messages() if message.kind == kind][-1].data


class Visitor:
    """One browser. It keeps cookies, says where its requests come from, follows redirects only on this server, and checks
    each page that it is shown.
    """

    def __init__(self, pages: Pages, headers: dict[str, str]) -> None:
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=pages, raise_app_exceptions=True), base_url=ORIGIN, headers=headers
        )
        self.answer: httpx.Response
        self.page: Page

    @property
    def at(self) -> str:
        """The path and query of what is shown."""
        return self.answer.request.url.raw_path.decode()

    def has_cookie(self, name: str) -> bool:
        return f"__Host-{name}" in self.client.cookies

    def is_signed_in(self) -> bool:
        return self.has_cookie(SESSION)

    @property
    def secret(self) -> str:
        return str(self.client.cookies.get(f"__Host-{BROWSER}", ""))

    async def get(self, path: str, **headers: str) -> Page:
        self.answer = await self.client.get(path, headers={"sec-fetch-site": "none", **headers})
        return await self._shown()

    async def press(self, action: str, *, button: Any = None, **fields: str) -> Page:
        """Send the form of that action with these fields filled in, the others as they stand.

        `button` is the name and value of the one that is pressed, if it has any.
        """
        form = self.page.form(action)
        unknown = fields.keys() - form.fields.keys() - {e.get("name") for e in self.page.all("input")}
        assert not unknown, f"the form has no {unknown}"
        given = {**form.fields, **fields, **(dict([button]) if button else {})}
        if form["method"] == "get":
            self.answer = await self.client.get(action, params=given, headers={"sec-fetch-site": "same-origin"})
            return await self._shown()
        return await self.post(action, given)

    async def post(self, path: str, fields: dict[str, str] | Form, **headers: str) -> Page:
        given = fields.fields if isinstance(fields, Form) else fields
        ours = {"origin": ORIGIN, "sec-fetch-site": "same-origin"}
        self.answer = await self.client.post(path, data=given, headers={**ours, **headers})
        return await self._shown()

    async def sign_in(self, name: str = "ann@example.org", password: str = "correct horse") -> None:
        await self.get("/sign-in")
        await self.press("/sign-in/identify", identifier=name)
        await self.press("/sign-in/password", password=password)

    async def _shown(self) -> Page:
        for _ in range(5):
            if self.answer.status_code != 303:
                break
            where = self.answer.headers["location"]
            assert where.startswith("/"), where
            assert not where.startswith("//"), where
            if not where.startswith(("/sign-in", "/sign-up", "/device")):
                self.page = Page("<main></main>")
                self.answer.request.url = self.answer.request.url.join(where)
                return self.page
            self.answer = await self.client.get(where, headers={"sec-fetch-site": "same-origin"})
        self.page = shown(self.answer)
        return self.page


async def asked(
    app: Any, path: str, headers: dict[str, str] | None = None, method: str = "GET", body: bytes = b""
) -> httpx.Response:
    """What an application answers to one request, sent as it stands."""
    sent: list[dict[str, Any]] = []
    raw_path, _, query = path.encode("latin-1").partition(b"?")
    scope = {
        "type": "http",
        "method": method,
        "scheme": "https",
        "path": path,
        "raw_path": raw_path,
        "query_string": query,
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in (headers or {}).items()],
        "muster.request_id": "request",
        "muster.client": "192.0.2.1",
        "muster.site": Site(1, f"{ORIGIN}/"),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return httpx.Response(sent[0]["status"], headers=sent[0]["headers"], content=sent[1]["body"])


def shown(answer: httpx.Response) -> Page:
    """The page of an answer, which is as every page must be."""
    headers = answer.headers
    assert headers["content-type"] == "text/html; charset=utf-8"
    assert headers["cache-control"] == "no-store"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    policies = [value for name, value in headers.raw if name == b"content-security-policy"]
    assert len(policies) == 1
    assert POLICY.fullmatch(policies[0]), policies
    for name, value in headers.raw:
        if name == b"set-cookie":
            assert re.fullmatch(rb"__Host-[a-z_]+=[^;]*; Path=/; HttpOnly; SameSite=Lax; Secure(; Max-Age=\d+)?", value)
    page = Page(answer.text)
    page.check()
    return page


@contextlib.asynccontextmanager
async def opened_pages(url: str) -> AsyncIterator[Pages]:
    async with opened_engine(url) as engine:
        yield Pages(engine)
