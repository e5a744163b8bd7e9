"""Which version of the API a call asks for: by a header or a parameter, but not by both."""

from typing import Final

from muster.dialects.clerk.problems import refused
from muster.dialects.kit.call import Call

HEADER: Final = b"clerk-api-version"
PARAMETER: Final = "__clerk_api_version"

KNOWN: Final = ("2021-02-05", "2024-10-01", "2025-04-10", "2025-11-10", "2026-05-12")

DEFAULT: Final = KNOWN[0]
"""Of a call that names none: the one that refuses least."""

METADATA_HAS_ITS_OWN_PATHS: Final = "2026-05-12"
"""From this version on a PATCH of the thing itself takes no metadata."""


def version_of(call: Call) -> str:
    """The version asked for; 400 `api_version_invalid` for an unknown one, or for two."""
    named = [value.decode("latin-1") for name, value in call.headers if name == HEADER]
    named += call.query().get(PARAMETER, []) if PARAMETER.encode() in call.raw_query else []
    if not named:
        return DEFAULT
    if len(named) > 1:
        raise _invalid("the version must be given once, by the header or by the parameter")
    if named[0] not in KNOWN:
        raise _invalid(f"{named[0][:100]} is not a known version")
    return named[0]


def _invalid(reason: str) -> Exception:
    return refused(400, "api_version_invalid", "invalid API version", f"Invalid Clerk API version: {reason}")
