"""Whatever one dialect writes, each of the five shows at once, as the table (facts/) says: every writer x every reader."""

from pathlib import Path

import pytest

from muster.dialects.auth0 import app as auth0
from tests.house import DIALECTS
from tests.truth.fact import ABSENT, Fact, Like, When, agrees, filled, found_at
from tests.truth.members import People
from tests.truth.rows import ROWS, Row, members_sent, members_shown
from tests.truth.table import FACTS

pytest_plugins = ("tests.truth.shared_house",)

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name.replace(" ", "_").replace(",", ""))
async def test_whatever_one_writes_each_shows(fact: Fact, people: People) -> None:
    wrong = []
    for writer, steps in fact.writes.items():
        person = people.somebody(writer)
        await person.write(steps)
        wrong += await person.wrong_anywhere(fact)
    assert not wrong, "\n".join(["", *wrong])


def test_every_fact_says_what_each_dialect_shows() -> None:
    assert [fact.name for fact in FACTS if tuple(fact.shows) != DIALECTS] == []
    assert len({fact.name for fact in FACTS}) == len(FACTS)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_member_of_the_field_map_is_forgotten(dialect: str) -> None:
    said = set().union(*(members_shown(fact, dialect) for fact in FACTS))
    asked = set().union(*(members_sent(fact, dialect) for fact in FACTS))
    forgotten = [
        member
        for row in ROWS[dialect]
        if not row.proved_by and not row.waits_for
        for member in row.members
        if member not in (asked if row.sent else said)
    ]
    assert forgotten == []


@pytest.mark.parametrize(
    "row", [row for rows in ROWS.values() for row in rows if row.proved_by], ids=lambda row: row.proved_by
)
def test_a_proof_that_is_named_is_there(row: Row) -> None:
    path, _, name = row.proved_by.partition("::")
    assert f"def {name}(" in (CHECKOUT / path).read_text("utf-8")


def test_what_waits_for_an_operation_waits_no_longer_than_that() -> None:
    served = {route.path for route in auth0.MANAGEMENT}
    assert [row.members for row in ROWS["auth0"] if row.until and any(row.until in path for path in served)] == []


def test_a_member_is_compared_in_value_and_type() -> None:
    known = {"n": 7, "emails": [{"id": "x"}], "seq": 3}
    assert filled("a{n:04}-{emails.0.id}", known) == "a0007-x"
    assert filled(["{seq}", {"b": "{n}!"}], known) == [3, {"b": "7!"}]
    assert found_at(known, "emails.0.id") == "x"
    assert found_at(known, "emails.1.id") is ABSENT
    for expected, found, agree in [
        (1, 1, True),
        (1, True, False),
        (1, 1.0, False),
        ({"a": [1]}, {"a": [1]}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        (ABSENT, None, False),
        (ABSENT, ABSENT, True),
        (Like("[a-z]+"), "abc", True),
        (Like("[a-z]+"), "abc1", False),
        (When("seconds", 2), 7, True),
        (When("iso"), "1970-01-01T00:00:05.000Z", True),
        (When("ticks"), "1970-01-01T00:00:05.0000000Z", True),
    ]:
        assert agrees(expected, found, 5_000) is agree, (expected, found)
