"""How often a tenant may call: a token bucket per process (the documentation says so), or none at all."""

from typing import NamedTuple, Protocol

from muster.core.clock import Clock
from muster.core.errors import TooMany


class Allowance(NamedTuple):
    """What is left: `limit` calls at most in a burst, `remaining` of them now, full again at `reset` (seconds UTC)."""

    limit: int
    remaining: int
    reset: int


class RateLimit(Protocol):
    """Counts calls."""

    def take(self, who: object, /) -> Allowance:
        """One more call by `who`; `TooMany` when nothing remains."""
        ...


class Unlimited:
    """Counts nothing, and says so with a number that clients take as plenty."""

    def __init__(self, clock: Clock, shown: int = 1_000_000) -> None:
        self._clock = clock
        self._plenty = Allowance(shown, shown, 0)

    def take(self, _: object, /) -> Allowance:
        reset = self._clock.now() // 1000 + 1
        if reset != self._plenty.reset:
            self._plenty = self._plenty._replace(reset=reset)
        return self._plenty


class TokenBucket:
    """`burst` calls at once, then `per_second` more each second, for each of at most 10,000 callers."""

    MOST_CALLERS = 10_000

    def __init__(self, clock: Clock, *, burst: int, per_second: float) -> None:
        self._clock = clock
        self._burst = burst
        self._per_second = per_second
        self._buckets: dict[object, tuple[float, int]] = {}

    def take(self, who: object, /) -> Allowance:
        now = self._clock.now()
        level, at = self._buckets.pop(who, (float(self._burst), now))
        level = min(self._burst, level + (now - at) / 1000 * self._per_second)
        taken = level >= 1
        level -= taken
        self._buckets[who] = (level, now)
        if len(self._buckets) > self.MOST_CALLERS:
            del self._buckets[next(iter(self._buckets))]
        missing = self._burst - level
        allowance = Allowance(self._burst, int(level), int((now + missing / self._per_second * 1000) // 1000) + 1)
        if not taken:
            wait = int((1 - level) / self._per_second) + 1
            raise TooMany("rate_limit", retry_after=wait, allowance=allowance)
        return allowance
