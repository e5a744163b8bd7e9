"""What the figures are held against: the one table of floors, and how each is judged.

A floor that is a share (of bare, of argon2, of the same figure with fewer users) holds on any machine. A rate or a time was set for
a machine whose bare server answers `REFERENCE` requests a second; on another it is also shown scaled by what bare answers there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

REFERENCE: Final = 38_000
"""Requests a second that the bare server answers on the machine for which rates and times were set."""


class Floor(NamedTuple):
    """The member of a figure that is held against a limit, the limit of each engine (None: it has none), and what the limit is made of."""

    figure: str
    member: str
    sqlite: float
    postgres: float | None
    of: str = ""
    at_most: bool = False
    scales: bool = False

    def limit(self, engine: str) -> float | None:
        return self.sqlite if engine == "sqlite" else self.postgres

    def is_met(self, value: float, limit: float) -> bool:
        return value <= limit if self.at_most else value >= limit


def _of_bare(figure: str, sqlite: float, postgres: float) -> Floor:
    return Floor(figure, "ratio", sqlite, postgres, of="of bare")


def _rate(figure: str, sqlite: float, postgres: float | None = None) -> Floor:
    return Floor(figure, "value", sqlite, postgres, of="/s", scales=True)


def _p95(figure: str, sqlite: float, postgres: float) -> Floor:
    return Floor(figure, "value", sqlite, postgres, of="ms", at_most=True, scales=True)


FLOORS: Final = (
    _of_bare("get", 0.55, 0.30),
    Floor("get", "growth", 0.8, 0.8, of="of the smallest"),
    _rate("list", 1_500, 1_200),
    _p95("q-email", 5, 10),
    _p95("q-and", 25, 50),
    _p95("q-prefix", 20, 30),
    _p95("q-range", 90, 120),
    _of_bare("get-clerk", 0.50, 0.28),
    _of_bare("get-monocloud", 0.50, 0.28),
    _of_bare("get-netwrix", 0.50, 0.28),
    _of_bare("get-mattr", 0.25, 0.15),
    _p95("query-clerk", 30, 40),
    _p95("claims-mattr", 20, 40),
    _rate("page-mattr", 80_000, 40_000),
    # "Flat" and "without growing" as numbers: noise, and a small part of what the whole list would be in memory.
    Floor("page-mattr", "last_tenth_of_first", 1.25, 1.25, of="last tenth of first", at_most=True),
    Floor("list-netwrix", "value", 20, 20, of="MB", at_most=True),
    _rate("export-ndjson", 20_000, 20_000),
    _rate("export-auth0", 20_000, 20_000),
    _rate("patch", 3_000, 2_000),
    _rate("create", 1_200, 1_800),
    Floor("create-password", "ratio", 0.85, 0.85, of="of argon2"),
    Floor("sign-in", "ratio", 0.85, 0.85, of="of argon2"),
    Floor("sign-in-two", "ratio", 0.70, 0.70, of="of argon2"),
    Floor("get-while-signing-in", "value", 50, 50, of="ms", at_most=True),
    Floor("unknown-user", "value", 1, 1, of="ms", at_most=True),
    _rate("refresh", 1_500),
    _rate("client-credentials", 2_500),
    _rate("introspection", 8_000),
    _rate("userinfo", 8_000),
    _rate("import-more", 4_500, 4_000),
    _rate("import", 7_000, 6_000),
    Floor("memory", "value", 90, 90, of="MB", at_most=True),
    Floor("start", "value", 1.5, 1.5, of="s", at_most=True),
)


def needs_yardstick(figure: str) -> bool:
    """Whether a floor of this figure is also shown scaled."""
    return any(floor.scales for floor in FLOORS if floor.figure == figure)


def judge(figures: Mapping[str, dict[str, Any]], engine: str) -> bool:
    """Give each figure its `checks` and one verdict; whether none is missed and none invalid.

    Verdicts: met, met as scaled (a rate or a time that this machine would meet were it as fast as the reference), missed, invalid
    (there are faults), none (no floor). A figure with several floors has the worst of their verdicts.
    """
    for name, figure in figures.items():
        floors = [(floor, floor.limit(engine)) for floor in FLOORS if floor.figure == name and floor.member in figure]
        checks = [_check(floor, limit, figure) for floor, limit in floors if limit is not None]
        figure["checks"] = checks
        found = {check["verdict"] for check in checks}
        worst = next((verdict for verdict in ("missed", "met as scaled", "met") if verdict in found), "none")
        figure["verdict"] = "invalid" if figure["faults"] else worst
    return not any(figure["verdict"] in ("missed", "invalid") for figure in figures.values())


def _check(floor: Floor, limit: float, figure: Mapping[str, Any]) -> dict[str, Any]:
    value = figure[floor.member]
    met = floor.is_met(value, limit)
    check = {"member": floor.member, "limit": limit, "of": floor.of, "at_most": floor.at_most}
    bare = figure.get("yardstick")
    if not floor.scales or not bare:
        return {**check, "verdict": "met" if met else "missed"}
    share = bare / REFERENCE
    scaled = limit / share if floor.at_most else limit * share
    met_as_scaled = floor.is_met(value, scaled)
    verdict = "met" if met else "met as scaled" if met_as_scaled else "missed"
    told = {"bare": bare, "reference": REFERENCE, "limit": round(scaled, 2), "met": met_as_scaled}
    return {**check, "verdict": verdict, "scaled": told}
