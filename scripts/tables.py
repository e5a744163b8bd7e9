"""Writes the tables of what works into README.md and docs/dialects/, from the routes themselves.

`make docs` runs it; with `--check` it only says whether a table is out of date, and the tests do that.
"""

import csv
import functools
import sys
from collections.abc import Callable, Iterator, Sequence
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


class Vendor(NamedTuple):
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

    def works(self) -> int:
        """How many of the listed operations are there."""
        here = self.served()
        return sum(comparable(*operation) in here for operation in self.listed())


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


def works() -> Iterator[str]:
    """The table of README.md: how much of each API there is."""
    yield "| API | operations on users that work | of | besides |"
    yield "|---|---|---|---|"
    total = of = 0
    for vendor in VENDORS:
        count, listed = vendor.works(), len(vendor.listed())
        total, of = total + count, of + listed
        yield (
            f"| [{vendor.title}](docs/dialects/{vendor.name}.md) | {count} | {listed} | {len(vendor.served()) - count} |"
        )
    yield f"| together | {total} | {of} | |"


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
    sys.exit(main(check="--check" in sys.argv))
