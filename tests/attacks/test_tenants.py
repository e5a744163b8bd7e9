"""Two tenants of one server that people sign in at: what is held at one is nothing at the other, on every route there is."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlencode

from muster.core.sign_in.steps import ACTIONS
from muster.dialects.kit.browser import SESSION
from muster.dialects.kit.routes import Route
from muster.oidc import app as oidc
from muster.signin import app as signin
from muster.signin.sign_up import ACTIONS as SIGN_UPS
from tests.attacks.loot import DEVICE_CODE, PASSWORDLESS, Loot
from tests.attacks.world import PASSWORD, VERIFIER, Answer, Browser, World, open_world

NAMES: dict[str, tuple[str, ...]] = {
    "attempt": ("attempt", "done"),
    "ticket": ("reset_password", "verify_email", "sign_in"),
    "link": ("sign_in",),
    "id": ("session_id", "client_id", "address_id", "user_id"),
    "client_id": ("client_id",),
    "connection": ("connection",),
    "user_code": ("user_code",),
    "code": ("code",),
    "token": ("access", "jwt", "refresh"),
    "refresh_token": ("refresh",),
    "device_code": ("device_code",),
    "id_token_hint": ("id_token",),
    "audience": ("audience",),
    "resource": ("audience",),
    "redirect_uri": ("callback",),
    "post_logout_redirect_uri": ("goodbye",),
    "returnTo": ("goodbye",),
    "login_hint": ("email",),
    "state": ("session",),
    "factor_id": ("address_id",),
    "address_id": ("address_id",),
}
"""The parameters that name something, and what of the loot may be tried in their place."""


def paths(route: Route, loot: Loot) -> Iterator[str]:
    """The addresses of a route, with the other tenant's ids where it has any."""
    if "{connection_id}" in route.path:
        for name in ("connection", "realm"):
            yield route.path.replace("{connection_id}", loot.held[name])
    elif "{action}" in route.path:
        actions = ACTIONS if route.path.startswith("/sign-in") else SIGN_UPS
        yield from (route.path.replace("{action}", action) for action in actions)
    else:
        yield route.path


def is_told_already(route: Route) -> bool:
    """Whether it is another name of a route that is there, or reads nothing that is sent."""
    return route.method == "OPTIONS" or route.path.startswith(("/connect/", "/oauth/authorize", "/.well-known/"))


async def tried(browser: Browser, route: Route, path: str, given: dict[str, str]) -> Answer:
    """The route, asked as its own pages and programs ask it."""
    if route.method == "POST":
        return await browser.press(path, **given)
    return await browser.send(route.method, f"{path}?{urlencode(given)}")


def check(answer: Answer, world: World, sent: Collection[str], where: object) -> None:
    """Nothing of the other tenant is shown but what was sent, and nobody is signed in."""
    assert answer.status != 500, where
    shown = answer.text + " ".join(value.decode("latin-1") for _, value in answer.headers)
    for value in sorted(sent, key=len, reverse=True):
        for spelling in (value, quote_plus(value), escape(value)):
            shown = shown.replace(spelling, "")
    for word in (world.theirs.word, world.theirs.host):
        assert word.lower() not in shown.lower(), (where, shown)
    assert f"__Host-{SESSION}" not in answer.cookies or "Max-Age=0" in answer.cookies[f"__Host-{SESSION}"], where
    assert answer.values.get("code") in (None, *sent), where


async def test_nothing_of_another_tenant_counts_anywhere(migrated_url: str, tmp_path: Path) -> None:
    async with open_world(migrated_url, tmp_path) as world:
        loot = await Loot(world.theirs).find()
        before = await world.theirs.rows()
        routes = [*oidc.ROUTES, *signin.PAGES]
        in_path = loot.held["connection"], loot.held["realm"]
        ours = world.ours
        attempt = await Browser(ours).attempt()
        session = (await ours.session())[1]
        for route in routes:
            for path in paths(route, loot):
                # A thief at our host with the cookies and everything else that the other tenant gave out.
                thief = Browser(ours)
                thief.cookies = dict(loot.browser.cookies)
                everything = {name: loot.held[kinds[0]] for name, kinds in NAMES.items() if name != "login_hint"}
                check(
                    await tried(thief, route, path, everything),
                    world,
                    everything.values(),
                    (route.method, path, "everything"),
                )
                # Somebody of ours who tries one thing after another.
                for name, kinds in ({} if is_told_already(route) else NAMES).items():
                    for kind in kinds:
                        person = Browser(ours)
                        person.secret = "a" * 43
                        if not path.startswith(("/authorize", "/oauth/authorize", "/connect/authorize")):
                            person.token = session
                        given = {"attempt": attempt, **ours.client, name: loot.held[kind]}
                        answer = await tried(person, route, path, given)
                        check(answer, world, {loot.held[kind], *in_path}, (route.method, path, name, kind))
        thief = Browser(ours)
        thief.cookies = dict(loot.browser.cookies)
        for address in (f"/authorize/resume?attempt={loot.held['done']}", f"/sign-in?attempt={loot.held['attempt']}"):
            assert (await thief.get(address)).status == 400, address
        for address in ("/account", "/account/security", "/account/sessions", "/account/data", "/device"):
            assert (await thief.get(address)).location.startswith("/sign-in?attempt="), address
        assert (await thief.authorize()).location.startswith("/sign-in?attempt=")
        assert (await thief.authorize(prompt="none")).values["error"] == "login_required"
        after = await world.theirs.rows()
        changed = {table for table, rows in after.items() if rows != before[table]}
        assert changed == set()
        # All of it is still good where it belongs.
        assert (await loot.browser.get(f"/authorize/resume?attempt={loot.held['done']}")).values["code"]
        assert (await loot.browser.get("/account")).status == 200


