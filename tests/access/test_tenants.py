"""Two tenants of one server, proved apart by every operation of every dialect."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.access.conftest import DIALECTS, Estates
from tests.access.credentials import client
from tests.access.estate import PASSWORD, good
from tests.access.plans import Ids, Plan, unknown
from tests.house import OTHER

REALM = "Username-Password-Authentication"
NEW_EACH_TIME = re.compile(
    r'(?<="clerk_trace_id":)"\w+"|(?<="trace_id":)"[\w-]+"|(?<="traceId":)"[\w-]+"|(?<=[?]state=)\w+|(?<=[?]token=)[\w.-]+'
)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_operation_has_a_plan(dialect: str) -> None:
    module = DIALECTS[dialect]
    assert {f"{route.method} {route.path}" for route in module.ROUTES} == set(module.PLANS)


async def test_nothing_reaches_another_tenant(estates: Estates) -> None:
    await _what_is_shown_stays_the_same(estates)
    before = await estates.rows(estates.theirs)
    for name in DIALECTS:
        await _their_ids_are_ids_of_nothing(estates, name)
    after = await estates.rows(estates.theirs)
    changed = {table: sorted(set(rows) ^ set(before[table])) for table, rows in after.items() if rows != before[table]}
    assert changed == {}


async def _their_ids_are_ids_of_nothing(estates: Estates, name: str) -> None:
    """Whatever is called with the other tenant's ids is answered as for ids that nobody has, and shows nothing of it."""
    module = DIALECTS[name]
    ours, theirs = estates.our_ids[name], estates.their_ids[name]
    async with client(estates.ours, name, await estates.house.bearer(name)) as http:
        for route, plan in module.PLANS.items():
            for names in choices(plan):
                foreign = {**ours, **{each: theirs[each] for each in names}}
                nobody = {**ours, **{each: unknown(theirs[each]) for each in names}}
                answer = await plan.send(http, route, foreign)
                expected = await plan.send(http, route, nobody)
                assert shown(answer, foreign, names) == shown(expected, nobody, names), (name, route, names)
                assert leaked(answer, estates, {foreign[each] for each in names}) == [], (name, route, names)


async def _what_is_shown_stays_the_same(estates: Estates) -> None:
    """Lists, counts and searches show nothing of the other tenant, nor that it has more than before; names may be the same."""
    before = await _everything_shown(estates)
    same = {
        "auth0": ("/api/v2/users", {"connection": REALM, "email": "same@example.com", "password": PASSWORD}),
        "clerk": ("/v1/users", {"email_address": ["same-one@example.com"], "username": "the_same_one"}),
        "monocloud": ("/api/users", {"email": "same-again@example.com", "username": "the_same_again"}),
        "mattr": ("/v1/users", {"claims": {"email": "same-claims@example.com"}}),
        "netwrix": ("/api/users/add", {"UserDetails": {"UserName": "the-same-name"}, "Password": PASSWORD}),
    }
    for name, (path, body) in same.items():
        async with client(estates.theirs, name, await estates.house.bearer(name, OTHER)) as http:
            good(await http.post(path, json=body))
    assert await _everything_shown(estates) == before
    for name, (path, body) in same.items():
        async with client(estates.ours, name, await estates.house.bearer(name)) as http:
            good(await http.post(path, json=body))


async def _everything_shown(estates: Estates) -> dict[str, str]:
    """What every operation shows that changes nothing."""
    found = {}
    for name, module in DIALECTS.items():
        async with client(estates.ours, name, await estates.house.bearer(name)) as http:
            for route, plan in module.PLANS.items():
                if not route.startswith("GET ") or route in module.CHANGING:
                    continue
                answer = await plan.send(http, route, estates.our_ids[name])
                assert leaked(answer, estates, set()) == [], (name, route)
                if not route.endswith("/events"):  # which tell of these very calls
                    found[f"{name} {route}"] = NEW_EACH_TIME.sub("", answer.text)
    return found


def choices(plan: Plan) -> Iterator[frozenset[str]]:
    """All ids of a call, and each of them alone."""
    names = plan.names()
    if names:
        yield names
    if len(names) > 1:
        for name in sorted(names):
            yield frozenset({name})


def shown(answer: httpx.Response, ids: Ids, names: frozenset[str]) -> tuple[int, str]:
    """An answer with names in the place of the ids that it was asked about."""
    text = NEW_EACH_TIME.sub("", answer.text)
    for name in sorted(names, key=lambda name: -len(ids[name])):
        text = text.replace(ids[name], f"<{name}>")
    return answer.status_code, text


def leaked(answer: httpx.Response, estates: Estates, sent: set[str]) -> list[str]:
    """What an answer shows of the other tenant, beside the ids that were sent."""
    text = answer.text
    for id_ in sorted(sent, key=len, reverse=True):
        text = text.replace(id_, "")
    every = {id_ for ids in estates.their_ids.values() for id_ in ids.values()} | {estates.theirs.word}
    return sorted(id_ for id_ in every if id_.lower() in text.lower())
