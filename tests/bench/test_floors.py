"""How a figure is held against its floors, on a machine like the reference and on a slower one."""

from __future__ import annotations

from typing import Any

import pytest

from bench.floors import REFERENCE, judge
from bench.report import growth, table


def figure(value: float, unit: str = "/s", **more: Any) -> dict[str, Any]:
    return {"title": "a figure", "unit": unit, "value": value, "runs": [value], "faults": [], "notes": [], **more}


@pytest.mark.parametrize(
    ("name", "engine", "found", "verdict"),
    [
        ("get", "sqlite", figure(9_000, ratio=0.56, growth=0.8), "met"),
        ("get", "sqlite", figure(9_000, ratio=0.54, growth=0.9), "missed"),
        ("get", "postgres", figure(9_000, ratio=0.54, growth=0.9), "met"),
        ("get", "sqlite", figure(9_000, ratio=0.56, growth=0.79), "missed"),
        ("list", "sqlite", figure(1_500, yardstick=REFERENCE), "met"),
        ("list", "sqlite", figure(1_499, yardstick=REFERENCE), "missed"),
        ("list", "sqlite", figure(750, yardstick=REFERENCE / 2), "met as scaled"),
        ("list", "sqlite", figure(749, yardstick=REFERENCE / 2), "missed"),
        ("list", "sqlite", figure(1_500, yardstick=REFERENCE * 2), "met"),
        ("q-and", "sqlite", figure(50, "ms", yardstick=REFERENCE / 2), "met as scaled"),
        ("q-and", "sqlite", figure(51, "ms", yardstick=REFERENCE / 2), "missed"),
        ("memory", "sqlite", figure(91, "MB", yardstick=REFERENCE / 2), "missed"),
        ("start", "sqlite", figure(1.5, "s"), "met"),
        ("sign-in", "sqlite", figure(40, ratio=0.85), "met"),
        ("sign-in-two", "postgres", figure(40, ratio=0.69), "missed"),
        ("get-while-signing-in", "sqlite", figure(51, "ms"), "missed"),
        ("unknown-user", "postgres", figure(0.4, "ms"), "met"),
        ("refresh", "sqlite", figure(1_499), "missed"),
        ("refresh", "postgres", figure(1), "none"),
        ("q-sorted", "sqlite", figure(900, "ms"), "none"),
        ("list", "sqlite", figure(9_000) | {"faults": ["3 requests failed"]}, "invalid"),
    ],
)
def test_a_figure_has_one_verdict(name: str, engine: str, found: dict[str, Any], verdict: str) -> None:
    figures = {name: found}
    assert judge(figures, engine) == (verdict not in ("missed", "invalid"))
    assert found["verdict"] == verdict
    assert verdict in table(figures) or verdict == "none"


def test_a_scaled_floor_is_told_as_such_and_beside_the_floor_itself() -> None:
    found = figure(800, yardstick=REFERENCE / 2)
    judge({"list": found}, "sqlite")
    told = table({"list": found})
    assert ">= 1,500/s" in told
    assert "scaled by this machine's bare (19,000/38,000): >= 750/s: met" in told


def test_growth_shows_what_was_measured_at_every_stage() -> None:
    before, after = {"q-and": figure(2, "ms")}, {"q-and": figure(5, "ms"), "patch": figure(3_000)}
    assert growth({10: before, 100: after}).splitlines()[1:] == [
        f"{'a figure':<33}{'2.00 ms':>14}{'5.00 ms':>14}{'2.50':>12}"
    ]
