"""Times as this API writes them: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import date
from functools import lru_cache

_DAY = 86_400_000
_EPOCH = date(1970, 1, 1).toordinal()


def show_time(ms: int) -> str:
    """`2025-08-11T06:22:38.009Z` for milliseconds since 1970."""
    day, ms = divmod(ms, _DAY)
    minutes, ms = divmod(ms, 60_000)
    return f"{_date(day)}T{minutes // 60:02d}:{minutes % 60:02d}:{ms // 1000:02d}.{ms % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _date(day: int) -> str:
    return date.fromordinal(_EPOCH + day).isoformat()
