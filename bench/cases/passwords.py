"""Creating users with passwords, as a share of what the hash alone allows on the same core."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from bench.case import Findings, Once, Simple
from bench.cases.writes import creating
from bench.clients import AUTH0_USERS
from bench.load import PLACEHOLDER, Run
from bench.machine import CHECKOUT, CannotMeasure, pinned, python
from bench.place import Bench, Place

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


def argon2_limit(bench: Bench, *cores: int) -> float:
    """Hashes a second that one thread makes on the measured server's core, or one on each of these at once, while the server rests."""
    hashing = []
    for core in cores or (bench.cores.server,):
        with pinned(core):
            command = python("-m", "bench.argon2_limit", str(bench.plan.seconds))
            hashing.append(
                subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            )
    told = [process.communicate() for process in hashing]
    if any(process.returncode for process in hashing):
        raise CannotMeasure(f"argon2 could not be measured: {told[0][1][-1000:]}")
    return sum(float(said) for said, _ in told)


CREATE: Final = Simple("create-password", "create a user with a password", "/s", _create)
