"""The OpenID provider in this process with browsers before it: a real store, the real sign-in engine, and the pages between
played by `Browser`, which keeps its cookies as a browser does and follows no redirect by itself.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self
from urllib.parse import parse_qs, parse_qsl, urlsplit

import bcrypt
import httpx
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.apps.model import Api, Application
from muster.core.clock import TurnedClock
from muster.core.connections.model import Connection
from muster.core.credentials.checks import CredentialChecks
from muster.core.events import Context
from muster.core.ids import UserId, new_user_id
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.passwords.choosing import NewPasswords
from muster.core.recovery.actions import Recovery
from muster.core.sessions.actions import session_of_token
from muster.core.sessions.model import Grant, Session
from muster.core.sign_in.engine import SignIn
from muster.core.sign_in.view import View
from muster.core.store import Change, Unit
from muster.core.tenants.actions import furnish
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import Address, Origin, Password, User
from muster.crypto.assertions import Assertions
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.passkeys import WebAuthn
from muster.crypto.sealing import Sealer
from muster.crypto.tokens import KeyRing, SigningKey
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.kit.browser import BROWSER, SESSION
from muster.dialects.kit.call import Site
from muster.dialects.kit.limits import Unlimited
from muster.oidc import app as provider_app
from muster.oidc.services import Services
from muster.signin.provider_pages import ProviderPages
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

NOW = 1_800_000_000_000
ISSUER = "https://id.example.com/"
PASSWORD = "correct horse"
QUICK_HASH = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
SECRETS = Sealer.of(b"k" * 32)
SECRET = "the client's own secret"
CONTEXT = Context(ip="192.0.2.1")

KEYS = {purpose: SigningKey.generate("ES256", f"key-of-{purpose}") for purpose in ("identity", "access", "management")}

CALLBACK = "https://app.example.com/callback"
VERIFIER = "a-verifier-that-is-long-enough-for-every-check-0"
CHALLENGE = "IbwCxsvSQmPSdPS_B5XsbCRTN_h7SdLx_tcfI5flylY"


class Front:
    """One tenant's provider, on a clock that stands still until it is turned; its user is ann@example.org."""

    def __init__(self, engine: Engine) -> None:
        self.clock = TurnedClock(NOW)
        self.engine = engine
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = HashingPool(2, 1000)
        codes = TimeBasedCodes()
        checks = CredentialChecks(self.runner, self.passwords, SECRETS, codes, answer_failures_after=0)
        passkeys = PasskeyChecks(self.runner, WebAuthn())
        self.sign_in = SignIn(self.runner, checks, passkeys, NewPasswords(self.store, self.passwords), SECRETS, codes)
        self._requests = itertools.count()
        self.tenant_id = 0
        self.site = Site(0, ISSUER)
        self.realm = ""
        self.services = Services(
            clock=self.clock,
            secrets=SECRETS,
            sign_in=self.sign_in,
            rings=lambda site, purpose: KeyRing(purpose, site.public_url, [KEYS[purpose]]),
            checks=checks,
            passwords=self.passwords,
            limit=Unlimited(self.clock),
            assertions=Assertions(),
            pages=ProviderPages(),
            recovery=Recovery(self.runner, NewPasswords(self.store, self.passwords), answer_after=0),
        )
        self.api = provider_app.build(self.runner, self.services)

    async def prepare(self) -> Self:
        tenant = await self.store.create_tenant("default", NOW)
        self.tenant_id = tenant.number
        self.site = Site(tenant.number, ISSUER)
        await self.act(furnish)
        realms = await self.store.records(self.tenant_id, Connection)
        self.realm = next(realm.id for realm in realms if realm.default)
        await self.app()
        await self.user()
        return self

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant_id, SYSTEM, act, *args, **kwargs)

    async def insert(self, record: Any) -> None:
        async def act(tx: Transaction) -> None:
            tx.insert(record)

        await self.act(act)

    async def change_user(self, id_: str, **change: Any) -> None:
        async def act(tx: Transaction) -> None:
            tx.save(replace(await tx.need(User, id_), **change))

        await self.act(act)

    async def app(self, id_: str = "shop", **members: Any) -> Application:
        """An application with everything that a web application has, and what is given here."""
        app = Application(
            id=id_,
            name="The shop",
            secret=SECRETS.seal(SECRET.encode(), purpose=f"client_secret:{id_}"),
            grant_types=["authorization_code", "refresh_token"],
            redirect_uris=[CALLBACK],
            created_at=NOW,
        )
        app = replace(app, **members)
        await self.insert(app)
        return app

    async def add_api(self, identifier: str, **members: Any) -> None:
        await self.insert(Api(id=f"api-{identifier}", name="An API", identifier=identifier, created_at=NOW, **members))

    async def user(self, email: str = "ann@example.org", **members: Any) -> UserId:
        """A user whose password is `PASSWORD`."""
        address = Address(id="e", value=email, primary=True, verified=True, created_at=NOW, updated_at=NOW)
        user = User(
            id=new_user_id(NOW),
            version=1,
            created_at=NOW,
            updated_at=NOW,
            realm=self.realm,
            origin=Origin(door="muster"),
            emails=[address],
            password=Password(hash=QUICK_HASH, scheme="bcrypt", set_at=NOW),
        )
        user = replace(user, **members)
        await self.store.commit(Unit(self.tenant_id, [Change(None, user)]))
        return user.id

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The provider as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"request-{next(self._requests)}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    def id_token(self, user_id: str, **claims: Any) -> str:
        """An ID token as the token endpoint gives it to `shop`."""
        now = self.clock.now() // 1000
        usual = {"sub": user_id, "aud": "shop", "iat": now, "exp": now + 3600}
        return self.services.rings(self.site, "identity").sign({**usual, **claims})


