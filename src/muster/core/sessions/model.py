"""What exists because somebody signed in: sessions, and the grants that applications hold in a user's name.

Times are milliseconds UTC. Whether something is still good is derived from them at the moment of asking, so that nothing
has to run for a session to expire.
"""

from typing import Any, Literal

from muster.core.records import Key, OwnedRecord
from muster.core.users.model import Part

Ending = Literal["ended", "removed", "revoked", "replaced", "abandoned"]
"""ended: signed out. removed: signed out of the whole browser. revoked: by an administrator or a program. replaced: another
session took its place. abandoned: never completed."""

Status = Literal["active", "ended", "removed", "revoked", "replaced", "abandoned", "expired"]

GrantKind = Literal["code", "refresh_token", "reference_token", "consent"]
"""reference_token: an opaque access token."""


class Method(Part, frozen=True, kw_only=True):
    """One proof that was given, e.g. `password`, `totp`, `passkey`, a connection's name; `second` marks a second factor."""

    name: str
    at: int
    second: bool = False


class Device(Part, frozen=True, kw_only=True):
    """Where a session was used from, at first and at last. `place` holds city, region, country, latitude, longitude."""

    first_ip: str = ""
    first_user_agent: str = ""
    last_ip: str = ""
    last_user_agent: str = ""
    place: dict[str, str] = {}


class Session(OwnedRecord, frozen=True, kw_only=True):
    """One sign-in of one user in one browser or program. It stays, with how it ended, until the user's older ones go.

    `idle_ms` is how long it may lie unused, `expires_at` when it ends however much it is used; None is without limit.
    `browser` groups the sessions of one browser. `apps` are the applications it was used for. `elevated_at` is when a
    second factor was last proved in it. `impersonator` says who acts in the user's name. `audience` names the one API that
    takes its token; empty is everything but such APIs.
    """

    browser: str = ""
    audience: str = ""
    ending: Ending | None = None
    ended_at: int | None = None
    authenticated_at: int
    last_active_at: int
    idle_ms: int | None = None
    expires_at: int | None = None
    persistent: bool = True
    device: Device = Device()
    apps: list[str] = []
    methods: list[Method] = []
    elevated_at: int | None = None
    organization_id: str | None = None
    impersonator: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    token_hash: str = ""

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "session", self.id)})

    @property
    def idle_expires_at(self) -> int | None:
        """When it ends unless it is used before."""
        return None if self.idle_ms is None else self.last_active_at + self.idle_ms

    def status(self, now: int) -> Status:
        """What has become of it by `now`."""
        if self.ending is not None:
            return self.ending
        return "expired" if _is_past(self.expires_at, now) or _is_past(self.idle_expires_at, now) else "active"

    def over_at(self, now: int) -> int | None:
        """Since when it is no longer active, or None."""
        if self.ended_at is not None:
            return self.ended_at
        return min((at for at in (self.expires_at, self.idle_expires_at) if _is_past(at, now) and at), default=None)


class ConsentScope(Part, frozen=True, kw_only=True):
    """One scope that the user agreed to."""

    scope: str
    granted_at: int
    expires_at: int | None = None


class FormerToken(Part, frozen=True, kw_only=True):
    """The SHA-256 of another token of a grant: one that was exchanged at `spent_at`, or that is good still."""

    hash: str
    spent_at: int | None = None


class Grant(OwnedRecord, frozen=True, kw_only=True):
    """What one application may do in a user's name: an authorisation code, a refresh or reference token, or a consent.

    With `session_bound` it dies with its session. `family` is shared by all that came of one code, and is the code's id. A
    code that is `spent_at` is kept so that a second use is noticed. A refresh token is one grant through all its rotations:
    `token_hash` is of the newest, `former` are those before it, newest first, and `used_at` is the last exchange;
    `access_ids` are the opaque access tokens that came of it, oldest first. `request` is what the token endpoint must
    remember of the authorisation request.
    """

    kind: GrantKind
    app_id: str
    session_id: str | None = None
    session_bound: bool = False
    scopes: list[str] = []
    audiences: list[str] = []
    consented: list[ConsentScope] = []
    expires_at: int | None = None
    idle_ms: int | None = None
    used_at: int | None = None
    spent_at: int | None = None
    rotating: bool = False
    family: str | None = None
    former: list[FormerToken] = []
    access_ids: list[str] = []
    device: Device = Device()
    request: dict[str, Any] = {}
    metadata: dict[str, Any] | None = None
    token_hash: str = ""

    def keys(self) -> frozenset[Key]:
        return frozenset({Key("", "grant", self.id)})

    @property
    def idle_expires_at(self) -> int | None:
        """When it ends unless it is used before."""
        return None if self.idle_ms is None else (self.used_at or self.created_at) + self.idle_ms

    def is_active(self, now: int) -> bool:
        """Whether it still grants anything."""
        over = self.spent_at is not None or _is_past(self.expires_at, now) or _is_past(self.idle_expires_at, now)
        return not over


def _is_past(at: int | None, now: int) -> bool:
    return at is not None and at <= now
