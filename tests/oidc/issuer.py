"""The OpenID provider in this process, over a real store: one tenant, its applications, its API and a user who has signed in."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import json
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx

from muster.core.actor import SYSTEM
from muster.core.apps.model import Api, Application, ClientGrant, Scope
from muster.core.clock import TurnedClock
from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.credentials.checks import CredentialChecks
from muster.core.events import Event
from muster.core.ids import new_user_id
from muster.core.passkeys.actions import PasskeyChecks
from muster.core.passwords.choosing import NewPasswords
from muster.core.records import Key
from muster.core.sessions.actions import NewSession, start_session
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import Grant, Method, Session
from muster.core.sign_in.engine import SignIn
from muster.core.signing.model import SigningKey
from muster.core.store import Tenant
from muster.core.tenants.actions import furnish
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users.model import Address, Origin, Password, PostalAddress, Profile, User, Username
from muster.crypto import tokens
from muster.crypto.assertions import Assertions
from muster.crypto.hashing_pool import HashingPool
from muster.crypto.passkeys import WebAuthn
from muster.crypto.sealing import Sealer
from muster.crypto.totp import TimeBasedCodes
from muster.dialects.kit.call import Site
from muster.dialects.kit.limits import Unlimited
from muster.oidc import app
from muster.oidc.services import Services
from muster.oidc.token import GRANTS
from muster.signin.provider_pages import ProviderPages
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore
from muster.wiring import Rings

ISSUER = "https://users.example.com/"
SECRETS = Sealer.of(b"m" * 32)
PURPOSES = ("management", "identity", "access")
KEYS = {
    **{(purpose, "ES256"): tokens.SigningKey.generate("ES256", f"{purpose}-es") for purpose in PURPOSES},
    **{(purpose, "EdDSA"): tokens.SigningKey.generate("EdDSA", f"{purpose}-ed") for purpose in PURPOSES[1:]},
    **{(purpose, "RS256"): tokens.SigningKey.generate("RS256", f"{purpose}-rs") for purpose in PURPOSES[1:]},
}

API = "https://api.example.com/"
REDIRECT = "https://app.example.com/callback"
VERIFIER = "a-verifier-that-nobody-guesses-0123456789-abcdef"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PASSWORD = "correct horse battery staple"
SECRET = "s3cret/with+odd %chars:=&"
SCOPES = ["openid", "profile", "email", "offline_access"]
EVERY_GRANT = list(GRANTS)


class Provider:
    """`http` calls it; `user` is signed in with `session`. Applications: `web` has a secret, `spa` none, `other` is another web."""

    def __init__(self, engine: Engine) -> None:
        self.clock = TurnedClock()
        self.engine = engine
        self.store = SqlStore(engine)
        self.runner = TransactionRunner(self.store, self.clock)
        self.passwords = HashingPool()
        self._requests = itertools.count()
        self.tenant: Tenant
        self.site: Site
        self.user: User
        self.session: Session
        self.session_token = ""
        self.services: Services
        self.rings: Rings

    async def prepare(self, name: str, issuer: str) -> None:
        self.tenant = await self.store.create_tenant(name, self.clock.now())
        self.site = Site(self.tenant.number, issuer)
        await self.act(furnish)
        await self.act(self._make)
        self.rings = Rings({self.tenant.number: stored_keys()}, SECRETS, self.clock)
        codes = TimeBasedCodes()
        checks = CredentialChecks(self.runner, self.passwords, SECRETS, codes, answer_failures_after=0)
        passkeys, new_passwords = PasskeyChecks(self.runner, WebAuthn()), NewPasswords(self.store, self.passwords)
        self.services = Services(
            clock=self.clock,
            secrets=SECRETS,
            sign_in=SignIn(self.runner, checks, passkeys, new_passwords, SECRETS, codes),
            rings=self.rings.ring,
            checks=checks,
            passwords=self.passwords,
            limit=Unlimited(self.clock),
            assertions=Assertions(),
            pages=ProviderPages(),
            recovery=cast("Any", None),
        )
        self.api = app.build(self.runner, self.services)
        self.http = httpx.AsyncClient(transport=httpx.ASGITransport(app=self), base_url=issuer)

    async def _make(self, tx: Transaction) -> None:
        now = tx.now
        apps: dict[str, dict[str, Any]] = {
            "web": {"redirect_uris": [REDIRECT]},
            "other": {"redirect_uris": ["https://other.example.com/"]},
            "spa": {"authentication": "none", "require_pkce": True, "redirect_uris": ["https://spa.example.com/"]},
        }
        for app_id, more in apps.items():
            secret = None if app_id == "spa" else SECRETS.seal(SECRET.encode(), purpose=f"client_secret:{app_id}")
            made: dict[str, Any] = {"id": app_id, "name": app_id, "secret": secret, "grant_types": EVERY_GRANT, **more}
            tx.insert(Application(created_at=now, **made))
        scopes = [Scope("read:things"), Scope("write:things")]
        tx.insert(
            Api(id="api", name="Things", identifier=API, scopes=scopes, allow_offline_access=True, created_at=now)
        )
        tx.insert(Api(id="strict", name="Strict", identifier="urn:strict", scopes=scopes, created_at=now))
        tx.insert(
            Api(id="system", name="Server", identifier=f"{self.site.public_url}api/v2/", system=True, created_at=now)
        )
        tx.insert(ClientGrant(id="grant", app_id="web", audience=API, scopes=["read:things"], created_at=now))
        realm = await tx.find(Connection, Key("", "connection_name", DEFAULT_NAME))
        assert realm is not None
        email = Address(id="e1", value="jo@example.com", primary=True, verified=True, created_at=now, updated_at=now)
        phone = Address(id="p1", value="+15550100", primary=True, created_at=now, updated_at=now)
        self.user = tx.insert(
            User(
                id=new_user_id(now),
                realm=realm.id,
                origin=Origin(door="muster"),
                created_at=now,
                emails=[email],
                phones=[phone],
                username=Username(id="u1", value="Jo", key="jo"),
                profile=Profile(
                    given_name="Jo",
                    family_name="Doe",
                    locale="en",
                    address=PostalAddress(locality="Here", country="NZ"),
                ),
            )
        )
        started = await start_session(
            tx, self.user, NewSession(methods=[Method(name="password", at=now)], apps=["web"], lifetime=86_400_000)
        )
        self.session, self.session_token = started.session, started.token

    async def set_password(self) -> None:
        """Give the user `PASSWORD`."""
        hash_ = await self.passwords.hash(PASSWORD)
        await self.change_user(password=Password(hash=hash_, scheme="argon2", set_at=self.clock.now()))

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.runner.run(self.tenant.number, SYSTEM, act, *args, **kwargs)

    async def change_user(self, **change: Any) -> None:
        await self._change(User, self.user.id, change)

    async def change_app(self, app_id: str = "web", **change: Any) -> None:
        await self._change(Application, app_id, change)

    async def change_api(self, **change: Any) -> None:
        await self._change(Api, "api", change)

    async def _change(self, kind: Any, id_: str, change: dict[str, Any]) -> None:
        from msgspec.structs import replace

        async def act(tx: Transaction) -> None:
            tx.save(replace(await tx.need(kind, id_), **change))

        await self.act(act)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """The application as the server calls it, below its own middle."""
        scope["muster.request_id"] = f"request-{next(self._requests)}"
        scope["muster.client"] = "192.0.2.1"
        scope["muster.site"] = self.site
        await self.api(scope, receive, send)

    # ------------------------------------------------------------------------------------------- what a sign-in leaves

    async def code(
        self, app_id: str = "web", scopes: list[str] | None = None, audience: str = "", **request: Any
    ) -> str:
        """A code as the authorization endpoint gives it to an application."""
        scopes = SCOPES if scopes is None else scopes
        usual = {
            "redirect_uri": REDIRECT,
            "code_challenge": CHALLENGE,
            "nonce": "n-0S6_WzA2Mj",
            "auth_time": self.session.authenticated_at // 1000,
            "acr": "",
            "amr": ["pwd"],
            "session_id": self.session.id,
            "scope": " ".join(scopes),
            "audience": audience,
        }

        async def act(tx: Transaction) -> str:
            grant = Grant(
                user_id=self.user.id,
                kind="code",
                app_id=app_id,
                session_id=self.session.id,
                session_bound=True,
                scopes=scopes,
                audiences=[audience] if audience else [],
                expires_at=tx.now + 60_000,
                request={**usual, **request},
            )
            _, code = await issue_grant(tx, await tx.need(User, self.user.id), grant)
            return code

        return cast("str", await self.act(act))

    # -------------------------------------------------------------------------------------------------- what is asked

    async def ask(self, path: str, app_id: str | None = "web", **form: Any) -> httpx.Response:
        """A form, with the application's own credentials unless the id is None."""
        if app_id is not None:
            form = {"client_id": app_id, **form}
            if app_id != "spa":
                form.setdefault("client_secret", SECRET)
        return await self.http.post(path, data=form)

    async def exchange(self, code: str, app_id: str = "web", **form: Any) -> httpx.Response:
        """The exchange of a code; an argument of None leaves the parameter out."""
        usual = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "code_verifier": VERIFIER, "code": code}
        sent = {name: value for name, value in {**usual, **form}.items() if value is not None}
        return await self.ask("/oauth/token", app_id, **sent)

    async def tokens(self, app_id: str = "web", scopes: list[str] | None = None, audience: str = "") -> dict[str, Any]:
        """What a whole exchange gives."""
        answer = await self.exchange(await self.code(app_id, scopes, audience), app_id)
        assert answer.status_code == 200, answer.text
        return cast("dict[str, Any]", answer.json())

    async def refresh(self, token: str, app_id: str = "web", **form: Any) -> httpx.Response:
        return await self.ask("/oauth/token", app_id, grant_type="refresh_token", refresh_token=token, **form)

    async def userinfo(self, token: str) -> httpx.Response:
        return await self.http.get("/userinfo", headers={"authorization": f"Bearer {token}"})

    async def introspect(self, token: str, app_id: str = "web") -> dict[str, Any]:
        answer = await self.ask("/oauth/introspect", app_id, token=token)
        assert answer.status_code == 200, answer.text
        return cast("dict[str, Any]", answer.json())

    async def events(self, *kinds: str) -> list[tuple[str, dict[str, Any]]]:
        """The events of these kinds, oldest first."""
        from muster.core.events import EventFilter

        found: list[Event] = list(await self.store.events.newest(self.tenant.number, EventFilter(kinds=kinds), 100))
        return [(event.kind, event.data) for event in reversed(found)]


