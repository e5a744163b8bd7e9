"""How long one client waits for a search: Auth0's Lucene with exact totals, Clerk's `query`, MATTR's nested claims."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode

from bench.cases.reads import PER_PAGE, search_target
from bench.clients import CLERK_USERS, MATTR_USERS
from bench.machine import CannotMeasure
from bench.place import Answers, Site
from bench.traffic import HttpCase, Load

PAGE: Final = {"per_page": str(PER_PAGE), "include_totals": "true"}

PLAN_AND_COUNTRY: Final = 'app_metadata.plan:"team" AND app_metadata.sales_region:"DE"'
"""The demo people's own plan and country: about one in seven, and of those one in thirteen."""

NAMES_ASKED_FOR: Final = 20
TWO_LETTERS: Final = ("qu", "jo", "zw")
CITIES: Final = ("Bonn", "Porto", "Turku", "Graz")
LEVELS: Final = 4


def _exact(site: Site) -> Load:
    targets = [search_target(f"email:{json.dumps(email)}", **PAGE) for email in site.emails]
    return _asked(site, targets)


def _one(q: str, sort: str | None, site: Site) -> Load:
    return _asked(site, [search_target(q, **PAGE, **({"sort": sort} if sort else {}))])


def _asked(site: Site, targets: list[str]) -> Load:
    bodies = {target: site.auth0.text("GET", target) for target in targets}
    totals = [json.loads(text)["total"] for text in bodies.values()]
    return Load(
        [site.auth0.wire("GET", target) for target in targets], Answers("{}", bodies), hits=sum(totals) / len(totals)
    )


def _lucene(name: str, title: str, q: str, sort: str | None = None) -> HttpCase:
    return HttpCase(name, title, functools.partial(_one, q, sort), grows=True, told="p95_ms")


LUCENE: Final = (
    HttpCase("q-email", 'q exact: email:"..."', _exact, grows=True, told="p95_ms"),
    _lucene("q-and", "q two fields: plan AND country", PLAN_AND_COUNTRY),
    _lucene("q-prefix", "q prefix: name:jo*", "name:jo*"),
    _lucene("q-range", "q range AND NOT", 'app_metadata.score:[95 TO 99] AND NOT app_metadata.plan:"free"'),
    _lucene("q-sorted", "q sorted: plan, by family_name", 'app_metadata.plan:"team"', "family_name:1"),
)


def _clerk_names(site: Site) -> Load:
    """Parts of addresses and names: what somebody types who looks for one of the people."""
    names = list(dict.fromkeys(email.partition("@")[0].strip("0123456789.-_") for email in site.emails))
    return _clerk_query(names[:NAMES_ASKED_FOR], site)


def _clerk_query(texts: Sequence[str], site: Site) -> Load:
    every = [urlencode({"query": text}) for text in texts]
    bodies = {f"{CLERK_USERS}?{query}": site.clerk.text("GET", f"{CLERK_USERS}?{query}") for query in every}
    totals = [site.clerk.ask("GET", f"{CLERK_USERS}/count?{query}")["total_count"] for query in every]
    requests = [site.clerk.wire("GET", target) for target in bodies]
    return Load(
        requests,
        Answers("[]", bodies, routes=(CLERK_USERS, f"{CLERK_USERS}/{{id}}")),
        hits=round(sum(totals) / len(totals), 2),
    )


CLERK: Final = (
    HttpCase("query-clerk", "Clerk: query=", _clerk_names, grows=True, told="p95_ms"),
    # Too short for trigrams, and for Auth0's `q`, which asks for three letters beside a leading wildcard.
    HttpCase(
        "query-short",
        "Clerk: query=, two letters",
        functools.partial(_clerk_query, TWO_LETTERS),
        grows=True,
        told="p95_ms",
    ),
)


def _mattr_claims(site: Site) -> Load:
    """Demo people have no nested claims, so those who are asked for are given some; one in sixteen is looked for."""
    meant = 0
    for number, email in enumerate(site.emails):
        user = _found_by_email(site, email)
        city, level = CITIES[number % len(CITIES)], 1 + number // len(CITIES) % LEVELS
        claims = {**user["claims"], "employment": {"level": level, "office": {"city": city, "floor": number % 7}}}
        site.mattr.ask("PUT", f"{MATTR_USERS}/{user['id']}", {"claims": claims})
        meant += (city, level) == (CITIES[0], 1)
    wanted = {"claims": {"employment": {"level": 1, "office": {"city": CITIES[0]}}}}
    found = site.mattr.ask("POST", f"{MATTR_USERS}/search", {**wanted, "limit": 1000})["data"]
    if len(found) != meant:
        raise CannotMeasure(f"{meant} users have these claims, and {len(found)} were found")
    target, body = f"{MATTR_USERS}/search", json.dumps(wanted)
    answers = Answers(site.mattr.text("POST", target, body), routes=(MATTR_USERS, f"{MATTR_USERS}/{{id}}"))
    return Load([site.mattr.wire("POST", target, body)], answers, hits=meant)


def _found_by_email(site: Site, email: str) -> dict[str, Any]:
    found = site.mattr.ask("POST", f"{MATTR_USERS}/search", {"claims": {"email": email}})["data"]
    if len(found) != 1:
        raise CannotMeasure(f"MATTR's search found {len(found)} users of one address")
    user: dict[str, Any] = found[0]
    return user


MATTR_CLAIMS: Final = HttpCase("claims-mattr", "MATTR: nested claims", _mattr_claims, grows=True, told="p95_ms")
