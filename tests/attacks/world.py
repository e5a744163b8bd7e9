"""The whole server with two tenants that people sign in at, and browsers that attack it: whatever they send arrives as it stands."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, Self
from unittest import mock
from urllib.parse import parse_qs, urlencode, urlsplit

import bcrypt
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.apps.model import Api, Application, Scope
from muster.core.connections.model import Connection
from muster.core.ids import new_user_id
from muster.core.sessions.actions import NewSession, start_session
from muster.core.sessions.model import Method
from muster.core.settings.model import SETTINGS_ID, Branding, SignInSettings
from muster.core.transaction import Transaction
from muster.core.users.model import Address, Origin, Password, User
from muster.crypto.sealing import Sealer
from muster.dialects.kit.browser import BROWSER, SESSION
from muster.oidc.token import GRANTS
from muster.signin.csrf import csrf_token
from muster.web import Web
from muster.wiring import Opened, opened
from tests.access.estate import rows_of
from tests.house import MASTER_KEY, OTHER, House, open_house

PASSWORD: Final = "correct horse battery 9"
QUICK_HASH: Final = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
SECRET: Final = "the client's own secret"
VERIFIER: Final = "a-verifier-that-is-long-enough-for-every-check-0"
CHALLENGE: Final = "IbwCxsvSQmPSdPS_B5XsbCRTN_h7SdLx_tcfI5flylY"
ADDRESS: Final = "192.0.2.1"
FORM: Final = "application/x-www-form-urlencoded"

HOSTS: Final = {"default": "127.0.0.1:8443", OTHER: "other.example.com"}
WORDS: Final = {"default": "Ashgrove", OTHER: "Thornfield"}
"""What stands in every name that a tenant has."""

SEALER: Final = Sealer.of(bytes.fromhex(MASTER_KEY))

Headers = Sequence[tuple[bytes, bytes]]


class Answer(NamedTuple):
    """What came back, byte for byte."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def header(self, name: str) -> str:
        return next((value.decode("latin-1") for key, value in self.headers if key == name.encode()), "")

    @property
    def location(self) -> str:
        return self.header("location")

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", "replace")

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that it sets, whole."""
        found = (value.decode("latin-1") for key, value in self.headers if key == b"set-cookie")
        return {line.partition("=")[0]: line for line in found}

    @property
    def values(self) -> dict[str, str]:
        """What stands in the query of the address that it leads to."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.location).query).items()}

    @property
    def is_page(self) -> bool:
        return self.header("content-type").startswith("text/html")


async def ask(
    web: Web, method: str, path: bytes, query: bytes = b"", headers: Headers = (), body: bytes = b"", ip: str = ADDRESS
) -> Answer:
    """One request, as the server hands it on."""
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "method": method,
        "scheme": "https",
        "path": path.decode("latin-1"),
        "raw_path": path,
        "query_string": query,
        "headers": list(headers),
        "client": (ip, 1234),
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await web(scope, receive, send)
    whole = b"".join(message.get("body", b"") for message in sent[1:])
    return Answer(sent[0]["status"], list(sent[0]["headers"]), whole)


