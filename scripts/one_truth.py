"""Writes docs/one-truth.md: what each dialect shows of what another has written, from the very table that the tests go by.

`make docs` runs it; with `--check` it only says whether the page is out of date.
"""

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from tests.truth.fact import ABSENT, Expected, Hidden, Like, When
from tests.truth.rows import HARD_CASES, HARD_CASES_THAT_WAIT, ROWS, Row, members_sent, members_shown
from tests.truth.table import FACTS, TOPICS

HERE: Final = Path(__file__).resolve().parent.parent
PAGE: Final = HERE / "docs" / "one-truth.md"
TESTS: Final = HERE / "tests" / "truth"

TITLES: Final = {
    "auth0": "Auth0",
    "clerk": "Clerk",
    "monocloud": "MonoCloud",
    "mattr": "MATTR",
    "netwrix": "Netwrix",
}

OPENING: Final = """\
# One truth

A user made or changed through one API is at once visible, correct and editable through the four others. This page is made by
`make docs` from the table that the tests run, and `make check` refuses it when it is out of date. Every line is tried on SQLite
and PostgreSQL: each dialect that can write a fact writes it, and all five are read, each finding the person by its own search;
where a dialect can search for the fact itself, it finds this person and nobody else, and what is gone finds nobody.

- **Who writes** names the dialects that can; *sign-in* and *sign-up* are what a person does, and *import* what an operator does.
- A cell says which members must be what. `…` is a value of many parts, which the test compares whole. “not there” is a member
  that is left out; “–” says that the dialect has no such thing and that nothing of it may be found in its answer.
- The times are those of the write; `{n}` is a number that makes each person another one.
"""

HARD: Final = """\
## The hard cases

Where two APIs contradict each other there is one decision, and a test of it.
"""

BESIDES: Final = """\
## What all dialects do alike, and rarer ways to come to be

Told once and run for each dialect that can.
"""

MEMBERS: Final = """\
## Every member

No member of any dialect is left out: each is shown or sent by a fact above, is proved by a test of its own, or waits for
something that is not there yet.
"""


class Told(NamedTuple):
    """A test, and what it says of itself."""

    name: str
    says: str
    path: str

    @property
    def link(self) -> str:
        return f"[{self.name}](../{self.path})"

    @property
    def case(self) -> int | None:
        """The number of the hard case that it is about: `test_h07_…` is about the seventh."""
        found = re.match(r"test_h(\d+)_", self.name)
        return None if found is None else int(found[1])


def page() -> str:
    """The whole page."""
    return "\n".join([OPENING, *facts(), HARD, *hard_cases(), BESIDES, *besides(), MEMBERS, *members()]).rstrip() + "\n"


def facts() -> Iterator[str]:
    """A table for each topic: a line for each fact."""
    for topic, table in TOPICS.items():
        yield f"## {topic}\n"
        yield f"| what is true | who writes | {' | '.join(TITLES.values())} |"
        yield "|---" * (len(TITLES) + 2) + "|"
        for fact in table:
            writers = ", ".join(TITLES.get(writer, f"*{writer}*") for writer in fact.writes)
            cells = " | ".join(cell(fact.shows[dialect]) for dialect in TITLES)
            right = "; it is right wherever it can be tried" if fact.password is not None else ""
            yield f"| {fact.name}{right} | {writers} | {cells} |"
        yield ""


def cell(expected: Expected) -> str:
    """What one dialect shows of a fact."""
    if isinstance(expected, Hidden) or not expected:
        return "–"
    return "<br>".join(f"`{path}` {told(value)}" for path, value in expected.items())


def told(value: Any) -> str:
    """A value in a word or two."""
    if value is ABSENT:
        return "not there"
    if isinstance(value, When):
        return "then" if not value.plus else f"{value.plus:+,} s"
    if isinstance(value, Like):
        return "of its form"
    if isinstance(value, dict | list) and value:
        return "…"
    text = value if isinstance(value, str) else json.dumps(value)
    return f"`{text}`".replace("|", "\\|")


def tests_in(pattern: str) -> Iterator[Told]:
    """The tests of some files, in their order."""
    for file in sorted(TESTS.glob(pattern)):
        for node in ast.parse(file.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                says = re.sub(r"\s+", " ", ast.get_docstring(node) or "").replace("|", "\\|")
                yield Told(node.name, says, file.relative_to(HERE).as_posix())


def hard_tests() -> list[Told]:
    """The tests of the hard cases; what each says first is what is decided."""
    return [test for test in tests_in("test_hard_*.py") if test.case is not None]


def hard_cases() -> Iterator[str]:
    """A line for each case and test."""
    yield "| case | decision | test |"
    yield "|---|---|---|"
    tests = hard_tests()
    for number in HARD_CASES:
        yield from (f"| H{number} | {test.says} | {test.link} |" for test in tests if test.case == number)
        if number in HARD_CASES_THAT_WAIT:
            yield f"| H{number} | {HARD_CASES_THAT_WAIT[number]} | waits |"
    yield ""


def besides() -> Iterator[str]:
    """A line for each test that is no line of the table."""
    yield "| test | |"
    yield "|---|---|"
    for test in (*tests_in("test_behaviour.py"), *tests_in("test_cross_check_births.py"), *tests_in("test_echo.py")):
        yield f"| {test.link} | {test.says} |"
    yield ""


def members() -> Iterator[str]:
    """A table for each dialect: a line for each row of its members."""
    for dialect, title in TITLES.items():
        yield f"### {title}\n"
        yield "| members | |"
        yield "|---|---|"
        for row in ROWS[dialect]:
            names = ", ".join(f"`{member.removeprefix('answer.')}`" for member in row.members)
            yield f"| {'sent: ' if row.sent else ''}{names} | {covered(row, dialect)} |"
        yield ""


def covered(row: Row, dialect: str) -> str:
    """How many facts speak of a row, the test that proves it, or what it waits for."""
    if row.proved_by:
        path, _, name = row.proved_by.partition("::")
        return f"[{name}](../{path})"
    if row.waits_for:
        return f"waits for {row.waits_for}"
    said = members_sent if row.sent else members_shown
    count = sum(not said(fact, dialect).isdisjoint(row.members) for fact in FACTS)
    return f"{count} fact{'s' if count > 1 else ''}"


def main(*, check: bool) -> int:
    """Write the page, or say that it is out of date."""
    made = page()
    if PAGE.exists() and PAGE.read_text("utf-8") == made:
        return 0
    if not check:
        PAGE.write_text(made, encoding="utf-8")
    print(f"{PAGE.relative_to(HERE)}: {'out of date, run make docs' if check else 'written'}")
    return int(check)


if __name__ == "__main__":
    sys.exit(main(check="--check" in sys.argv))
