"""What an act gives an application in a user's name: an opaque access token where no API takes a JWT, and a refresh token where
one was asked for and is allowed (OpenID Connect Core section 11).
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

from msgspec.structs import replace

from muster.core.apps.model import Api, Application
from muster.core.records import Key
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import Device, Grant
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.oidc.errors import OAuthError
from muster.oidc.steps.scope import OFFLINE, OPENID_SCOPES
from muster.oidc.tokens import OPAQUE_LIFETIME, Issued, SignedIn

REFRESHING: Final = "refresh_token"
"""The grant type that an application must be registered for."""

_SECOND: Final = 1000


class Entitled(NamedTuple):
    """Whom tokens are for and about, once it is known that they may be given. `family` is the id of what was exchanged."""

    app: Application
    user: User
    scopes: Sequence[str]
    api: Api | None
    signed_in: SignedIn
    family: str | None = None


async def issue(tx: Transaction, entitled: Entitled) -> Issued:
    """All that a first exchange gives. `OAuthError("invalid_grant")` for a user who may not come in."""
    app, user, api = entitled.app, entitled.user, entitled.api
    must_be_in_good_standing(user)
    if OFFLINE in entitled.scopes and not may_refresh(app, api):
        entitled = entitled._replace(scopes=[scope for scope in entitled.scopes if scope != OFFLINE])
    opaque: str | None = None
    token: str | None = None
    access_ids: list[str] = []
    if api is None:
        access, opaque = await issue_grant(tx, user, opaque_access(tx, entitled))
        access_ids.append(access.id)
    if OFFLINE in entitled.scopes:
        _, token = await issue_grant(tx, user, replace(_refresh_token(tx, entitled), access_ids=access_ids))
    return Issued(app, user, entitled.scopes, api, entitled.signed_in, opaque, token)


def opaque_access(tx: Transaction, entitled: Entitled) -> Grant:
    """An access token for no API, yet without its text. Whoever did not ask to stay is out when the user is."""
    session_id = entitled.signed_in.session_id
    return Grant(
        user_id=entitled.user.id,
        kind="reference_token",
        app_id=entitled.app.id,
        session_id=session_id,
        session_bound=session_id is not None and OFFLINE not in entitled.scopes,
        scopes=list(entitled.scopes),
        expires_at=tx.now + OPAQUE_LIFETIME * _SECOND,
        family=entitled.family,
        device=_device(tx),
    )


def may_refresh(app: Application, api: Api | None) -> bool:
    """Whether an application may have refresh tokens, for that API if there is one."""
    return REFRESHING in app.grant_types and (api is None or api.allow_offline_access)


def must_be_in_good_standing(user: User | None) -> User:
    """The user, if there is one and nobody has suspended them; `OAuthError("invalid_grant")`."""
    if user is None:
        raise OAuthError("invalid_grant", "The user is gone.")
    if user.suspended is True:
        raise OAuthError("invalid_grant", "The user is suspended.")
    return user


async def api_named(tx: Transaction, audience: str) -> Api:
    """The API that a grant is for, as it is now; `OAuthError("invalid_target")` when it is gone."""
    api = await tx.find(Api, Key("", "api_identifier", audience))
    if api is None or api.system:
        raise OAuthError("invalid_target", "There is no such API.")
    return api


def still_open(scopes: Sequence[str], api: Api | None) -> list[str]:
    """Those of the scopes that there still are: an API may have lost some since they were granted."""
    known = {*OPENID_SCOPES, OFFLINE, *(scope.value for scope in (api.scopes if api is not None else ()))}
    return [scope for scope in scopes if scope in known]


def _refresh_token(tx: Transaction, entitled: Entitled) -> Grant:
    app, api, signed_in = entitled.app, entitled.api, entitled.signed_in
    rules = app.refresh
    return Grant(
        user_id=entitled.user.id,
        kind="refresh_token",
        app_id=app.id,
        session_id=signed_in.session_id,
        scopes=list(entitled.scopes),
        audiences=[api.identifier] if api is not None else [],
        expires_at=None if rules.lifetime is None else tx.now + rules.lifetime * _SECOND,
        idle_ms=None if rules.idle is None else rules.idle * _SECOND,
        rotating=rules.rotating,
        family=entitled.family,
        device=_device(tx),
        request=signed_in.kept(),
    )


def _device(tx: Transaction) -> Device:
    ip, agent = tx.context.ip, tx.context.user_agent
    return Device(first_ip=ip, first_user_agent=agent, last_ip=ip, last_user_agent=agent)
