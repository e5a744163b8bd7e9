"""What the figures are held against, and how they are told: a table for the terminal, JSON for the record."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple


class Floor(NamedTuple):
    """The member of a figure that is held against a limit, and the limit of each engine."""

    member: str
    limits: Mapping[str, float]
    at_most: bool = False

    def is_met(self, value: float, engine: str) -> bool:
        return value <= self.limits[engine] if self.at_most else value >= self.limits[engine]


FLOORS: Final[Mapping[str, Floor]] = {
    "get": Floor("ratio", {"sqlite": 0.55, "postgres": 0.30}),
    "patch": Floor("value", {"sqlite": 3000, "postgres": 2000}),
    "memory": Floor("value", {"sqlite": 90, "postgres": 90}, at_most=True),
    "start": Floor("value", {"sqlite": 1.5, "postgres": 1.5}, at_most=True),
}


def judge(figures: dict[str, dict[str, Any]], engine: str) -> bool:
    """Give each figure its verdict (met, missed, invalid or none); whether nothing is missed and nothing invalid."""
    for name, figure in figures.items():
        floor = FLOORS.get(name)
        verdict = "none"
        if floor is not None:
            figure["floor"] = {"member": floor.member, "limit": floor.limits[engine], "at_most": floor.at_most}
            verdict = "met" if floor.is_met(figure[floor.member], engine) else "missed"
        figure["verdict"] = "invalid" if figure.get("faults") else verdict
    return all(figure["verdict"] in ("met", "none") for figure in figures.values())


def table(figures: Mapping[str, Mapping[str, Any]]) -> str:
    """One line for each figure."""
    lines = [f"{'':31}{'median':>12}{'p99':>10}{'bare':>11}{'of bare':>9}  {'floor':<17}verdict"]
    for figure in figures.values():
        unit, value = figure["unit"], figure["value"]
        shown = f"{value:,.0f}{unit}" if unit == "/s" else f"{value:,.2f} {unit}"
        p99 = bare = ratio = ""
        if "bare" in figure:
            p99 = f"{figure['muster']['p99_ms']:.1f} ms"
            bare, ratio = f"{figure['bare']['per_second']:,.0f}/s", f"{figure['ratio']:.2f}"
        verdict = figure["verdict"] if figure["verdict"] != "none" else ""
        lines.append(
            f"{figure['title']:<31}{shown:>12}{p99:>10}{bare:>11}{ratio:>9}  {_floor(figure):<17}{verdict}".rstrip()
        )
        lines += [f"{'':31}{text}" for text in (*figure.get("faults", ()), *figure.get("notes", ()))]
    return "\n".join(lines)


def _floor(figure: Mapping[str, Any]) -> str:
    floor = figure.get("floor")
    if floor is None:
        return ""
    of = " of bare" if floor["member"] == "ratio" else "/s" if figure["unit"] == "/s" else f" {figure['unit']}"
    return f"{'<=' if floor['at_most'] else '>='} {floor['limit']:,g}{of}"


def write(file: Path, result: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
