"""Reads through Auth0's API: one user, a page of the list, and the search that every sign-in form asks."""

from __future__ import annotations

import json
from typing import Final
from urllib.parse import quote, urlencode

from bench.clients import AUTH0_USERS
from bench.machine import CannotMeasure
from bench.place import Answers, Site
from bench.traffic import HttpCase, Load

PAGES: Final = 20
PER_PAGE: Final = 50


def user_target(id_: str) -> str:
    return f"{AUTH0_USERS}/{quote(id_, safe='')}"


def search_target(q: str, **more: str) -> str:
    return f"{AUTH0_USERS}?{urlencode({'q': q, 'search_engine': 'v3', **more})}"


def ids(site: Site) -> list[str]:
    """The users who are asked for, in the order of their rows; each is found by the exact address, and alone."""
    if "ids" not in site.kept:
        found = {target: site.auth0.text("GET", target) for target in map(_exact, site.emails)}
        site.kept["found"] = found
        site.kept["ids"] = [_only(target, text) for target, text in found.items()]
    known: list[str] = site.kept["ids"]
    return known


def _exact(email: str) -> str:
    return search_target(f"email:{json.dumps(email)}")


def _only(target: str, text: str) -> str:
    users = json.loads(text)
    if len(users) != 1:
        raise CannotMeasure(f"{target} found {len(users)} users instead of one")
    id_: str = users[0]["user_id"]
    return id_


def _get(site: Site) -> Load:
    targets = [user_target(id_) for id_ in ids(site)]
    bodies = {target: site.auth0.text("GET", target) for target in targets}
    return Load([site.auth0.wire("GET", target) for target in targets], Answers("{}", bodies))


def _list(site: Site) -> Load:
    targets = [f"{AUTH0_USERS}?per_page={PER_PAGE}&page={n}&include_totals=true" for n in range(PAGES)]
    bodies = {target: site.auth0.text("GET", target) for target in targets}
    return Load([site.auth0.wire("GET", target) for target in targets], Answers("{}", bodies))


def _search(site: Site) -> Load:
    ids(site)
    found: dict[str, str] = site.kept["found"]
    return Load([site.auth0.wire("GET", target) for target in found], Answers("[]", found), hits=1)


CASES: Final = (
    HttpCase("get", "read a user", _get, grows=True),
    HttpCase("list", "list 50 of them, with totals", _list, grows=True),
    HttpCase("search", 'search q=email:"..."', _search),
)
