"""Writes the tables of what works into README.md and docs/dialects/, from the routes themselves.

`make docs` runs it; with `--check` it only says whether a table is out of date, and the tests do that.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path

from muster.dialects.auth0.app import MANAGEMENT

HERE = Path(__file__).resolve().parent.parent
OPERATIONS = HERE / "docs" / "dialects" / "auth0.csv"
END = "<!-- end -->"

TOPICS = {
    "users": "Users",
    "users-by-email": "Users",
    "connections": "Connections",
    "clients": "Clients",
    "resource-servers": "Resource servers",
    "client-grants": "Client grants",
}


def served() -> dict[tuple[str, str], str]:
    """Every operation that is there: method and path without the parameters' names → its title."""
    return {(route.method, nameless(route.path)): route.title for route in MANAGEMENT}


def vendors() -> list[tuple[str, str]]:
    """The vendor's operations on users: method and path."""
    with OPERATIONS.open(encoding="utf-8", newline="") as file:
        return [(row["method"], row["path"]) for row in csv.DictReader(file)]


def nameless(path: str) -> str:
    """A path whose parameters have no names, which differ without meaning anything."""
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


def works() -> Iterator[str]:
    """The table of README.md: how much of each topic there is."""
    users = [(method, nameless(path)) for method, path in vendors()]
    here = served()
    yield "| Auth0 Management API v2 | operations |"
    yield "|---|---|"
    yield "| Token endpoint (client credentials, form and JSON) | 1 |"
    yield f"| Users, of the vendor's {len(users)} | {sum(operation in here for operation in users)} |"
    for topic in dict.fromkeys(TOPICS.values()):
        if topic != "Users":
            count = sum(TOPICS.get(path.split("/")[1]) == topic for _, path in here)
            yield f"| {topic} | {count} |"


def coverage() -> Iterator[str]:
    """The table of docs/dialects/auth0.md: every operation on users, and whatever else is served."""
    here = served()
    yield "| operation | |"
    yield "|---|---|"
    listed = vendors()
    for method, path in listed:
        yield f"| `{method} {path}` | {'works' if (method, nameless(path)) in here else 'not yet'} |"
    known = {(method, nameless(path)) for method, path in listed}
    for route in MANAGEMENT:
        if (route.method, nameless(route.path)) not in known:
            yield f"| `{route.method} {route.path}` | works |"


TABLES = {
    HERE / "README.md": ("<!-- what works:", works),
    HERE / "docs" / "dialects" / "auth0.md": ("<!-- coverage:", coverage),
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
