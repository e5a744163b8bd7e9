"""Sessions and grants, as MonoCloud writes them. The tokens themselves are never shown."""

from collections.abc import Iterable
from typing import Any

from msgspec import Struct

from muster.core.sessions import model
from muster.core.sessions.model import Grant
from muster.dialects.monocloud.wire.groups import Large
from muster.dialects.monocloud.wire.ids import encode, show_session_id
from muster.dialects.monocloud.wire.times import FAR, Seconds, show_time, show_time_or_none


class UserSessionMetadata(Struct):
    city: str | None
    country: str | None
    region: str | None
    latitude: str | None
    longitude: str | None
    ip_address: str | None
    user_agent: str | None


class UserSession(Struct, kw_only=True):
    session_id: str
    client_ids: list[str]
    initiated_at: Seconds
    expires_at: Seconds
    last_updated: Seconds
    last_metadata: UserSessionMetadata


class ReferenceToken(Struct, kw_only=True):
    id: str
    client_id: str
    creation_time: Seconds
    session_id: str | None
    is_session_bound: bool
    scopes: list[str]
    expiration: Seconds | None
    audiences: list[str]
    issuer: str | None


class RefreshToken(ReferenceToken, kw_only=True):
    pass


class AuthorizationCode(Struct, kw_only=True):
    id: str
    client_id: str
    creation_time: Seconds
    session_id: str | None
    authorized_scopes: list[str]
    expiration: Seconds | None


class UserConsentScope(Struct):
    scope: str
    granted_on: Seconds
    expiration: Seconds | None


class UserConsent(Struct, kw_only=True):
    id: str
    client_id: str
    creation_time: Seconds
    scopes: list[UserConsentScope]


class UserClientGrants(Struct, kw_only=True):
    client_id: str
    consented: bool
    refresh_tokens: Large
    reference_tokens: Large
    authorization_codes: Large


def show_session(session: model.Session) -> UserSession:
    """A session; one without an end ends with the calendar."""
    device, place = session.device, session.device.place
    ends = [at for at in (session.expires_at, session.idle_expires_at) if at is not None]
    return UserSession(
        session_id=show_session_id(session.id),
        client_ids=session.apps,
        initiated_at=show_time(session.authenticated_at),
        expires_at=show_time(min(ends)) if ends else FAR,
        last_updated=show_time(session.last_active_at),
        last_metadata=UserSessionMetadata(
            place.get("city"),
            place.get("country"),
            place.get("region"),
            place.get("latitude"),
            place.get("longitude"),
            device.last_ip or None,
            device.last_user_agent or None,
        ),
    )


def show_refresh_token(grant: Grant, issuer: str) -> RefreshToken:
    """A refresh token that is good still."""
    return RefreshToken(**_token(grant, issuer))


def show_reference_token(grant: Grant, issuer: str) -> ReferenceToken:
    """A reference token that is good still."""
    return ReferenceToken(**_token(grant, issuer))


def show_code(grant: Grant, _: str) -> AuthorizationCode:
    """An authorisation code that was not used yet."""
    return AuthorizationCode(
        id=encode(grant.id),
        client_id=grant.app_id,
        creation_time=show_time(grant.created_at),
        session_id=_session_id(grant),
        authorized_scopes=grant.scopes,
        expiration=show_time_or_none(grant.expires_at),
    )


def show_consent(grant: Grant, _: str) -> UserConsent:
    """What the user agreed to."""
    return UserConsent(
        id=encode(grant.id),
        client_id=grant.app_id,
        creation_time=show_time(grant.created_at),
        scopes=[
            UserConsentScope(scope.scope, show_time(scope.granted_at), show_time_or_none(scope.expires_at))
            for scope in grant.consented
        ],
    )


def show_clients(grants: Iterable[Grant]) -> list[UserClientGrants]:
    """What each application holds, in the order in which they first got something."""
    found: dict[str, UserClientGrants] = {}
    for grant in grants:
        held = found.setdefault(
            grant.app_id,
            UserClientGrants(
                client_id=grant.app_id, consented=False, refresh_tokens=0, reference_tokens=0, authorization_codes=0
            ),
        )
        held.consented |= grant.kind == "consent"
        held.refresh_tokens += grant.kind == "refresh_token"
        held.reference_tokens += grant.kind == "reference_token"
        held.authorization_codes += grant.kind == "code"
    return list(found.values())


def _token(grant: Grant, issuer: str) -> dict[str, Any]:
    return {
        "id": encode(grant.id),
        "client_id": grant.app_id,
        "creation_time": show_time(grant.created_at),
        "session_id": _session_id(grant),
        "is_session_bound": grant.session_bound,
        "scopes": grant.scopes,
        "expiration": show_time_or_none(grant.expires_at),
        "audiences": grant.audiences,
        "issuer": issuer,
    }


def _session_id(grant: Grant) -> str | None:
    return None if grant.session_id is None else show_session_id(grant.session_id)