def programs(world: World, loot: Loot) -> dict[str, tuple[str, dict[str, str], set[tuple[int, str]]]]:
    """What a program of ours may ask with what it got hold of: the path, the form, and the answers that are refusals."""
    held, ours, theirs = loot.held, world.ours, world.theirs
    gone, stranger = {(400, "invalid_grant"), (403, "invalid_grant")}, {(401, "invalid_client"), (401, "access_denied")}
    code = {
        "grant_type": "authorization_code",
        "code": held["code"],
        "code_verifier": VERIFIER,
        "redirect_uri": theirs.callback,
    }
    refresh = {"grant_type": "refresh_token", "refresh_token": held["refresh"]}
    device = {"grant_type": DEVICE_CODE, "device_code": held["device_code"]}
    password = {"grant_type": "password", "username": theirs.email, "password": PASSWORD}
    otp = {"grant_type": PASSWORDLESS, "realm": "email", "username": theirs.email, "otp": "123456"}
    itself = {"grant_type": "client_credentials", "audience": theirs.audience}
    found: dict[str, tuple[str, dict[str, str], set[tuple[int, str]]]] = {}
    for name, form, refusals in (
        ("code", code, gone),
        ("refresh", refresh, gone),
        ("device", device, gone),
        ("password", password, gone),
        ("otp", otp, gone),
        ("itself", itself, {(400, "invalid_target"), (400, "invalid_request"), (403, "access_denied")}),
    ):
        for path in ("/oauth/token", "/connect/token"):
            found[f"{name} by our client at {path}"] = path, {**form, **ours.client}, refusals
            found[f"{name} by theirs at {path}"] = path, {**form, **theirs.client}, stranger
    for path in ("/oauth/introspect", "/oauth/revoke", "/connect/introspect", "/connect/revocation"):
        found[f"their client at {path}"] = path, {"token": held["access"], **theirs.client}, stranger
    for path in ("/oauth/device/code", "/connect/deviceauthorization"):
        found[f"their client at {path}"] = path, theirs.client, stranger
    found["code by mail"] = (
        "/passwordless/start",
        {**theirs.client, "connection": "email", "email": theirs.email},
        stranger,
    )
    return found


async def test_no_token_or_client_of_another_tenant_is_any_here(migrated_url: str, tmp_path: Path) -> None:
    async with open_world(migrated_url, tmp_path) as world:
        loot = await Loot(world.theirs).find()
        before = await world.theirs.rows()
        for name, (path, form, refusals) in programs(world, loot).items():
            answer = await Browser(world.ours).post(path, form)
            assert (answer.status, json.loads(answer.body).get("error")) in refusals, (name, answer)
        for path in ("/userinfo", "/connect/userinfo"):
            for kind in ("access", "jwt", "id_token", "refresh", "session"):
                answer = await Browser(world.ours).get(path, authorization=f"Bearer {loot.held[kind]}")
                assert answer.status == 401, (path, kind, answer)
        for kind in ("access", "jwt", "id_token", "refresh", "session"):
            for path in ("/oauth/introspect", "/connect/introspect"):
                answer = await Browser(world.ours).post(path, {**world.ours.client, "token": loot.held[kind]})
                assert json.loads(answer.body) == {"active": False}, (path, kind)
            for path in ("/oauth/revoke", "/connect/revocation"):
                answer = await Browser(world.ours).post(path, {**world.ours.client, "token": loot.held[kind]})
                assert answer.status == 200, (path, kind)
        assert await world.theirs.rows() == before
        # And each of them is good where it belongs: the refusals were about the tenant.
        theirs = Browser(world.theirs)
        assert (await theirs.get("/userinfo", authorization=f"Bearer {loot.held['access']}")).status == 200
        held: dict[str, Any] = programs(world, loot)
        for name in (
            "code by theirs at /oauth/token",
            "refresh by theirs at /connect/token",
            "password by theirs at /oauth/token",
        ):
            path, form, _ = held[name]
            assert (await theirs.post(path, form)).status == 200, name


async def test_each_tenant_is_an_issuer_of_its_own(migrated_url: str, tmp_path: Path) -> None:
    async with open_world(migrated_url, tmp_path) as world:
        for party in (world.ours, world.theirs):
            browser = Browser(party)
            told = json.loads((await browser.get("/.well-known/openid-configuration")).body)
            assert told["issuer"] == f"{party.origin}/"
            addresses = [value for name, value in told.items() if name.endswith(("_endpoint", "_uri"))]
            assert all(address.startswith(f"{party.origin}/") for address in addresses), addresses
