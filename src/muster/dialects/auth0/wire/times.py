"""Times as this API writes them: ISO 8601, UTC, milliseconds, `Z`."""

from datetime import datetime, timedelta

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - kept without a zone, so that the text ends where the `Z` is put


def show_time(ms: int) -> str:
    """`2025-08-11T06:22:38.009Z` for milliseconds since 1970."""
    return (_EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds") + "Z"
