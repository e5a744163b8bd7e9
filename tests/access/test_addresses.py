"""Where each dialect is reached, and what wins: by prefix, at a host of its own, at native roots; docs/addresses.md says the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
import pytest

from muster.dialects.auth0 import app as auth0
from muster.dialects.clerk import app as clerk
from muster.dialects.mattr import app as mattr
from muster.dialects.monocloud import app as monocloud
from muster.dialects.netwrix import app as netwrix
from muster.oidc import app as oidc
from muster.signin import app as signin
from scripts import tables
from tests.access.refusals import NOT_THERE, shown
from tests.house import DIALECTS, HOSTS, OTHER, House, open_house

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "addresses.md").read_text("utf-8")

BOUND: Final = {dialect: f"{dialect}.example.com" for dialect in DIALECTS}
"""A host for each dialect of the default tenant."""

ON_ONE_ENGINE: Final = pytest.mark.parametrize("engine_kind", ["sqlite"], indirect=True)
"""For what no database has a part in."""

UNBOUND, OWN = HOSTS["default"], HOSTS[OTHER]
ALL_HOSTS: Final = (UNBOUND, OWN, *BOUND.values())

PROBES: Final = {
    "auth0": {"/api/v2": "/clients"},
    "clerk": {"/v1": "/users/count"},
    "monocloud": {"/api": "/groups", "/api/users": "", "/api/groups": "", "/api/options": "/authentication"},
    "mattr": {"/core/v1": "/users", "/v1": "/users"},
    "netwrix": {"/api": "/permissions"},
}
"""What is asked below each native root."""

TOKEN: Final = "/oauth/token"

MAILED: Final = "/ui"
"""Where links in MonoCloud's mails begin; they lead to the pages."""


@ON_ONE_ENGINE
async def test_every_address(migrated_url: str, tmp_path: Path) -> None:
    """One house with a host for each dialect of the default tenant beside that of the other tenant."""
    hosts = [f"{host}=default/{dialect}" for dialect, host in BOUND.items()]
    async with open_house(migrated_url, tmp_path, hosts) as house:
        await _the_table_of_addresses_is_true(house)
        await _what_wins(house)
        await _who_gives_tokens_where(house)
        await _people_find_their_pages_everywhere(house)
        await _links_lead_back_to_the_address_that_was_used(house)
        await _descriptions_name_the_address_that_was_used(house)
        await _pictures_are_where_their_addresses_say(house)
        await _credentials_lead_to_their_tenant(house)
        await _what_is_not_there_yet_is_refused_in_the_vendor_s_words(house)


def at(house: House, host: str, **headers: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=house.web, client=("192.0.2.1", 1234))
    return httpx.AsyncClient(transport=transport, base_url=f"https://{host}", headers=headers)


def tenant_at(host: str) -> str:
    return OTHER if host == OWN else "default"


def audience(house: House, dialect: str, host: str) -> str:
    """What a program that was given this host names in its request for a token."""
    if host == UNBOUND:
        return str(house.credentials["default"][dialect]["audience"])
    return f"https://{host}/api/v2/" if dialect == "auth0" else f"https://{host}"


async def asked_for_token(house: House, dialect: str, host: str, path: str) -> httpx.Response:
    known = house.credentials[tenant_at(host)][dialect]
    body = {"grant_type": "client_credentials", **{name: known[name] for name in ("client_id", "client_secret")}}
    async with at(house, host) as http:
        return await http.post(path, json={**body, "audience": audience(house, dialect, host)})


async def key(house: House, dialect: str, host: str) -> dict[str, str]:
    """The headers of a caller whom the dialect knows at that host."""
    if dialect in ("auth0", "mattr"):
        given = await asked_for_token(house, dialect, host, f"/{dialect}{TOKEN}")
        assert given.status_code == 200, (dialect, host, given.text)
        return {"authorization": f"Bearer {given.json()['access_token']}"}
    text = await house.bearer(dialect, tenant_at(host))
    return {"x-api-key": text} if dialect == "monocloud" else {"authorization": f"Bearer {text}"}


def table() -> dict[str, tuple[list[str], list[str], list[str]]]:
    """The page's first table: the paths of each dialect on every host, on one bound to none, and on its own."""
    rows = re.findall(r"^\| (Auth0|Clerk|MonoCloud|MATTR VII|Netwrix) \|(.*)\|$", PAGE, re.MULTILINE)
    found = {}
    for title, cells in rows:
        prefixed, unbound, bound = (re.findall("`([^`]+)`", cell) for cell in cells.split("|"))
        found[title.lower().partition(" ")[0]] = (prefixed, unbound, bound)
    return found


