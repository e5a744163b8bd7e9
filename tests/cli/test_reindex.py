"""`muster reindex` on a database that was started."""

from __future__ import annotations

from tests.cli.conftest import Cli


def test_nothing_waits_after_a_start(muster: Cli) -> None:
    answer = muster("reindex")
    assert answer.code == 0
    assert answer.out.startswith("indexed 0 users in ")


def test_all_users_can_be_indexed_again(muster: Cli) -> None:
    before = muster("reindex", "--all").out
    assert muster("user", "create", "--email", "reindexed@example.org").code == 0
    after = muster("reindex", "--all").out
    assert [int(text.split()[1]) for text in (before, after)] == [1, 2]