class Answer:
    """What a browser gets: where it is sent, and with which values."""

    def __init__(self, reply: httpx.Response) -> None:
        self.reply = reply
        self.status = reply.status_code
        self.text = reply.text
        self.location: str = reply.headers.get("location", "")
        parts = urlsplit(self.location)
        self.to = self.location.partition("?")[0].partition("#")[0]
        self.values: dict[str, str] = dict(parse_qsl(parts.query or parts.fragment))
        self.cookies = reply.headers.get_list("set-cookie")

    @property
    def attempt(self) -> str:
        """The sign-in attempt that a page is to go on with."""
        assert self.location.startswith(("/sign-in?", "/sign-up?")), (self.status, self.location, self.text)
        return parse_qs(urlsplit(self.location).query)["attempt"][0]

    @property
    def code(self) -> str:
        assert set(self.values) <= {"code", "state", "iss"}, (self.status, self.values, self.text)
        return self.values["code"]


class Browser:
    """One browser: its cookies, and the hosted pages as far as a test needs them."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=front, raise_app_exceptions=True), base_url=ISSUER
        )

    async def authorize(self, **parameters: str | None) -> Answer:
        """A request of `shop` that is right in every way but for what is given here; None leaves a parameter out."""
        usual: dict[str, str | None] = {
            "client_id": "shop",
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid",
            "state": "the state",
        }
        sent = {name: value for name, value in {**usual, **parameters}.items() if value is not None}
        return await self.get("/authorize", **sent)

    async def get(self, path: str, **parameters: str) -> Answer:
        return Answer(await self.http.get(path, params=parameters or None))

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return Answer(await self.http.post(path, data=form, headers=named))

    async def signed_in(self, email: str = "ann@example.org", **parameters: str | None) -> Answer:
        """A whole sign-in at the application."""
        return await self.sign_in((await self.authorize(**parameters)).attempt, email)

    async def view(self, attempt: str) -> View:
        return await self.front.sign_in.view(self.front.tenant_id, attempt, self.secret, CONTEXT)

    async def take(self, attempt: str, action: str, **given: str) -> View:
        return await self.front.sign_in.take(self.front.tenant_id, attempt, self.secret, action, given, CONTEXT)

    async def sign_in(self, attempt: str, email: str = "ann@example.org", **consent: str) -> Answer:
        """What the pages do: the password, consent if it is asked for, and back to the provider."""
        view = await self.view(attempt)
        if view.step == "identify":
            view = await self.take(attempt, "identify", identifier=email)
        if view.step == "first_factor":
            view = await self.take(attempt, "password", password=PASSWORD)
        if view.step == "consent":
            view = await self.take(attempt, "consent", **(consent or {"decision": "allow"}))
        assert view.step == "done", view.step
        return await self.finish(attempt)

    async def finish(self, attempt: str) -> Answer:
        finished = await self.front.sign_in.finish(self.front.tenant_id, attempt, self.secret, CONTEXT)
        if finished.token is not None:
            self.token = finished.token
        return await self.get(finished.path)

    async def session(self) -> Session:
        session, _ = await session_of_token(self.front.store, self.front.tenant_id, self.token, self.front.clock.now())
        return session

    async def codes(self) -> list[Grant]:
        """The codes that the applications were given for whoever is signed in."""
        session = await self.session()
        grants = await self.front.store.owned(self.front.tenant_id, Grant, session.user_id)
        return [grant for grant in grants if grant.kind == "code"]

    @property
    def secret(self) -> str:
        return str(self.http.cookies.get(f"__Host-{BROWSER}") or "")

    @property
    def token(self) -> str:
        return str(self.http.cookies.get(f"__Host-{SESSION}") or "")

    @token.setter
    def token(self, token: str) -> None:
        self.http.cookies.delete(f"__Host-{SESSION}") if self.token else None
        self.http.cookies.set(f"__Host-{SESSION}", token, domain="id.example.com", path="/")


@contextlib.asynccontextmanager
async def running(url: str) -> AsyncIterator[Front]:
    """The provider on a migrated database."""
    engine = open_engine(url)
    await engine.start()
    front = Front(engine)
    try:
        yield await front.prepare()
    finally:
        front.passwords.close()
        await engine.stop()
