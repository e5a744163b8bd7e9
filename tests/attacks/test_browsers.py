"""What another site, or whoever had the browser before, can make somebody's browser do: nothing that counts."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import quote

from muster.dialects.kit.routes import Route
from muster.oidc import app as oidc
from muster.signin import app as signin
from muster.signin.csrf import csrf_token
from muster.signin.sign_up import ACTIONS as SIGN_UPS
from tests.attacks.loot import Loot
from tests.attacks.world import Answer, Browser, Party, World, open_world
from tests.databases import Databases

FROM_ELSEWHERE = ("/sign-in/callback/{connection_id}", "/sign-in/saml/{connection_id}/acs")
"""Forms that an identity provider sends, which are bound to the browser by what they hold."""

COOKIE = re.compile(r"__Host-muster_[a-z]+=[^;]*; Path=/; HttpOnly; SameSite=Lax; Secure(; Max-Age=\d+)?")

PLACES = [
    "return_to",
    "returnTo",
    "return",
    "redirect",
    "redirect_uri",
    "redirect_url",
    "post_logout_redirect_uri",
    "next",
    "url",
    "continue",
    "target",
    "goto",
    "RelayState",
    "state",
    "section",
    "lang",
    "ticket",
    "attempt",
    "done",
    "with",
    "user_code",
    "iss",
    "client_id",
    "initiate_login_uri",
]
"""Parameters that name a place, or could be taken for one."""

EVIL = (
    "https://evil.example/",
    "//evil.example/",
    "/\\evil.example/",
    "\\\\evil.example",
    "https:evil.example",
    "https://{host}@evil.example/",
    "https://{host}.evil.example/",
    "{callback}.evil.example",
    "{callback}@evil.example",
    "{callback}/../evil",
    "{callback}#https://evil.example",
    "{callback}\t@evil.example",
    "javascript:alert(document.domain)//evil.example",
    "data:text/html,evil.example",
    "\r\nlocation: https://evil.example/",
)


def filled(route: Route) -> str:
    """An address of the route."""
    action = next(iter(SIGN_UPS)) if route.path.startswith("/sign-up") else "password"
    return route.path.replace("{connection_id}", "Ashgrove00000000").replace("{action}", action)


async def test_no_form_of_another_site_is_taken(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        ours = world.ours
        loot = await Loot(ours).find()
        victim = loot.browser
        right, wrong = csrf_token(victim.secret), csrf_token("b" * 43)
        before = await ours.rows()
        forms = [route for route in signin.PAGES if route.method == "POST" and route.path not in FROM_ELSEWHERE]
        assert len(forms) > 30
        everything = {**loot.held, "attempt": loot.held["attempt"], "ticket": loot.held["reset_password"]}
        for route in [*forms, *(each for each in oidc.ROUTES if each.path == "/oidc/logout/confirm")]:
            for csrf, headers in (
                ("", {"origin": ours.origin, "sec-fetch-site": "same-origin"}),
                (wrong, {"origin": ours.origin, "sec-fetch-site": "same-origin"}),
                (right, {"origin": "https://evil.example"}),
                (right, {"origin": "null"}),
                (right, {"origin": f"{ours.origin}.evil.example"}),
                (right, {"origin": ours.origin.replace("https", "http")}),
                (right, {"sec-fetch-site": "cross-site"}),
                (right, {"sec-fetch-site": "same-site"}),
            ):
                answer = await victim.post(filled(route), {**everything, "csrf": csrf}, **headers)
                assert answer.status == 403, (route.path, headers, answer)
                assert answer.is_page
        assert await ours.rows() == before
        assert (await victim.get("/account")).status == 200


async def test_links_of_somebody_elses_sign_in_open_nothing(sqlite_databases: Databases, tmp_path: Path) -> None:
    """Login CSRF: a victim is led into the attacker's account, to leave things there."""
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        attacker, victim = Browser(world.ours), await world.ours.signed_in()
        attempt = await attacker.attempt()
        await attacker.press("/sign-in/identify", attempt=attempt, identifier=world.ours.email)
        await attacker.press("/sign-in/send_code", attempt=attempt, channel="email")
        link = (await world.ours.sent("sign_in_code"))["path"]
        for browser in (victim, Browser(world.ours)):
            token = browser.token
            for address in (link, f"/sign-in?attempt={attempt}", f"/sign-up?attempt={attempt}"):
                answer = await browser.get(address)
                assert answer.status == 400, (address, answer)
            assert browser.token == token
        done = await attacker.sign_in(attempt)
        for browser in (victim, Browser(world.ours)):
            assert (await browser.get(done.location)).status == 400
        assert (await attacker.get(done.location)).values["code"]


