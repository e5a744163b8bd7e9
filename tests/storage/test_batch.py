"""What a batch makes of terms before any database sees them."""

from __future__ import annotations

import pytest

from muster.storage import batch as batches
from muster.storage.batch import Batch
from muster.storage.engine import Returned


def rows(batch: Batch, table: str) -> list[tuple[object, ...]]:
    params = [param for write in batch.writes() if f" {table} " in write.sql for param in write.params]
    return [tuple(params[at : at + 4]) for at in range(0, len(params), 4)]


def test_two_fields_with_one_number_make_one_row_of_one_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "field_number", len)
    batch, user = Batch(1), Returned(0)
    batch.move_terms(user, (), [("ab", "same"), ("ba", "same"), ("ba", "other"), ("x", 2.0), ("y", 2.0), ("y", 3.0)])
    assert rows(batch, "text_terms") == [(1, 2, "other", user), (1, 2, "same", user)]
    assert rows(batch, "number_terms") == [(1, 1, 2.0, user), (1, 1, 3.0, user)]


def test_terms_stand_in_the_order_of_their_index_in_statements_of_few_sizes() -> None:
    batch = Batch(1)
    for n in range(700):
        batch.move_terms(n, (), [("field", f"{699 - n:03}")])
    writes = batch.writes()
    assert [len(write.params) // 4 for write in writes] == [512, 128, 32, *[8] * 3, *[2] * 2]
    assert [row[2:] for row in rows(batch, "text_terms")] == [(f"{699 - n:03}", n) for n in reversed(range(700))]
