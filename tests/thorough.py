"""How many examples tests that make them at random try: a few in every run, many where `MUSTER_THOROUGH=1` is set."""

from __future__ import annotations

import os

THOROUGH = os.environ.get("MUSTER_THOROUGH") == "1"


def examples(few: int, many: int) -> int:
    return many if THOROUGH else few
