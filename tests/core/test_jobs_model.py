from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.jobs.model import KEPT_MS, Job, Lease, part_id
from muster.core.records import Key

JOB = Job(id="j", kind="users_import", door="muster", caller=("client", "c"), slot=1, created_at=100)


@pytest.mark.parametrize(
    ("members", "active", "due_at"),
    [
        ({}, True, 100),
        ({"state": "processing", "lease": Lease("a", 500)}, True, 500),
        ({"state": "completed", "finished_at": 700}, False, 700 + KEPT_MS),
        ({"state": "failed", "finished_at": 700}, False, 700 + KEPT_MS),
        ({"state": "cancelled", "finished_at": 700}, False, 700 + KEPT_MS),
    ],
)
def test_when_a_job_is_due_and_whether_it_holds_its_slot(members: dict[str, Any], active: bool, due_at: int) -> None:
    job = replace(JOB, **members)
    assert (job.active, job.due_at) == (active, due_at)
    assert job.keys() == (frozenset({Key("", "job_slot", "users_import 1")}) if active else frozenset())


def test_the_ids_of_parts_sort_in_the_order_of_the_file() -> None:
    ids = [part_id("j", "in", number) for number in (0, 9, 10, 999_999)]
    assert ids == sorted(ids) == ["j.in.000000", "j.in.000009", "j.in.000010", "j.in.999999"]
