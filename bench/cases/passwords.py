"""Creating users with passwords, as a share of what the hash alone allows on the same core."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.case import Findings, Once, Simple
from bench.cases.limits import argon2_limit
from bench.cases.writes import creating
from bench.clients import AUTH0_USERS
from bench.load import PLACEHOLDER, Run
from bench.place import Place

CONNECTION: Final = "Username-Password-Authentication"


@contextmanager
def _create(place: Place, findings: Findings) -> Iterator[Once]:
    bench, site = place.bench, place.served()
    body = (
        f'{{"connection":"{CONNECTION}","email":"kept-{PLACEHOLDER}@example.com","verify_email":false,'
        '"password":"Correct-horse-9-battery-staple","given_name":"Ada","family_name":"Lovelace"}'
    )
    load = creating(site, body)
    requests = bench.work / "create-password.requests"
    requests.write_bytes(load.requests[0])
    runs: list[Run] = []

    def once() -> float:
        limit = argon2_limit(bench)
        run = bench.burst(site.server, requests).run
        runs.append(run)
        # What was still waiting when the run ended is hashed all the same: the next run begins behind the last of it.
        site.auth0.text("POST", AUTH0_USERS, body.replace("kept", f"behind-{len(runs)}"), status=201)
        findings.add("argon2_per_second", limit)
        findings.add("ratio", run.per_second / limit)
        return run.per_second

    yield once
    if errors := sum(run.errors for run in runs):
        findings.faults.append(f"{errors:,} requests failed")
    if not all(run.answered for run in runs):
        findings.faults.append("a run had no answer at all")
    if lost := load.lost(runs):
        findings.faults.append(f"{lost:,} writes were answered and are not there")


CREATE: Final = Simple("create-password", "create a user with a password", "/s", _create)
