"""Writes the tables of what works into README.md and docs/dialects/, from the routes themselves.

`make docs` runs it; `make coverage-report` also prints what they say, and what is missing. With `--check`, which is part of
`make check`, nothing is written: a table that is not true fails.
"""

import csv
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from muster.dialects.auth0 import app as auth0
from muster.dialects.clerk import app as clerk
from muster.dialects.kit.routes import Route
from muster.dialects.mattr import app as mattr
from muster.dialects.monocloud import app as monocloud
from muster.dialects.netwrix import app as netwrix

HERE = Path(__file__).resolve().parent.parent
PAGES = HERE / "docs" / "dialects"
END = "<!-- end -->"

Operation = tuple[str, str]
"""Method and path."""


@dataclass(frozen=True, eq=False)
class Vendor:
    """A dialect: what it is called, its routes, and what stands before their paths in the vendor's own list."""

    name: str
    title: str
    routes: Sequence[Route]
    before: str = ""

    def listed(self) -> list[Operation]:
        """The vendor's operations on users."""
        with (PAGES / f"{self.name}.csv").open(encoding="utf-8", newline="") as file:
            return [(row["method"], row["path"]) for row in csv.DictReader(file)]

    def served(self) -> dict[Operation, Operation]:
        """Every operation that is there, by what can be compared."""
        return {
            comparable(route.method, self.before + route.path): (route.method, self.before + route.path)
            for route in self.routes
        }

    def missing(self) -> list[Operation]:
        """The listed operations that are not there."""
        here = self.served()
        return [operation for operation in self.listed() if comparable(*operation) not in here]

    def works(self) -> int:
        """How many of the listed operations are there."""
        return len(self.listed()) - len(self.missing())


VENDORS = (
    Vendor("auth0", "Auth0 Management API v2", auth0.MANAGEMENT),
    Vendor("clerk", "Clerk Backend API", clerk.BACKEND),
    Vendor("monocloud", "MonoCloud Management API", monocloud.MANAGEMENT, monocloud.BASE),
    Vendor("mattr", "MATTR VII Users", mattr.operations()),
    Vendor("netwrix", "Netwrix Change Tracker Users", netwrix.OPERATIONS),
)


def comparable(method: str, path: str) -> Operation:
    """An operation whose parameters have no names, which differ without meaning anything; nor do case and a last slash."""
    parts = path.strip("/").split("/")
    return method, "/".join("{}" if part.startswith("{") else part.lower() for part in parts)


class Count(NamedTuple):
    """How many operations of a dialect's list work, how many there are in it, and how many are served besides."""

    works: int
    of: int
    besides: int


def counts() -> dict[Vendor, Count]:
    """The count of every dialect."""
    return {v: Count(v.works(), len(v.listed()), len(v.served()) - v.works()) for v in VENDORS}


def works() -> Iterator[str]:
    """The table of README.md: how much of each API there is."""
    yield "| API | operations on users that work | of | besides |"
    yield "|---|---|---|---|"
    counted = counts()
    for vendor, count in counted.items():
        page = f"docs/dialects/{vendor.name}.md"
        yield f"| [{vendor.title}]({page}) | {count.works} | {count.of} | {count.besides} |"
    yield f"| together | {sum(c.works for c in counted.values())} | {sum(c.of for c in counted.values())} | |"


def coverage(vendor: Vendor) -> Iterator[str]:
    """The table of a dialect's page: every operation on users, and whatever else is served."""
    here = vendor.served()
    yield "| operation | |"
    yield "|---|---|"
    for method, path in vendor.listed():
        yield f"| `{method} {path}` | {'works' if comparable(method, path) in here else 'not yet'} |"
    known = {comparable(*operation) for operation in vendor.listed()}
    for operation, (method, path) in here.items():
        if operation not in known:
            yield f"| `{method} {path}` | works |"


TABLES: dict[Path, tuple[str, Callable[[], Iterator[str]]]] = {
    HERE / "README.md": ("<!-- what works:", works),
    **{PAGES / f"{v.name}.md": ("<!-- coverage:", functools.partial(coverage, v)) for v in VENDORS},
}


def filled_in(text: str, start: str, rows: Iterator[str]) -> str:
    """A page with the table between its two marks made anew."""
    before, mark, rest = text.partition(start)
    first, newline, rest = rest.partition("\n")
    _, end, after = rest.partition(END)
    if not mark or not end:
        raise SystemExit(f"the mark {start} … {END} is missing")
    return f"{before}{mark}{first}{newline}\n" + "\n".join(rows) + f"\n\n{end}{after}"


def report() -> Iterator[str]:
    """What the tables say, in a terminal: the count of each API, and every listed operation that is not there."""
    counted = counts()
    for vendor, count in counted.items():
        yield f"{vendor.title:<30} {count.works:>3} of {count.of:>3}, and {count.besides} besides"
    yield f"{'together':<30} {sum(c.works for c in counted.values()):>3} of {sum(c.of for c in counted.values()):>3}"
    for vendor in counted:
        for method, path in vendor.missing():
            yield f"not yet: {vendor.name} {method} {path}"


def main(*, check: bool) -> int:
    """Write the tables, or say which are out of date."""
    stale = []
    for page, (start, table) in TABLES.items():
        text = page.read_text(encoding="utf-8")
        made = filled_in(text, start, table())
        if made != text:
            stale.append(page)
            if not check:
                page.write_text(made, encoding="utf-8")
    for page in stale:
        print(f"{page.relative_to(HERE)}: {'out of date, run make docs' if check else 'written'}")
    return 1 if check and stale else 0


if __name__ == "__main__":
    if "--report" in sys.argv:
        print("\n".join(report()))
    sys.exit(main(check="--check" in sys.argv))
