"""Moments on the wire: ISO 8601 in UTC with milliseconds."""

from datetime import UTC, datetime

LATEST = 253_402_300_799_999
"""The end of the year 9999, in milliseconds."""


def show_time(ms: int) -> str:
    """As `2025-06-28T12:34:56.000Z`."""
    return f"{datetime.fromtimestamp(ms // 1000, UTC):%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def parse_time(text: str) -> int | None:
    """Milliseconds since 1970 UTC of an ISO 8601 moment (a date is its first moment; no zone is UTC); None for anything else.

    What lies before 1970 counts as its first moment.
    """
    try:
        moment = datetime.fromisoformat(text)
        since = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    whole = since - datetime(1970, 1, 1, tzinfo=UTC)
    return max(0, (whole.days * 86_400 + whole.seconds) * 1000 + whole.microseconds // 1000)
