"""What a case is. It is prepared at a place, run several times, and then tells one figure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Protocol

from bench.place import Place

Figure = dict[str, Any]
"""`title`, `unit`, `value` (a median) and `runs`; `faults` that make it invalid, `notes`, and what belongs to it alone."""


class Measurement(Protocol):
    """A case under way."""

    def run(self) -> None:
        """Measure once."""

    def figure(self) -> Figure:
        """What the runs have come to; asked for once, when they are over."""


class Case(Protocol):
    """One thing that is measured. `grows`: also on the way to the full number of users."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def grows(self) -> bool: ...

    def prepare(self, place: Place) -> AbstractContextManager[Measurement]:
        """Have everything there that a run needs, until the end of the block."""


@dataclass
class Findings:
    """What a case finds beside its value: faults that make the figure invalid, and facts by their names."""

    faults: list[str] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)
    every: dict[str, list[float]] = field(default_factory=dict)
    """Further figures of each run; their medians become facts."""

    def add(self, name: str, value: float) -> None:
        self.every.setdefault(name, []).append(value)


Once = Callable[[], float]


@dataclass(frozen=True)
class Simple:
    """A case whose run is one call that returns one number, of `unit`."""

    name: str
    title: str
    unit: str
    begin: Callable[[Place, Findings], AbstractContextManager[Once]]
    grows: bool = False

    @contextmanager
    def prepare(self, place: Place) -> Iterator[Measurement]:
        findings = Findings()
        with self.begin(place, findings) as once:
            yield SimpleRuns(self, once, findings)


class SimpleRuns:
    def __init__(self, case: Simple, once: Once, findings: Findings) -> None:
        self._case = case
        self._once = once
        self._findings = findings
        self._values: list[float] = []

    def run(self) -> None:
        self._values.append(round(self._once(), 3))

    def figure(self) -> Figure:
        found = self._findings
        facts = {name: round(median(values), 3) for name, values in found.every.items()}
        return {
            "title": self._case.title,
            "unit": self._case.unit,
            "value": round(median(self._values), 3) if self._values else 0.0,
            "runs": self._values,
            **found.facts,
            **facts,
            "faults": list(dict.fromkeys(found.faults)),
            "notes": [],
        }
