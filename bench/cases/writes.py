"""Durable writes through Auth0's API, and a look afterwards at whether the server kept what it said it had."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bench.cases.reads import ids, user_target
from bench.clients import AUTH0_USERS
from bench.load import CONNECTIONS, PLACEHOLDER, Run
from bench.place import Answers, Site
from bench.traffic import HttpCase, Load

PASSWORDLESS: Final = "email"


def _patch(site: Site) -> Load:
    """Each request writes another number, so that none of them is a change that changes nothing."""
    known = ids(site)
    body = f'{{"user_metadata":{{"bench":"{PLACEHOLDER}"}}}}'
    sample = site.auth0.text("PATCH", user_target(known[0]), body)

    def lost(runs: Sequence[Run]) -> int:
        """Of the users whom the last run has changed, those who bear no number of that run."""
        last, missing = runs[-1], 0
        # wrk asks its script for a first request that it never sends.
        for offset in range(1, min(last.answered - last.errors, len(known))):
            user = site.auth0.ask("GET", user_target(known[(last.first + offset) % len(known)]))
            told = user.get("user_metadata", {}).get("bench", PLACEHOLDER)
            missing += told == PLACEHOLDER or int(told) <= last.first
        # As many as there are connections may have been on their way when the run ended.
        return max(0, missing - CONNECTIONS)

    return Load([site.auth0.wire("PATCH", user_target(id_), body) for id_ in known], Answers(sample), lost=lost)


def _create(site: Site) -> Load:
    """Without a password, whose hash would be all that is measured: users of a passwordless connection."""
    names = {found["name"] for found in site.auth0.ask("GET", "/api/v2/connections")}
    if PASSWORDLESS not in names:
        wanted = {"name": PASSWORDLESS, "strategy": PASSWORDLESS}
        site.auth0.ask("POST", "/api/v2/connections", wanted, status=201)
    body = (
        f'{{"connection":"{PASSWORDLESS}","email":"new-{PLACEHOLDER}@example.com","verify_email":false,'
        '"given_name":"Ada","family_name":"Lovelace","user_metadata":{"theme":"dark"},"app_metadata":{"plan":"pro"}}'
    )
    return creating(site, body)


def creating(site: Site, body: str) -> Load:
    """Users made from `body`, whose place for a number makes each another one."""
    sample = site.auth0.text("POST", AUTH0_USERS, body, status=201)
    before = site.count()

    def lost(runs: Sequence[Run]) -> int:
        answered = sum(run.answered - run.errors for run in runs)
        return max(0, answered - (site.count() - before))

    return Load([site.auth0.wire("POST", AUTH0_USERS, body)], Answers(sample, status=201), lost=lost)


CASES: Final = (
    HttpCase("patch", "change user_metadata, durably", _patch),
    HttpCase("create", "create a user, no password", _create),
)
