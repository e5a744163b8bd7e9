"""Refusals that only exist because there is HTTP. A dialect's table gives each its own status and body, like any other."""

from muster.core.errors import Refusal


class BadRequest(Refusal):
    """The request itself cannot be read.

    Codes: `not_json`, `not_utf8`, `nul`, `too_deep`, `too_large`, `too_slow`, `media_type`, `path_encoding`,
    `query_encoding`, `header`; and a dialect's own for what its contract says about a field.
    """


class NoRoute(Refusal):
    """No such path (`path`), or not with this method (`method`, with the allowed ones as `allow`)."""


class Unauthorized(Refusal):
    """The credential is missing or not accepted; the code says why, for the dialect's own text."""


class Forbidden(Refusal):
    """The credential is good, but not for this."""
