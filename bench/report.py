"""How the figures are told: tables for the terminal, JSON for the record."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

Figures = Mapping[str, Mapping[str, Any]]
WIDTH = 33


def table(figures: Figures) -> str:
    """A line for each figure with its first floor; below it further floors, scaled ones, selectivity, faults."""
    lines = [f"{'':{WIDTH}}{'median':>12}{'p99':>10}{'bare':>11}{'of bare':>9}  {'floor':<21}verdict"]
    for figure in figures.values():
        p99 = bare = ratio = ""
        if "bare" in figure:
            p99 = f"{figure['muster']['p99_ms']:.1f} ms"
            side = figure["bare"]
            if figure["unit"] == "ms":
                bare = f"{side['p95_ms']:.2f} ms"
            else:
                bare, ratio = f"{side['per_second']:,.0f}/s", f"{figure['ratio']:.2f}"
        checks = figure["checks"]
        floor = _floor(checks[0]) if checks else ""
        verdict = figure["verdict"] if figure["verdict"] != "none" else ""
        value = _value(figure["value"], figure["unit"])
        lines.append(
            f"{figure['title']:<{WIDTH}}{value:>12}{p99:>10}{bare:>11}{ratio:>9}  {floor:<21}{verdict}".rstrip()
        )
        lines += [f"{'':{WIDTH}}{text}" for text in _below(figure)]
    return "\n".join(lines)


def _below(figure: Mapping[str, Any]) -> Iterator[str]:
    for check in figure["checks"]:
        in_line = check["member"] == "value" or (check["member"] == "ratio" and "bare" in figure)
        if not in_line:
            yield f"{figure[check['member']]:,.2f} {check['of']}, floor {_floor(check)}: {check['verdict']}"
        if scaled := check.get("scaled"):
            of = f"{scaled['bare']:,.0f}/{scaled['reference']:,}"
            outcome = "met" if scaled["met"] else "missed"
            yield f"scaled by this machine's bare ({of}): {_floor({**check, **scaled})}: {outcome}"
    if "hits" in figure:
        yield f"finds {figure['hits']:,.10g} ({figure['selectivity']:.4%} of all)"
    if "page_ms" in figure:
        yield f"{figure['page_ms']:,.2f} ms a page, {figure['ratio']:.2f} of bare"
    if "argon2_per_second" in figure:
        yield f"argon2 alone: {figure['argon2_per_second']:,.1f}/s"
    if "rs256_per_second" in figure:
        yield f"RS256 alone: {figure['rs256_per_second']:,.0f} signatures/s"
    if "turned_away" in figure:
        yield (
            f"{figure['arrived_per_second']:,.1f} people/s arrived; in all {figure['signed_in']:,.0f} signed in, "
            f"{figure['turned_away']:,.0f} were told to come later; reads: p50 {figure['p50_ms']:,.1f} ms, at most "
            f"{figure['most_ms']:,.1f} ms"
        )
    if "known_ms" in figure:
        yield (
            f"medians of {figure['tried']:,.0f} tries each: known {figure['known_ms']:,.3f} ms, "
            f"unknown {figure['unknown_ms']:,.3f} ms"
        )
    if "driver_share" in figure:
        yield f"the driver had {figure['driver_share']:,.2f} of a core"
    if "answer_mb" in figure:
        yield f"{figure['answer_mb']:,.1f} MB of list at {figure['users_per_second']:,.0f} users/s"
    yield from figure["faults"]
    yield from figure["notes"]


def growth(by_users: Mapping[int, Figures]) -> str:
    """The figures that were taken with each number of users, and the last as a share of the first."""
    stages = list(by_users)
    heads = "".join(f"{users:>14,}" for users in stages)
    lines = [f"{'growth':{WIDTH}}{heads}{'last/first':>12}"]
    for name, figure in by_users[stages[-1]].items():
        found = [by_users[users][name] for users in stages if name in by_users[users]]
        if len(found) != len(stages) or not all(each["value"] for each in found):
            continue
        values = "".join(f"{_value(each['value'], each['unit']):>14}" for each in found)
        share = found[-1]["value"] / found[0]["value"]
        lines.append(f"{figure['title']:<{WIDTH}}{values}{share:>12.2f}")
        if "growth" in figure:
            ratios = "".join(f"{each['ratio']:>14.3f}" for each in found)
            lines.append(f"{'  of bare':<{WIDTH}}{ratios}{figure['growth']:>12.2f}")
        if "selectivity" in figure:
            lines.append(f"{'  finds':<{WIDTH}}" + "".join(f"{each['hits']:>14,.10g}" for each in found))
    return "\n".join(lines)


def building(built: Sequence[Mapping[str, Any]]) -> str:
    """The imports that made the data, whenever that was."""
    lines = ["the data were built, once, by these imports:"]
    for step in built:
        lines.append(f"  {step['rows']:>9,} users into {step['into']:>9,}: {step['per_second']:>8,.0f}/s")
    return "\n".join(lines)


def _value(value: float, unit: str) -> str:
    return f"{value:,.0f}{unit}" if unit == "/s" else f"{value:,.2f} {unit}"


def _floor(check: Mapping[str, Any]) -> str:
    of = check["of"] if check["of"] == "/s" else f" {check['of']}"
    return f"{'<=' if check['at_most'] else '>='} {check['limit']:,.6g}{of}"


def write(file: Path, result: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
