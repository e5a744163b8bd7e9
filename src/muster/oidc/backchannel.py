"""Logout tokens, sent to applications when a session of theirs is over: OpenID Connect Back-Channel Logout 1.0.

The message was written in the commit that ended the session (`core/sessions/sign_outs.py`); a token is made anew for each try, so
that it has not expired when it arrives.
"""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from muster.core.apps.model import Application
from muster.core.clock import Clock
from muster.core.events import Message
from muster.core.ids import new_id
from muster.core.outside import Outside
from muster.core.store import Store
from muster.dialects.kit.call import Site
from muster.oidc.services import Ring
from muster.oidc.tokens import IDENTITY, algorithm_of

EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"
TYPE: Final = "logout+jwt"
LIFETIME: Final = 120
"""Seconds that a logout token is good for, as section 2.4 recommends."""


def logout_token_claims(app_id: str, subject: str, session_id: str, now_ms: int) -> dict[str, Any]:
    """Section 2.4: what a logout token says. It has no nonce, so that nobody takes it for an ID token."""
    now = now_ms // 1000
    return {
        "aud": app_id,
        "sub": subject,
        "sid": session_id,
        "iat": now,
        "exp": now + LIFETIME,
        "jti": new_id(now_ms),
        "events": {EVENT: {}},
    }


class LogoutSender:
    """Delivers the messages of `core.sessions.sign_outs.KIND`. `site_of` is the site whose issuer a tenant's tokens name."""

    def __init__(
        self, store: Store, clock: Clock, rings: Ring, site_of: Callable[[int], Site], outside: Outside
    ) -> None:
        self._store = store
        self._clock = clock
        self._rings = rings
        self._site_of = site_of
        self._outside = outside

    async def send(self, tenant_id: int, message: Message) -> int:
        """The status that the application answered; 204 where there is nobody to tell any more. `OutsideError`.

        Section 2.8: 200 or 204 is good; with 400 the application has refused for ever.
        """
        app = await self._store.get(tenant_id, Application, str(message.data.get("app_id", "")))
        if app is None or app.backchannel_logout_uri != message.to:
            return 204
        claims = logout_token_claims(app.id, message.user_id, str(message.data["session_id"]), self._clock.now())
        ring = self._rings(self._site_of(tenant_id), IDENTITY)
        token = ring.sign(claims, alg=algorithm_of(ring, app.signing_alg), typ=TYPE)
        headers = (("content-type", "application/x-www-form-urlencoded"), ("cache-control", "no-store"))
        body = urlencode({"logout_token": token}).encode()
        answer = await self._outside.fetch("POST", message.to, headers=headers, body=body)
        return answer.status