async def _the_table_of_addresses_is_true(house: House) -> None:
    """Every path of it answers where it says, and the native roots of the code are those of the page."""
    shown = table()
    assert tuple(shown) == DIALECTS
    apis = (auth0, clerk, monocloud, mattr, netwrix)
    native = {api.NAME: {root.decode() for root in api.ROOTS} - {MAILED} for api in apis}
    assert {name: set(unbound) - {TOKEN} for name, (_, unbound, _) in shown.items()} == native
    for name, (prefixed, unbound, bound) in shown.items():
        places = [(host, path) for path in prefixed for host in ALL_HOSTS]
        places += [(host, path) for path in unbound for host in (UNBOUND, OWN)]
        places += [(BOUND[name], path) for path in [*bound, *unbound]]
        for host, path in places:
            root = path.removeprefix(f"/{name}")
            if root == TOKEN:
                answer = await asked_for_token(house, name, host, path)
            else:
                async with at(house, host, **await key(house, name, host)) as http:
                    answer = await http.get(path + PROBES[name][root])
            assert answer.status_code == 200, (name, host, path, answer.text)


async def _what_wins(house: House) -> None:
    """Where two could answer, one does, and always the same."""
    keys = {name: await key(house, name, UNBOUND) for name in DIALECTS}
    at_mattr = await key(house, "mattr", BOUND["mattr"])

    async def asked(host: str, path: str, headers: dict[str, str]) -> tuple[int, str]:
        async with at(house, host, **headers) as http:
            answer = await http.get(f"https://{host}{path}")
        return answer.status_code, answer.text

    # Shared by two: the first of the page's table at a host of nobody's, the one it is bound to at a bound one.
    assert (await asked(UNBOUND, "/v1/users/count", keys["clerk"]))[0] == 200
    assert "clerk_key_invalid" in (await asked(UNBOUND, "/v1/users", keys["mattr"]))[1]
    assert (await asked(BOUND["mattr"], "/v1/users", at_mattr))[0] == 200
    assert (await asked(BOUND["mattr"], "/v1/users", keys["clerk"])) == (401, "Unauthorized")
    assert (await asked(UNBOUND, "/api/users", keys["monocloud"]))[0] == 200
    assert "ResponseStatus" in (await asked(BOUND["netwrix"], "/api/users", {}))[1]
    # A bound host answers in its dialect's words whatever it does not know, another's native root among it.
    assert await asked(BOUND["auth0"], "/v1/users", keys["clerk"]) == await asked(BOUND["auth0"], "/nowhere", {})
    assert (await asked(BOUND["clerk"], "/api/v2/users", {}))[0] == 401
    # At a host that is bound to none the rest is the server's.
    for path in ("/api/permissions", "/api/v1/users", "/api/usersx", "/v1x", "/", "/auth0", "/openapi.json"):
        for host in (UNBOUND, OWN):
            assert await asked(host, path, keys["netwrix"]) == (404, '{"error":"not_found"}'), path
    # The server's own pages are on every host; below a prefix they are nothing.
    for host in ALL_HOSTS:
        assert (await asked(host, "/healthz", {}))[0] == 200
        assert (await asked(host, "/auth0/healthz", {}))[0] == 404
    # Nothing is decoded before the route is known, and no other spelling of a prefix is one.
    for path in (
        "/%61uth0/api/v2/clients",
        "//auth0/api/v2/clients",
        "/AUTH0/api/v2/clients",
        "/auth0%2Fapi/v2/clients",
    ):
        assert (await asked(UNBOUND, path, keys["auth0"]))[0] == 404, path


async def _who_gives_tokens_where(house: House) -> None:
    both = ("auth0", "mattr")
    for host in (UNBOUND, OWN):
        for name, other in zip(both, reversed(both), strict=True):
            assert (await asked_for_token(house, name, host, TOKEN)).status_code == 200
            assert (await asked_for_token(house, name, host, f"/{name}{TOKEN}")).status_code == 200
            assert (await asked_for_token(house, name, host, f"/{other}{TOKEN}")).status_code in (401, 403)
    for name, other in zip(both, reversed(both), strict=True):
        assert (await asked_for_token(house, name, BOUND[name], TOKEN)).status_code == 200
        assert (await asked_for_token(house, name, BOUND[other], TOKEN)).status_code in (400, 401, 403)
        assert (await asked_for_token(house, name, BOUND[other], f"/{name}{TOKEN}")).status_code == 200
        # A token is good where it was asked for.
        headers = await key(house, name, BOUND[name])
        async with at(house, UNBOUND, **headers) as http:
            assert (await http.get(f"/{name}/{'api/v2/clients' if name == 'auth0' else 'v1/users'}")).status_code == 401
    for name in ("clerk", "monocloud", "netwrix"):
        answer = await asked_for_token(house, "auth0", BOUND[name], TOKEN)
        assert answer.status_code in (400, 401, 404)
        assert "access_token" not in answer.text


