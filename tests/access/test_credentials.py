"""Every operation with credentials that open nothing: the vendor's own refusal, and nothing changes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

import httpx

from muster.dialects.kit.routes import Route
from tests.access.conftest import DIALECTS, Estates, estates_of
from tests.access.credentials import client, revoked
from tests.access.plans import Ids, Plans
from tests.access.refusals import Fault, shown, told
from tests.house import House

CHEAP = {
    "auth0": "/api/v2/clients",
    "clerk": "/v1/users/count",
    "monocloud": "/api/groups",
    "mattr": "/v1/users",
    "netwrix": "/api/permissions",
}
"""A path for each dialect that tells whether a credential is taken."""

LIVES = 25 * 3_600_000
"""Longer than any token or session."""


class Wrong(NamedTuple):
    """A credential that opens nothing: what is wrong with it, and the headers that it is sent with.

    One that is only another spelling of the same fault need not be tried `everywhere`.
    """

    why: str
    fault: Fault
    headers: dict[str, str]
    everywhere: bool = True


async def test_every_operation_with_what_opens_nothing(house: House) -> None:
    expired = {name: await house._proof(name, "default") for name in ("auth0", "mattr", "netwrix")}
    house.clock.turn(ms=LIVES)
    async with estates_of(house) as estates:
        wrong = {name: [each async for each in _wrong(estates, name, expired.get(name))] for name in DIALECTS}
        before = await estates.rows(estates.ours), await estates.rows(estates.theirs)
        for name, module in DIALECTS.items():
            async with client(estates.ours, name, None) as http:
                guarded = [route for route in module.ROUTES if route.needs is not None]
                for route in guarded:
                    for each in wrong[name]:
                        if not each.everywhere and route is not guarded[0]:
                            continue
                        answer = await _sent(http, module.PLANS, route, estates.our_ids[name], each)
                        expected = told(name, each.fault, route)
                        assert shown(name, answer) == expected, (name, route.method, route.path, each.why)
        assert (await estates.rows(estates.ours), await estates.rows(estates.theirs)) == before
        await _keys_are_good_at_their_own_tenant_alone(estates)


async def _keys_are_good_at_their_own_tenant_alone(estates: Estates) -> None:
    """Whereas these open everything at the one host, and at the other are as good as made up."""
    tenants = (estates.ours, estates.theirs)
    for name in DIALECTS:
        route = next(each for each in DIALECTS[name].ROUTES if each.needs is not None)
        for owner in tenants:
            for host in tenants:
                async with client(host, name, await estates.house.bearer(name, owner.name)) as http:
                    answer = await http.get(CHEAP[name])
                if owner is host:
                    assert answer.is_success, (name, host.name)
                else:
                    assert shown(name, answer) == told(name, "forged", route), (name, host.name)


async def _wrong(estates: Estates, name: str, expired: str | None) -> AsyncIterator[Wrong]:
    """Every way for a credential to open nothing."""
    house = estates.house
    header, before = ("x-api-key", "") if name == "monocloud" else ("authorization", "Bearer ")
    yield Wrong("none at all", "missing", {})
    if header == "authorization":
        yield Wrong("another scheme", "malformed", {header: "Basic eDp5"})
        yield Wrong("nothing", "malformed", {header: ""}, everywhere=False)
        two_words: Fault = "malformed" if name == "auth0" else "unknown"
        yield Wrong("two words", two_words, {header: "Bearer a b"}, everywhere=False)
    good = {each: await house.bearer(each) for each in DIALECTS}
    others = {f"a key of {each}": key for each, key in good.items() if each != name}
    made_up = {"made up": "x" * 40, "far too long": "x" * 20_000, "not ASCII": "\xe9" * 40}
    for why, key in {**others, **made_up}.items():
        yield Wrong(why, "unknown", {header: before + key}, everywhere=why not in made_up)
    changed = good[name][:-4] + ("AAAA" if good[name][-4:] != "AAAA" else "BBBB")
    yield Wrong("with its end changed", "forged", {header: before + changed}, everywhere=False)
    theirs = await house.bearer(name, estates.theirs.name)
    yield Wrong("of another tenant", "forged", {header: before + theirs})
    # Auth0's application stays without its grants, as there: its tokens hold nothing any more.
    lost: Fault = "forbidden" if name == "auth0" else "unknown"
    yield Wrong("revoked", lost, {header: before + await revoked(estates.ours, name, CHEAP[name])})
    if expired is not None:
        yield Wrong("expired", "expired", {header: before + expired})


async def _sent(http: httpx.AsyncClient, plans: Plans, route: Route, ids: Ids, wrong: Wrong) -> httpx.Response:
    headers = {"accept": "application/json", **wrong.headers}
    http.headers = httpx.Headers([(name.encode(), value.encode("latin-1")) for name, value in headers.items()])
    written = f"{route.method} {route.path}"
    return await plans[written].send(http, written, ids)
