"""How a date is written in a search, and the span of time it stands for."""

import re
from calendar import isleap, monthrange
from datetime import UTC, datetime, timedelta

_SHAPE = re.compile(
    r"(?P<year>[0-9]{4})(?:-(?P<month>[0-9]{2})(?:-(?P<day>[0-9]{2})"
    r"(?:T(?P<hour>[0-9]{2})(?::(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?)?)?"
    r"(?P<zone>Z|[+-][0-9]{2}:?[0-9]{2})?)?)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY = 86_400_000
_UNITS = {"hour": 3_600_000, "minute": 60_000, "second": 1_000}


def period(text: str) -> tuple[int, int] | None:
    """The first and the last millisecond that a date means, since 1970 UTC: `2018-01` is all of January. None if it is none.

    ISO 8601: a year, a month, a day, or a day and a time down to a fraction of a second, with or without a zone (UTC).
    """
    found = _SHAPE.fullmatch(text)
    if found is None:
        return None
    part = {name: int(value) for name, value in found.groupdict().items() if value and name not in ("zone", "fraction")}
    fraction = found["fraction"]
    thousandths = int(fraction[:3].ljust(3, "0")) if fraction else 0
    try:
        first = datetime(**({"month": 1, "day": 1} | part), microsecond=thousandths * 1000, tzinfo=UTC)
    except ValueError:
        return None
    start = (first - _EPOCH) // _MS - _offset(found["zone"])
    return start, start + _length(part, exact=fraction is not None) - 1


def _length(part: dict[str, int], *, exact: bool) -> int:
    """Milliseconds in the smallest unit that was written."""
    if exact:
        return 1
    for name in reversed(_UNITS):
        if name in part:
            return _UNITS[name]
    if "day" in part:
        return _DAY
    if "month" in part:
        return monthrange(part["year"], part["month"])[1] * _DAY
    return (366 if isleap(part["year"]) else 365) * _DAY


def _offset(zone: str | None) -> int:
    """Milliseconds that the zone's clocks are ahead of UTC."""
    if zone is None or zone == "Z":
        return 0
    ahead = int(zone[1:3]) * 3_600_000 + int(zone[-2:]) * 60_000
    return -ahead if zone[0] == "-" else ahead
