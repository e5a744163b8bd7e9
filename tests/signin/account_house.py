"""The account's pages and the sign-in before them, on a real engine, with somebody signed in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx

from muster.core.ids import UserId
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.sessions.actions import Started
from muster.core.settings.model import SignInSettings
from muster.core.sign_in.engine import SignIn
from muster.core.users.model import User
from muster.crypto.passkeys import WebAuthn
from muster.dialects.kit.call import Site
from muster.dialects.kit.limits import Unlimited
from muster.signin.account_services import OwnAccount
from muster.signin.app import build
from muster.signin.services import Services
from tests.core.people import new_passwords, open_realm, proved, sign_in
from tests.core.sign_in import World, opened_world
from tests.signin.html_page import Form, Page
from tests.signin.visitor import shown

ADDRESS = "https://id.example.org/"
EMAIL = "eve@example.org"
SECRET = "b" * 43


class Seen(Page):
    """A page that was answered, which is as every page must be. `path` is where the browser stands."""

    def __init__(self, answer: httpx.Response) -> None:
        if "html" in answer.headers.get("content-type", ""):
            shown(answer)
        super().__init__(answer.text)
        self.answer = answer
        self.status = answer.status_code
        self.path = answer.request.url.raw_path.decode()

    def form(self, action: str, **having: str) -> Form:
        """The first form that is sent there and whose fields have these values."""
        found = [form for form in self.forms if form["action"] == action and having.items() <= form.fields.items()]
        assert found, (
            f"no form of {self.path} goes to {action} with {having}: {[form['action'] for form in self.forms]}"
        )
        return found[0]

    def input(self, name: str) -> dict[str, str]:
        """The attributes of a field."""
        return next(each.attributes for each in self.all("input") if each.get("name") == name)

    @property
    def told(self) -> list[str]:
        """What a screen reader says by itself: what went wrong, or what was done."""
        told = [each.text for each in self.elements if each.get("role") == "status"]
        return [*self.alerts, *(re.sub(r"\s+", " ", text).strip() for text in told)]


class Browser:
    """One person's, without JavaScript: it keeps cookies, follows redirects, and sends the forms of a page as they stand."""

    def __init__(self, app: Any, ip: str, headers: dict[str, str]) -> None:
        transport = httpx.ASGITransport(app=app, client=(ip, 1234))
        self.client = httpx.AsyncClient(transport=transport, base_url=ADDRESS, headers=headers)

    async def open(self, path: str, **headers: str) -> Seen:
        """A page, and wherever it leads."""
        return await self._arrive(await self.client.get(path, headers=headers))

    async def send(self, form: Form, **filled: str) -> Seen:
        """A form, filled in, and wherever it leads."""
        assert form["method"] == "post"
        return await self._arrive(await self.client.post(form["action"], data={**form.fields, **filled}))

    async def post(self, path: str, data: dict[str, str], **headers: str) -> httpx.Response:
        """A request by hand."""
        return await self.client.post(path, data=data, headers=headers)

    async def _arrive(self, answer: httpx.Response) -> Seen:
        for _ in range(5):
            if answer.status_code != 303:
                return Seen(answer)
            assert re.match(r"/[^/]", answer.headers["location"])
            answer = await self.client.get(answer.headers["location"])
        raise AssertionError("redirected for ever")


class AccountHouse:
    """A world with its pages. `somebody` has a proved address, a password (`RIGHT`) and a session in `browser`."""

    def __init__(self, world: World, **more: Any) -> None:
        self.world = world
        runner = world.runner
        passkeys = WebAuthn()
        own = OwnAccount.of(
            runner,
            checks=world.checks,
            new_passwords=new_passwords(world),
            secrets=world.secrets,
            codes=world.codes,
            passkeys=passkeys,
            events=world.store.events,
        )
        nothing = cast("Any", None)
        services = Services(
            clock=world.clock,
            limit=Unlimited(world.clock),
            sign_in=SignIn(
                runner, world.checks, PasskeyChecks(runner, passkeys), new_passwords(world), world.secrets, world.codes
            ),
            sign_ups=nothing,
            recovery=nothing,
            account=own,
            external=nothing,
            **more,
        )
        api = build(runner, services)
        site = Site(world.tenant_id, ADDRESS)

        async def app(scope: Any, receive: Any, send: Any) -> None:
            path = scope["raw_path"].partition(b"?")[0]
            more = {"muster.request_id": "r1", "muster.client": scope["client"][0], "muster.site": site}
            await api({**scope, "raw_path": path, **more}, receive, send)

        self.app = app

    def browser(self, ip: str = "192.0.2.7", **headers: str) -> Browser:
        """One that nobody is signed in with."""
        return Browser(self.app, ip, {"user-agent": "Mozilla/5.0 (X11; Linux) Firefox/128.0", **headers})

    async def somebody(self, email: str = EMAIL, **members: Any) -> tuple[Browser, Started]:
        """A new person, signed in a moment ago."""
        id_ = await self.world.add(email, **{"emails": [proved(email)], **members})
        started = await sign_in(self.world, id_)
        return self.signed_in(started), started

    async def user(self, id_: str) -> User:
        """The user as stored."""
        return await self.world.user(UserId(id_))

    def signed_in(self, started: Started) -> Browser:
        """A browser with that session."""
        browser = self.browser()
        for name, value in (("__Host-muster_session", started.token), ("__Host-muster_browser", SECRET)):
            browser.client.cookies.set(name, value, domain="id.example.org")
        return browser


@contextlib.asynccontextmanager
async def opened_account_house(url: str, settings: SignInSettings | None = None) -> AsyncIterator[AccountHouse]:
    async with opened_world(url) as world:
        await open_realm(world, settings)
        yield AccountHouse(world)
