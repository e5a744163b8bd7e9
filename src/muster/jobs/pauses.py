"""How long to wait before something is tried again."""

import random
from typing import Final

FIRST_PAUSE: Final = 10_000
"""Milliseconds."""


def pause_after(tries: int, longest: int) -> int:
    """Milliseconds until the next try after so many: threefold each time, up to `longest`.

    It is a fifth more or less by chance, so that what failed together does not come back together.
    """
    spread = 0.8 + 0.4 * random.random()  # noqa: S311 - keeps no secret
    return round(min(FIRST_PAUSE * 3.0 ** min(max(tries, 1) - 1, 20) * spread, longest))
