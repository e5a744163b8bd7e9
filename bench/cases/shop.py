"""An application and people with known passwords who sign in to it, made through Auth0's API in the database that is served."""

from __future__ import annotations

import json
import secrets
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal

from bench.case import Findings
from bench.cases.reads import user_target
from bench.clients import AUTH0_USERS
from bench.connection import basic
from bench.load import SATURATED
from bench.machine import CHECKOUT, CannotMeasure, pinned, python
from bench.place import Site

CONNECTION: Final = "Username-Password-Authentication"
PASSWORD: Final = "Correct-horse-9-battery-staple"  # noqa: S105 - of people who are made up
REDIRECT_URI: Final = "https://shop.example.com/callback"
SCOPE: Final = "openid profile email offline_access"

AT_ONCE: Final = 32
"""People on their way in at a time, and programs: as many as there are connections elsewhere."""

FEWEST, MOST, A_SECOND = 8, 100, 20
"""People there are, by the seconds of a run. Each signs in several times, and no more often than somebody does in a month: a
sign-in looks at what its user has already."""


class Shop:
    """The application, its people, and what the driver is told of them. `ids` are those of the people, as Auth0's API has them."""

    def __init__(self, site: Site, *, rotating: bool = True) -> None:
        self.site = site
        seconds = site.bench.plan.seconds
        mark = secrets.token_hex(4)
        self.people = [f"{mark}-{number}@example.com" for number in range(people_for(seconds))]
        app = made_client(
            site,
            app_type="regular_web",
            callbacks=[REDIRECT_URI],
            grant_types=["authorization_code", "refresh_token"],
            refresh_token={
                "rotation_type": "rotating" if rotating else "non-rotating",
                "expiration_type": "expiring" if rotating else "non-expiring",
            },
        )
        self.app_id, self.secret = app
        self.ids: list[str] = []
        for email in self.people:
            wanted = {"connection": CONNECTION, "email": email, "password": PASSWORD, "verify_email": False}
            self.ids.append(site.auth0.ask("POST", AUTH0_USERS, wanted, status=201)["user_id"])
        self._told = {
            "url": site.server.url,
            "issuer": site.auth0.ask("GET", "/.well-known/openid-configuration")["issuer"],
            "app_id": self.app_id,
            "secret": self.secret,
            "redirect_uri": REDIRECT_URI,
            "scope": SCOPE,
        }
        self.given(self.people[:1])  # pages are compiled and keys are read when they are first needed

    @property
    def proof(self) -> dict[str, str]:
        """How the application proves itself."""
        return basic(self.app_id, self.secret)

    def drive(self, findings: Findings, do: str, cores: Sequence[int] = (), **more: Any) -> dict[str, Any]:
        """Have the driver carry out one of its tasks on the core for load, or on these; its report. Errors make the figure invalid."""
        bench = self.site.bench
        told = carried_out({"do": do, "shop": self._told, **more}, cores or (bench.cores.load,), bench.work)
        for what, times in told["errors"].items():
            findings.faults.append(f"{what}, {times:,} times")
        findings.add("driver_share", told["driver_share"])
        if told["driver_share"] >= SATURATED:
            findings.faults.append("the driver was the limit")
        return told

    def given(self, people: Sequence[str]) -> list[dict[str, str]]:
        """The tokens of the application for these people, each of whom signs in once."""
        told = self.drive(Findings(), "tokens", people=list(people), password=PASSWORD, at_once=AT_ONCE // 4)
        if len(told["tokens"]) < len(people):
            raise CannotMeasure(f"not everybody could sign in: {told['errors']}")
        tokens: list[dict[str, str]] = told["tokens"]
        return tokens

    def sign_ins(self) -> int:
        """How often these people have signed in, as Auth0's API tells it."""
        return sum(self.site.auth0.ask("GET", user_target(id_)).get("logins_count", 0) for id_ in self.ids)


def people_for(seconds: float) -> int:
    """How many people there are for runs of so many seconds."""
    return max(FEWEST, min(MOST, round(A_SECOND * seconds)))


def shop_of(site: Site, kind: Literal["rotating", "kept"] = "rotating") -> Shop:
    """The application of a served database whose refresh tokens rotate, or that whose are kept; made when first asked for."""
    shop: Shop = site.kept.setdefault(f"shop {kind}", None) or Shop(site, rotating=kind == "rotating")
    site.kept[f"shop {kind}"] = shop
    return shop


def made_client(site: Site, **members: Any) -> tuple[str, str]:
    """Id and secret of a new application."""
    made = site.auth0.ask("POST", "/api/v2/clients", {"name": "Bench", **members}, status=201)
    return made["client_id"], made["client_secret"]


def carried_out(task: Mapping[str, Any], cores: Sequence[int], work: Path) -> dict[str, Any]:
    """The report of the driver, which runs in a process of its own."""
    with tempfile.NamedTemporaryFile("w", dir=work, suffix=".task") as file, pinned(*cores):
        json.dump(task, file)
        file.flush()
        command = python("-m", "bench.people", file.name)
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotMeasure(f"the driver failed: {done.stderr[-1000:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told
