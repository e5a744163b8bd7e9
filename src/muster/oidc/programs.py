"""The endpoints for programs, and what lets those in browsers call them from other origins (Fetch Standard, section 3.2).

Any origin may read the answers: none of these endpoints looks at a cookie, so that a page learns nothing there that its author
could not ask for from anywhere. Requests with credentials are never allowed.
"""

import re
from collections.abc import Sequence
from typing import Final

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply
from muster.dialects.kit.routes import Route
from muster.oidc import discovery, forgotten, introspection, jwks, passwordless, revocation, token, userinfo
from muster.oidc.grants import device_code

_ENDPOINTS: Final = [
    *token.ROUTES,
    *device_code.ROUTES,
    *revocation.ROUTES,
    *introspection.ROUTES,
    *userinfo.ROUTES,
    *discovery.ROUTES,
    *jwks.ROUTES,
    *passwordless.ROUTES,
    *forgotten.ROUTES,
]

_PATHS: Final = frozenset(route.path for route in _ENDPOINTS)

_ANY_ORIGIN: Final[Header] = (b"access-control-allow-origin", b"*")
_REMEMBERED: Final = b"7200"
"""Seconds that a browser may remember what it was allowed."""

_HEADER_NAMES: Final = re.compile(rb"[A-Za-z0-9 ,_-]{1,500}")


async def preflight(call: Call) -> Reply:
    """A browser asks beforehand whether a page may call."""
    wanted = call.header(b"access-control-request-headers") or b""
    headers: list[Header] = [
        (b"access-control-allow-methods", b"GET, POST"),
        (b"access-control-max-age", _REMEMBERED),
        (b"vary", b"access-control-request-headers"),
    ]
    if _HEADER_NAMES.fullmatch(wanted):
        headers.append((b"access-control-allow-headers", wanted))
    return Reply(204, headers=headers)


def headers(call: Call) -> Sequence[Header]:
    """What every answer to a page of another origin bears, a refusal too."""
    if call.header(b"origin") is None or call.route is None or call.route.path not in _PATHS:
        return ()
    return (_ANY_ORIGIN,)


ROUTES: Final = [
    *_ENDPOINTS,
    *(Route("OPTIONS", path, preflight, needs=None, title="May a page call?") for path in sorted(_PATHS)),
]
