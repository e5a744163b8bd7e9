"""What `muster import` tells while it runs, and at its end."""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from muster.importers.report import RejectedFile, Report

SECONDS_BETWEEN_LINES = 5.0


def tell(report: "Report", rejects: "RejectedFile", began: float) -> None:
    """The last line: what became of the rows."""
    where = f" ({rejects.path})" if report.rejected else ""
    click.echo(
        f"read {report.read}, inserted {report.inserted}, updated {report.updated}, rejected {report.rejected}{where}"
        f" in {time.monotonic() - began:.1f} s"
    )
    if report.slowest:
        click.echo(f"muster: the server waited {report.slowest * 1000:.0f} ms at most for one commit", err=True)


@contextlib.contextmanager
def progress(total: int | None) -> "Iterator[Callable[[Report], None]]":
    """A bar on a terminal, else a line every few seconds; both on standard error."""
    if not sys.stderr.isatty():
        yield _Lines(total)
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.fields[rows]:,} rows"),
        BarColumn(),
        TextColumn("{task.fields[rate]:,.0f}/s"),
        TimeRemainingColumn(),
    )
    pace = _Pace()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, rows=0, rate=0.0)

        def show(report: "Report") -> None:
            bar.update(task, completed=report.position, rows=report.read, rate=pace.of(report))

        yield show


class _Pace:
    """Rows a second of this run, whatever earlier ones did."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before: int | None = None

    def of(self, report: "Report") -> float:
        """How fast it goes; the first call begins the count."""
        if self._before is None:
            self._before = report.before
        return (report.read - self._before) / max(time.monotonic() - self._began, 0.001)


class _Lines:
    """Progress for a log: how far, how fast, how long still."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._pace = _Pace()
        self._last = time.monotonic()

    def __call__(self, report: "Report") -> None:
        now = time.monotonic()
        rate = self._pace.of(report)
        if now - self._last < SECONDS_BETWEEN_LINES:
            return
        self._last = now
        line = f"{report.read:,} rows, {rate:,.0f}/s, {report.rejected:,} rejected"
        if self._total and report.position and rate:
            done = report.position / self._total
            line += f", {done:.0%} of the file, about {report.read * (1 / done - 1) / rate:.0f} s left"
        click.echo(line, err=True)
