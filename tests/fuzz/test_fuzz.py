"""A short run over both engines with every `make test`; `make fuzz` goes on for as long as one likes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.fuzz.run import fuzz
from tests.thorough import examples

STEPS = examples(2_500, 25_000)
SEED = 20_261
"""The same in every run, so that a change is refused for what it did; `make fuzz` looks for what nobody knew."""


@pytest.mark.slow
async def test_whatever_is_asked_of_any_dialect_is_answered_as_described(migrated_url: str, tmp_path: Path) -> None:
    seed = int(os.environ.get("MUSTER_FUZZ_SEED") or SEED)
    report = await fuzz(migrated_url, tmp_path, seed, STEPS)
    print(report)
    assert not report.faults, "\n\n".join([str(report), *map(str, report.faults.values())])
    # Far below what every run has reached: less means that the fuzz itself has gone blind.
    assert report.successes > STEPS / 6
    assert len(report.reached) > len(report.operations) / 2
