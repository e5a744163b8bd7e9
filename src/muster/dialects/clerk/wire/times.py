"""Times: whole milliseconds in answers and queries, RFC 3339 texts in bodies."""

import re
from datetime import UTC, datetime, timedelta

from muster.dialects.clerk.problems import Refused, about

DAY = 24 * 3_600_000
_SHAPE = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)


def read_time(param: str, text: str) -> int:
    """Milliseconds since 1970; finer parts are cut. A 422 about the parameter for what is no such time, or before 1970."""
    shape = _SHAPE.fullmatch(text)
    if shape is not None:
        date, time, fraction, zone = shape.groups()
        try:
            moment = datetime.fromisoformat(f"{date}T{time}{'+00:00' if zone in 'Zz' else zone}")
        except ValueError:
            pass
        else:
            whole = (moment - _ORIGIN) // timedelta(seconds=1)
            if whole >= 0:
                return whole * 1000 + int(((fraction or "") + "000")[:3])
    example = "e.g. `2022-10-20T10:00:27.645Z`"
    long = f"{param} must contain a datetime specified in RFC3339 format ({example})."
    raise Refused(422, [about("form_param_invalid_time", param, "invalid format", long)])
