"""The session of a call → `Actor`: its cookie, header or bearer token, and what its user's hub roles allow in the core."""

from typing import Final, NamedTuple

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.passwords import change_due
from muster.core.credentials.second_factors import totp_factors
from muster.core.credentials.second_step import waits_for_second_factor
from muster.core.groups.naming import group_ids
from muster.core.hub_roles.actions import hub_roles
from muster.core.hub_roles.model import HubRoles, permissions_of
from muster.core.sessions.actions import session_of_token, touch, wants_touch
from muster.core.sessions.model import Session
from muster.core.users.model import User
from muster.dialects.kit import browser
from muster.dialects.kit.call import Call, Caller
from muster.dialects.kit.errors import Forbidden, Unauthorized
from muster.dialects.kit.reply import Header
from muster.dialects.netwrix.operation import operation_of
from muster.dialects.netwrix.services import DAY, Services

DOOR: Final = "netwrix"

SESSION, PERMANENT, CHOICE = "ss-id", "ss-pid", "ss-opt"
"""The framework's cookies: of a session, of one that outlives the browser, and which of the two counts."""

MANAGES: Final = (May.HUB_USERS, May.HUB_USERS_IN_GROUPS)
"""Either lets its holder manage users: all, or those of the own groups."""

OWN: Final = frozenset({May.SELF_READ, May.SELF_PROFILE, May.SELF_FACTORS, May.SELF_SESSIONS})


class SignedIn(NamedTuple):
    """The caller's session, and the user as it was when the call came in. `token` opens the session."""

    session: Session
    user: User
    roles: HubRoles
    token: str


class Presented(NamedTuple):
    """A token that came with a call, and whether a browser could have added it by itself."""

    token: str
    by_cookie: bool


async def authenticate(call: Call) -> Caller[SignedIn]:
    """The caller by the session that came along; `Unauthorized` without a good one."""
    presented = presented_by(call)
    if presented is None:
        raise Unauthorized("missing")
    if presented.by_cookie:
        refuse_foreign(call)
    services: Services = call.services
    now = services.clock.now()
    try:
        session, user = await session_of_token(call.store, call.tenant_id, presented.token, now, audience=DOOR)
    except CredentialRefused as refused:
        raise Unauthorized(refused.code) from None
    roles = await hub_roles(call.store, call.tenant_id)
    actor = actor_of(user, roles)
    if wants_touch(session, now):
        session = await call.runner.run_from(call.context, call.tenant_id, actor, touch, session.id)
    return Caller(call.tenant_id, actor, SignedIn(session, user, roles, presented.token))


def actor_of(user: User, roles: HubRoles) -> Actor:
    """What the user may do here: everything of their own account, and what their hub roles give."""
    permissions = OWN | permissions_of(roles.powers_of(user.hub_roles))
    return Actor(kind="user", id=user.id, door=DOOR, permissions=permissions, user_id=user.id)


def permit(call: Call) -> None:
    """Refuse a session that still waits for something, and one whose user may not do this."""
    assert call.route is not None, "only a found route is permitted"
    if not operation_of(call).while_waiting:
        waiting = waits_for(signed_in(call), call.services.clock.now())
        if waiting is not None:
            raise Forbidden(waiting)
    if call.route.needs and not call.caller.may(*call.route.needs):
        raise Forbidden("permission_missing")


def signed_in(call: Call) -> SignedIn:
    """The session of an authenticated call."""
    more: SignedIn = call.more
    return more


def waits_for(caller: SignedIn, now: int) -> str | None:
    """What the session is waiting for before it is good for anything: the code of the refusal, or None."""
    if waits_for_second_factor(caller.session, caller.user):
        return "second_factor_due"
    return "password_change_due" if change_due(caller.user, now) == "now" else None


def must_have_elevated(call: Call) -> None:
    """Who has a second factor proves it, once in a session, before anything that could take the account over."""
    caller = signed_in(call)
    if totp_factors(caller.user, confirmed=True) and caller.session.elevated_at is None:
        raise Forbidden("second_factor_due")


def may_reach(call: Call, user: User) -> bool:
    """Whether the caller manages this very user: all, or one who is in a group with the caller."""
    if call.caller.may(May.HUB_USERS):
        return True
    mine = group_ids(signed_in(call).user)
    return call.caller.may(May.HUB_USERS_IN_GROUPS) and not mine.isdisjoint(group_ids(user))


# --------------------------------------------------------------------------------------------------------------- tokens


def presented_by(call: Call) -> Presented | None:
    """The token of a call: in its own header, as a bearer token, or in a cookie."""
    for name in (b"x-ss-pid", b"x-ss-id"):
        value = call.header(name)
        if value:
            return Presented(value.decode("latin-1").strip(), by_cookie=False)
    scheme, _, token = (call.header(b"authorization") or b"").partition(b" ")
    if scheme.lower() == b"bearer" and token.strip():
        return Presented(token.decode("latin-1").strip(), by_cookie=False)
    cookies = browser.cookies_of(call)
    order = (PERMANENT, SESSION) if cookies.get(CHOICE) == "perm" else (SESSION, PERMANENT)
    kept = next((cookies[name] for name in order if cookies.get(name)), None)
    return None if kept is None else Presented(kept, by_cookie=True)


def session_cookies(call: Call, token: str, *, remember: bool) -> list[Header]:
    """What keeps a browser signed in; `remember` also after it is closed."""
    if not remember:
        return [_cookie(call, SESSION, token), _cookie(call, CHOICE, "temp")]
    seconds = call.services.settings.remembered_days * DAY // 1000
    return [
        _cookie(call, SESSION, token),
        _cookie(call, PERMANENT, token, seconds),
        _cookie(call, CHOICE, "perm", seconds),
    ]


def no_cookies(call: Call) -> list[Header]:
    """What ends all of that."""
    return [_cookie(call, name, "", 0) for name in (SESSION, PERMANENT, CHOICE)]


def refuse_foreign(call: Call) -> None:
    """Refuse what another site's page makes a browser send. The programs of this API speak plain HTTP on a machine of their own."""
    browser.refuse_foreign(call, over_plain_http=True)


def _cookie(call: Call, name: str, value: str, seconds: int | None = None) -> Header:
    """`Max-Age` rather than a date: the framework's own client splits several cookies at the commas of dates."""
    parts = [f"{name}={value}", "Path=/", "HttpOnly", "SameSite=Strict"]
    if seconds is not None:
        parts.append(f"Max-Age={seconds}")
    # Without a public address the server is reached by both ports, and a secure cookie would be lost on the plain one.
    if call.scheme == "https" or (call.site.public_url.startswith("https:") and not call.site.also):
        parts.append("Secure")
    return b"set-cookie", "; ".join(parts).encode("ascii")
