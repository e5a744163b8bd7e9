"""Time is handed in. Every stored time is whole milliseconds since 1970 UTC."""

import time
from typing import Protocol


class Clock(Protocol):
    """What the time is, in milliseconds since 1970 UTC."""

    def now(self) -> int: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class TurnedClock:
    """A clock that stands still until it is turned, for tests."""

    def __init__(self, at: int = 1_800_000_000_000) -> None:
        self._at = at

    def now(self) -> int:
        return self._at

    def turn(self, *, ms: int = 0, seconds: float = 0, days: float = 0) -> None:
        self._at += ms + round(seconds * 1000) + round(days * 86_400_000)