async def test_what_was_planted_before_a_sign_in_is_worth_nothing_after_it(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        attacker = await world.ours.signed_in()
        victim = Browser(world.ours)
        victim.cookies = dict(attacker.cookies)
        attempt = (await victim.authorize(prompt="login")).values["attempt"]
        done = await victim.sign_in(attempt)
        assert victim.token != attacker.token
        assert (await attacker.get("/account")).location.startswith("/sign-in")
        assert (await attacker.get(done.location)).status == 400
        assert (await victim.get(done.location)).values["code"]
        # One that the server never gave out is no session, and none comes of it.
        for planted in ("x", "a" * 43, "00000000000000000000000000000000.aaaa"):
            victim = Browser(world.ours)
            victim.token = planted
            await victim.sign_in()
            assert victim.token not in ("", planted)


def leads_away(answer: Answer, party: Party) -> str:
    """Where an answer would send a browser or its user that is not ours, if anywhere."""
    where = answer.location
    if where and not where.startswith((f"{party.callback}?", party.goodbye)) and not re.match(r"/(?![/\\])", where):
        return where
    for address in re.findall(
        r"""(?:href|action|src|content)\s*=\s*["']?\s*([^"'>]*)""", answer.text if answer.is_page else ""
    ):
        if re.match(r"(?:[a-z]+:|[/\\]{2})", address, re.IGNORECASE) and not address.startswith(
            (party.origin, party.callback)
        ):
            return str(address)
    return ""


async def test_no_parameter_leads_elsewhere(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        ours = world.ours
        _, token = await ours.session()
        for browser in (Browser(ours), Browser(ours)):
            await browser.attempt()
            for value in (each.format(host=ours.host, callback=ours.callback) for each in EVIL):
                await _no_route_leads_to(browser, value)
            browser.token = token


async def _no_route_leads_to(browser: Browser, value: str) -> None:
    """The value under all names at every route, and by itself where the rest of the request must be right."""
    ours = browser.party
    everywhere = "&".join(f"{name}={quote(value)}" for name in PLACES)
    further = "&".join(f"{name}={quote(value)}" for name in PLACES if name not in ("attempt", "client_id", "ticket"))
    for route in [*oidc.ROUTES, *signin.PAGES]:
        if route.method != "GET":
            continue
        for query in (everywhere, further):
            answer = await browser.get(f"{filled(route)}?{query}")
            assert leads_away(answer, ours) == "", (route.path, value)
    for name in ("redirect_uri", "state", "login_hint", "response_mode", "prompt"):
        answer = await browser.authorize(**{name: value})
        assert leads_away(answer, ours) == "", (name, value)
    for path, name in (
        ("/v2/logout", "returnTo"),
        ("/oidc/logout", "post_logout_redirect_uri"),
        ("/connect/endsession", "post_logout_redirect_uri"),
    ):
        token = browser.token
        answer = await browser.get(f"{path}?client_id={ours.client_id}&{name}={quote(value)}")
        assert (answer.status, answer.location) == (400, ""), (path, value)
        assert browser.token == token


async def test_cookies_are_for_this_host_and_its_server_alone(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        lines: list[str] = []

        class Watched(Browser):
            async def send(self, method: str, address: str, body: bytes = b"", /, **headers: str) -> Answer:
                answer = await super().send(method, address, body, **headers)
                lines.extend(answer.cookies.values())
                return answer

        browser = Watched(world.ours)
        done = await browser.sign_in()
        await browser.get(done.location)
        await browser.get("/account?lang=de")
        await browser.press("/account/sign-out")
        names = {line.partition("=")[0] for line in lines}
        assert names == {"__Host-muster_browser", "__Host-muster_session", "__Host-muster_language"}
        assert all(COOKIE.fullmatch(line) for line in lines), lines


async def test_another_site_signs_nobody_out_unasked(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        victim, other = await world.ours.signed_in(), await Loot(world.ours).find()
        for path in ("/oidc/logout", "/connect/endsession"):
            for query in (
                "",
                f"?client_id={world.ours.client_id}",
                f"?id_token_hint={other.held['id_token']}",
                "?id_token_hint=x",
            ):
                answer = await victim.get(f"{path}{query}", sec_fetch_site="cross-site")
                assert answer.status == 200, (path, query, answer)
                assert answer.cookies == {}
            answer = await victim.post(path, {"decision": "sign_out"}, origin="https://evil.example")
            assert answer.location.startswith(path)
            assert answer.cookies == {}
        assert (await victim.get("/account")).status == 200


async def test_nothing_comes_back_after_signing_out(sqlite_databases: Databases, tmp_path: Path) -> None:
    async with open_world(sqlite_databases.migrated(), tmp_path) as world:
        person = await world.ours.signed_in()
        token = person.token
        shown = [route.path for route in signin.PAGES if route.method == "GET" and route.path.startswith("/account")]
        for path in shown:
            answer = await person.get(path)
            assert answer.header("cache-control") == "no-store", path
        await person.press("/account/sign-out")
        assert person.token == ""
        person.token = token
        await _is_nobody(person, world)


async def _is_nobody(person: Browser, world: World) -> None:
    for section in ("/account", "/account/security", "/account/sessions", "/account/data"):
        assert (await person.get(section)).location.startswith("/sign-in?attempt="), section
    assert (await person.authorize()).location.startswith("/sign-in?attempt=")
    assert (await person.authorize(prompt="none")).values["error"] == "login_required"
    assert (await person.press("/account/data-download")).location.startswith("/sign-in?attempt=")
    assert (await Browser(world.ours).get("/userinfo", authorization=f"Bearer {person.token}")).status == 401
