"""Times as this API writes them: seven decimals and Z, of which the last four are always zero here."""

from datetime import UTC, datetime


def show_time(ms: int) -> str:
    """Milliseconds since 1970 UTC, such as `2025-08-21T10:23:32.0000000Z`. Beyond the year 9999 its last moment is shown."""
    seconds, rest = divmod(min(ms, 253_402_300_799_999), 1000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:03}0000Z"
