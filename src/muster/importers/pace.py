"""How many rows a commit of an import gets, so that those who write to the same database never wait long for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

LONGEST_COMMIT: Final = 0.03
"""Seconds that a commit should take, while others wait for it; half as much again is not rare, and 0.05 is what is promised."""

LONGEST_COMMIT_ALONE: Final = 1.0
"""Seconds, where nobody waits: in a long one neighbours in the indexes are written together, which costs half as much."""

SECONDS_FOR_OTHERS: Final = 0.03
"""How long others are left alone after each commit: their writes wait for one of ours, and look again after 1 to 25 ms."""

FIRST_BATCH, SMALLEST_BATCH, LARGEST_BATCH = 20, 20, 1_000

_SHORTEST: Final = 1e-9


class Pace:
    """The rule: as many rows as the last commit would have done in the time that one may take, and never twice as many as it had.

    `others_wait` says whether somebody may wait for a commit, as those do who write to the same SQLite file. `slowest` is the
    longest commit, in seconds, while somebody did.
    """

    def __init__(
        self,
        others_wait: Callable[[], bool] = lambda: False,
        *,
        wait: Callable[[float], Awaitable[None]] = asyncio.sleep,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wait = wait
        self.slowest = 0.0
        self._others_wait = others_wait
        self._beside = others_wait()
        self._timer = timer
        self._began = 0.0
        self._rows = FIRST_BATCH
        self._each = LONGEST_COMMIT / FIRST_BATCH

    @property
    def rows(self) -> int:
        """How many the next commit gets."""
        longest = LONGEST_COMMIT if self._beside else LONGEST_COMMIT_ALONE
        return max(SMALLEST_BATCH, min(LARGEST_BATCH, 2 * self._rows, int(longest / self._each)))

    def is_too_long(self, rows: int) -> bool:
        """Whether so many, asked for when nobody waited, would hold up those who do now."""
        return self._beside and rows > 2 * self.rows

    def begin(self) -> None:
        """A commit begins, or is tried again."""
        self._began = self._timer()

    def end(self, rows: int) -> None:
        """It had so many rows, and is done."""
        seconds = self._timer() - self._began
        self._rows, self._each = rows, max(seconds / rows, _SHORTEST)
        if self._beside:
            self.slowest = max(self.slowest, seconds)

    async def make_way(self) -> None:
        """Leave others alone for a moment, if there are any."""
        self._beside = self._others_wait()
        if self._beside:
            await self.wait(SECONDS_FOR_OTHERS)