def stored_keys() -> list[SigningKey]:
    """The signing keys as they lie in the database."""
    return [
        SigningKey(
            id=key.kid,
            purpose=cast("Any", purpose),
            algorithm=alg,
            private=SECRETS.seal(key.to_pkcs8(), purpose=f"signing_key:{key.kid}"),
            public=key.public_jwk(),
        )
        for (purpose, alg), key in KEYS.items()
    ]


def claims_of(token: str) -> dict[str, Any]:
    """What a JWT says, unchecked."""
    return cast("dict[str, Any]", _part(token, 1))


def header_of(token: str) -> dict[str, Any]:
    return cast("dict[str, Any]", _part(token, 0))


def _part(token: str, place: int) -> Any:
    text = token.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def error(answer: httpx.Response) -> tuple[int, str]:
    """Status and OAuth's error; every answer of a token endpoint must not be kept by anybody."""
    assert answer.headers["cache-control"] == "no-store", answer.headers
    return answer.status_code, str(answer.json().get("error"))


@contextlib.asynccontextmanager
async def running(database_url: str, *, name: str = "default", issuer: str = ISSUER) -> AsyncIterator[Provider]:
    """The provider on a migrated database, for one tenant of it."""
    engine = open_engine(database_url)
    await engine.start()
    provider = Provider(engine)
    try:
        await provider.prepare(name, issuer)
        yield provider
    finally:
        with contextlib.suppress(AttributeError):
            await provider.http.aclose()
        provider.passwords.close()
        await engine.stop()