async def _people_find_their_pages_everywhere(house: House) -> None:
    """The provider and the pages are at every host, for its tenant, and the page of addresses names all their paths."""
    rows = dict(re.findall(r"^\| (the [^|]+) \| (.*) \|$", PAGE, re.MULTILINE))
    for app, row in ((oidc, "the OpenID provider"), (signin, "the hosted pages")):
        assert set(re.findall("`([^`]+)`", rows[row])) == {root.decode() for root in app.ROOTS}
    for host in ALL_HOSTS:
        public = f"https://{'127.0.0.1:8443' if host == UNBOUND else host}/"
        async with at(house, host) as http:
            told = (await http.get("/.well-known/openid-configuration")).json()
            assert (told["issuer"], told["token_endpoint"]) == (public, f"{public}oauth/token")
            assert (await http.get("/sign-in")).headers["location"].startswith("/sign-in?attempt=")
            assert (await http.get("/oauthx")).status_code in (401, 404)


async def _links_lead_back_to_the_address_that_was_used(house: House) -> None:
    """Further pages and described servers: each at the public address, with the prefix if the call had one, and answered there."""
    for host, prefix in (
        (UNBOUND, ""),
        (UNBOUND, "/auth0"),
        (OWN, ""),
        (OWN, "/auth0"),
        (BOUND["auth0"], ""),
        (BOUND["auth0"], "/auth0"),
        (BOUND["clerk"], "/auth0"),
    ):
        public = "127.0.0.1:8443" if host == UNBOUND else host
        async with at(house, host, **await key(house, "auth0", host)) as http:
            answer = await http.get(f"{prefix}/api/v2/clients", params={"per_page": 1, "page": 0})
            links = re.findall("<([^>]+)>", answer.headers["link"])
            assert {urlsplit(link)[:3] for link in links} == {("https", public, f"{prefix}/api/v2/clients")}
            for link in links:
                path = link.removeprefix(f"https://{public}")
                assert (await http.get(path)).status_code == 200, link


async def _descriptions_name_the_address_that_was_used(house: House) -> None:
    for name in DIALECTS:
        for host, prefix in ((UNBOUND, f"/{name}"), (OWN, f"/{name}"), (BOUND["clerk"], f"/{name}"), (BOUND[name], "")):
            public = "127.0.0.1:8443" if host == UNBOUND else host
            async with at(house, host, **await key(house, name, host)) as http:
                document = (await http.get(f"{prefix}/openapi.json")).json()
                server = document["servers"][0]["url"]
                assert server.startswith(f"https://{public}"), (name, host, server)
                path = server.removeprefix(f"https://{public}")
                probe = "/v1/users" if name == "mattr" else next(iter(PROBES[name].values()))
                assert (await http.get(path + probe)).status_code == 200, (name, host, server)


async def _pictures_are_where_their_addresses_say(house: House) -> None:
    for host in (UNBOUND, OWN, BOUND["clerk"], BOUND["auth0"]):
        async with at(house, host, **await key(house, "clerk", host)) as http:
            body = {"email_address": [f"picture-at-{host.partition(':')[0]}@example.com"], "first_name": "Ann"}
            user = (await http.post("/clerk/v1/users", json=body)).json()
            public = "127.0.0.1:8443" if host == UNBOUND else host
            path = user["image_url"].removeprefix(f"https://{public}")
            assert (await http.get(path, headers={"authorization": ""})).status_code == 200, user["image_url"]


async def _credentials_lead_to_their_tenant(house: House) -> None:
    """What `muster credentials` prints for a tenant with a host of its own is reached there, by every dialect."""
    known = house.credentials[OTHER]
    bases = {
        "auth0": (f"https://{known['auth0']['domain']}/api/v2", "/clients"),
        "clerk": (known["clerk"]["base_url"], "/users/count"),
        "monocloud": (f"{known['monocloud']['domain']}/api", "/groups"),
        "mattr": (f"{known['mattr']['tenant_url']}/core/v1", "/users"),
        "netwrix": (known["netwrix"]["base_url"], "/permissions"),
    }
    for name, (base, probe) in bases.items():
        assert urlsplit(base)[:2] == ("https", OWN), (name, base)
        async with at(house, OWN, **await key(house, name, OWN)) as http:
            answer = await http.get(base + probe)
            assert answer.status_code == 200, (name, base, answer.text)


async def _what_is_not_there_yet_is_refused_in_the_vendor_s_words(house: House) -> None:
    """Every operation that a vendor lists and this server does not have, and one that nobody has."""
    bases = {"auth0": auth0.BASE, "clerk": clerk.BASE, "monocloud": "", "mattr": "", "netwrix": netwrix.BASE}
    for vendor in tables.VENDORS:
        async with at(house, UNBOUND, **await key(house, vendor.name, UNBOUND)) as http:
            for method, path in [*vendor.missing(), ("GET", "/no/such/operation")]:
                url = f"/{vendor.name}{bases[vendor.name]}{re.sub(r'{[^}]+}', 'x', path)}"
                answer = await http.request(method, url)
                assert shown(vendor.name, answer) == NOT_THERE[vendor.name], (method, url)