class Browser:
    """Keeps cookies and follows nothing. `more` are headers of every request."""

    def __init__(self, party: Party, *, web: Web | None = None, ip: str = ADDRESS) -> None:
        self.party = party
        self.web = web or party.house.web
        self.ip = ip
        self.cookies: dict[str, str] = {}
        self.more: dict[str, str] = {}

    @property
    def secret(self) -> str:
        return self.cookies.get(f"__Host-{BROWSER}", "")

    @secret.setter
    def secret(self, secret: str) -> None:
        self.cookies[f"__Host-{BROWSER}"] = secret

    @property
    def token(self) -> str:
        return self.cookies.get(f"__Host-{SESSION}", "")

    @token.setter
    def token(self, token: str) -> None:
        self.cookies[f"__Host-{SESSION}"] = token

    async def send(self, method: str, address: str, body: bytes = b"", /, **headers: str) -> Answer:
        path, _, query = address.partition("?")
        named = {"host": self.party.host, **self.more, **headers}
        if self.cookies:
            named["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        lines = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in named.items()]
        answer = await ask(self.web, method, path.encode(), query.encode(), lines, body, self.ip)
        for name, line in answer.cookies.items():
            value = line.partition("=")[2].partition(";")[0]
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        return answer

    async def get(self, address: str, **headers: str) -> Answer:
        return await self.send("GET", address, **headers)

    async def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        """A form, as a program or another site sends it."""
        return await self.send("POST", path, urlencode(form).encode(), content_type=FORM, **headers)

    async def press(self, path: str, **form: str) -> Answer:
        """A form of our own page."""
        ours = {"origin": self.party.origin, "sec-fetch-site": "same-origin"}
        return await self.post(path, {"csrf": csrf_token(self.secret), **form}, **ours)

    async def authorize(self, **more: str) -> Answer:
        return await self.get(f"/authorize?{urlencode({**self.party.request, **more})}")

    async def attempt(self) -> str:
        """A sign-in at the application that is begun."""
        answer = await self.authorize()
        assert answer.location.startswith("/sign-in?attempt="), (answer.status, answer.location, answer.text)
        return answer.values["attempt"]

    async def sign_in(self, attempt: str = "", password: str = PASSWORD) -> Answer:
        """The pages, up to where they lead on."""
        attempt = attempt or await self.attempt()
        await self.press("/sign-in/identify", attempt=attempt, identifier=self.party.email)
        return await self.press("/sign-in/password", attempt=attempt, password=password)

    async def code(self) -> str:
        """The code of a whole sign-in."""
        done = await self.sign_in()
        answer = await self.get(done.location)
        return answer.values["code"]


class Party:
    """One tenant: where it is reached, and what it has."""

    def __init__(self, house: House, name: str, number: int, database: Opened) -> None:
        self.house = house
        self.name = name
        self.number = number
        self.database = database
        self.host = HOSTS[name]
        self.origin = f"https://{self.host}"
        self.word = WORDS[name]
        self.email = f"ann@{self.word.lower()}.example"
        self.client_id = f"shop-{self.word.lower()}"
        self.audience = f"https://{self.word.lower()}.example/api"
        self.callback = f"https://{self.word.lower()}.example/callback"
        self.goodbye = f"https://{self.word.lower()}.example/goodbye"
        self.user: User

    @property
    def request(self) -> dict[str, str]:
        """A right request of the application."""
        return {
            "client_id": self.client_id,
            "redirect_uri": self.callback,
            "response_type": "code",
            "scope": "openid profile email offline_access",
            "state": "the state",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }

    @property
    def client(self) -> dict[str, str]:
        """What proves the application."""
        return {"client_id": self.client_id, "client_secret": SECRET}

    async def act(self, act: Any, *args: Any, **kwargs: Any) -> Any:
        return await self.database.runner.run(self.number, SYSTEM, act, *args, **kwargs)

    async def rows(self) -> dict[str, list[str]]:
        """Everything the tenant has."""
        return await rows_of(self.database, self.house.settings.database, self.number)

    async def now(self) -> User:
        """Its user as they are."""
        user = await self.database.store.get(self.number, User, self.user.id)
        assert user is not None
        return user

    async def change(self, **members: Any) -> None:
        """Change its user."""

        async def act(tx: Transaction) -> None:
            tx.save(replace(await tx.need(User, self.user.id), **members))

        await self.act(act)

    async def change_app(self, **members: Any) -> None:
        """Change its application."""

        async def act(tx: Transaction) -> None:
            tx.save(replace(await tx.need(Application, self.client_id), **members))

        await self.act(act)

    @property
    def sealed_secret(self) -> str:
        return SEALER.seal(SECRET.encode(), purpose=f"client_secret:{self.client_id}")

    async def sent(self, kind: str) -> dict[str, Any]:
        """The data of the last message of that kind that waits to be sent."""
        waiting = await self.database.store.outbox.waiting(100, self.number)
        return [due.message for due in waiting if due.message.kind == kind][-1].data

    async def settle(self) -> Self:
        """A user with a password, an application that may do everything, an API, an identity provider, names on the pages."""
        await self.act(self._settle)
        return self

    async def _settle(self, tx: Transaction) -> None:
        now = tx.now
        tx.insert(
            Application(
                id=self.client_id,
                name=f"{self.word} shop",
                secret=self.sealed_secret,
                grant_types=list(GRANTS),
                redirect_uris=[self.callback],
                post_logout_uris=[self.goodbye],
                first_party=True,
                created_at=now,
            )
        )
        scopes = [Scope("read:things")]
        tx.insert(
            Api(
                id=f"api-{self.word}",
                name=f"{self.word} things",
                identifier=self.audience,
                scopes=scopes,
                allow_offline_access=True,
                created_at=now,
            )
        )
        settings = await tx.need(SignInSettings, SETTINGS_ID)
        tx.save(replace(settings, branding=Branding(name=self.word)))
        realm = next(each for each in await tx.records(Connection) if each.default)
        email = Address(id="e1", value=self.email, primary=True, verified=True, created_at=now, updated_at=now)
        user = User(
            id=new_user_id(now),
            version=1,
            realm=realm.id,
            origin=Origin(door="muster"),
            created_at=now,
            updated_at=now,
            emails=[email],
            password=Password(hash=QUICK_HASH, scheme="bcrypt", set_at=now),
        )
        self.user = tx.insert(user)

    async def session(self) -> tuple[str, str]:
        """The id and the token of a session that was just begun by password."""

        async def act(tx: Transaction) -> Any:
            methods = [Method(name="password", at=tx.now)]
            user = await tx.need(User, self.user.id)
            return await start_session(
                tx, user, NewSession(methods=methods, apps=[self.client_id], lifetime=86_400_000)
            )

        started = await self.act(act)
        return started.session.id, started.token

    async def signed_in(self, **how: Any) -> Browser:
        """A browser with its secret and such a session."""
        browser = Browser(self, **how)
        await browser.attempt()
        _, browser.token = await self.session()
        return browser


class World:
    """A house and its two tenants."""

    def __init__(self, house: House, ours: Party, theirs: Party) -> None:
        self.house = house
        self.web = house.web
        self.ours = ours
        self.theirs = theirs


@contextlib.asynccontextmanager
async def another_node(house: House) -> AsyncIterator[Web]:
    """The same server once more, on the same database: a second node, or this one after a restart."""
    settings = house.settings
    web = Web(settings, settings.port, settings.tls_port, house.clock)
    with mock.patch.dict(os.environ, {"MUSTER_MASTER_KEY": MASTER_KEY}):
        await web.start()
    try:
        yield web
    finally:
        await web.stop()


@contextlib.asynccontextmanager
async def open_world(url: str, folder: Path, **settings: Any) -> AsyncIterator[World]:
    """The server on a migrated database. Nobody is held back for beginning often, unless the settings say so."""
    settings.setdefault("sign_ins_per_second", 0)
    async with open_house(url, folder, **settings) as house, opened(house.settings, house.clock) as database:
        numbers = {tenant.name: tenant.number for tenant in await database.store.tenants()}
        parties = [await Party(house, name, numbers[name], database).settle() for name in ("default", OTHER)]
        yield World(house, *parties)
