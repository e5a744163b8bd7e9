"""Whatever a request says that our host is called, nothing that leaves the server repeats it."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qs

from muster.core.messages.composing import Composer
from muster.core.sessions.sign_outs import KIND
from muster.oidc import app as oidc
from muster.oidc.backchannel import LogoutSender
from muster.signin import app as signin
from muster.wiring import Rings, signing_keys, sites
from tests.attacks.world import PASSWORD, SEALER, VERIFIER, Answer, Browser, open_world
from tests.databases import Databases
from tests.oidc.issuer import claims_of

EVIL = "evil.example"

POISONS: list[dict[str, str]] = [
    {"host": EVIL},
    {"host": f"{EVIL}:8443"},
    {"host": f"127.0.0.1:8443@{EVIL}"},
    {"host": f"127.0.0.1:8443, {EVIL}"},
    {"host": ""},
    {
        "x_forwarded_host": EVIL,
        "x_forwarded_server": EVIL,
        "x_forwarded_proto": "http",
        "x_forwarded_port": "80",
        "x_forwarded_prefix": f"//{EVIL}",
        "x_host": EVIL,
        "x_original_url": f"https://{EVIL}/",
        "x_rewrite_url": f"https://{EVIL}/",
        "forwarded": f"for={EVIL};host={EVIL};proto=http",
        "via": f"1.1 {EVIL}",
        "referer": f"https://{EVIL}/",
    },
]


def clean(answer: Answer) -> None:
    assert EVIL not in answer.text, answer
    assert all(EVIL.encode() not in value for _, value in answer.headers), answer.headers
    assert all("domain" not in line.lower() for line in answer.cookies.values())
    where = answer.location
    assert not where or where.startswith("https://ashgrove.example/") or (where[0] == "/" and where[1:2] != "/"), where


class Application:
    """What an application is sent when somebody signs out."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def fetch(self, method: str, url: str, *, headers: Any = (), body: bytes = b"") -> Any:
        self.told.append(parse_qs(body.decode())["logout_token"][0])
        return SimpleNamespace(status=200)


async def whole_sign_in(browser: Browser) -> None:
    """A sign-in with everything that is told by mail, to its tokens and its end."""
    ours = browser.party
    attempt = await browser.attempt()
    clean(await browser.get(f"/sign-in?attempt={attempt}"))
    clean(await browser.press("/sign-in/identify", attempt=attempt, identifier=ours.email))
    clean(await browser.press("/sign-in/send_code", attempt=attempt, channel="email"))
    clean(await browser.press("/sign-in/forgotten", attempt=attempt, identifier=ours.email))
    done = await browser.press("/sign-in/password", attempt=attempt, password=PASSWORD)
    clean(done)
    back = await browser.get(done.location)
    clean(back)
    assert back.values["iss"] == f"{ours.origin}/"
    code = {"grant_type": "authorization_code", "code": back.values["code"], "code_verifier": VERIFIER}
    tokens = await browser.post("/oauth/token", {**ours.client, **code, "redirect_uri": ours.callback})
    clean(tokens)
    assert claims_of(json.loads(tokens.body)["id_token"])["iss"] == f"{ours.origin}/"
    clean(await browser.get("/account"))
    clean(await browser.press("/account/address-add", kind="email", identifier="new@example.org"))
    clean(await browser.post("/oauth/device/code", ours.client))
    clean(await browser.press("/account/sign-out"))


async def test_nothing_names_a_made_up_host(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path, trusted_proxies=("192.0.2.0/24",)) as world:
        ours, clock, store = world.ours, world.house.clock, world.ours.database.store
        # The server's own attempt to tell the application ends at its gate.
        await ours.change_app(backchannel_logout_uri="https://127.0.0.1:1/signed-out")
        for poison in POISONS:
            browser = Browser(ours)
            browser.more = poison
            for route in [*oidc.ROUTES, *signin.PAGES]:
                if route.method == "GET" and "{" not in route.path:
                    clean(await browser.get(route.path))
            browser = Browser(ours)
            browser.more = poison
            await whole_sign_in(browser)
            clock.turn(seconds=30)
        waiting = [due.message for due in await store.outbox.waiting(100, ours.number)]
        assert EVIL not in repr(waiting)
        settings = world.house.settings
        places = await sites(settings, store, settings.port, settings.tls_port)
        compose = Composer(store, clock, lambda tenant_id: places.home(tenant_id).public_url)
        composed = [await compose(ours.number, message) for message in waiting if message.kind != KIND]
        links = [words.link for words in composed if words.link]
        assert len(links) >= len(POISONS)
        assert all(link.startswith(f"{ours.origin}/") for link in links)
        assert EVIL not in repr(composed)
        app, rings = Application(), Rings(await signing_keys(store), SEALER, clock)
        sender = LogoutSender(store, clock, rings.ring, places.home, cast("Any", app))
        for message in waiting:
            if message.kind == KIND:
                await sender.send(ours.number, message)
        assert [claims_of(token)["iss"] for token in app.told] == [f"{ours.origin}/"] * len(POISONS)
