"""A refresh token is exchanged: RFC 6749 section 6, with rotation and the detection of reuse (RFC 9700 section 4.14.2), and ID
tokens as OpenID Connect Core section 12.2 has them.

This is the endpoint's hottest path: the grant, the user and the application are read by their ids, and one commit keeps the new
token, the new access token and the event.
"""

from typing import Final

from msgspec.structs import replace

from muster.core.apps.model import Application
from muster.core.ids import new_id
from muster.core.sessions.grants import revoke_family
from muster.core.sessions.model import Grant, Session
from muster.core.sessions.refresh import rotated, worth_of
from muster.core.sessions.tokens import new_token, record_id
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.oidc.acting import act_for
from muster.oidc.errors import OAuthError
from muster.oidc.form import Form, required, words
from muster.oidc.issuing import Entitled, api_named, may_refresh, must_be_in_good_standing, opaque_access, still_open
from muster.oidc.tokens import Issued, SignedIn

GRANT_TYPE: Final = "refresh_token"

MOST_ACCESS: Final = 20
"""Opaque access tokens that one refresh token keeps alive; one more takes the place of the oldest."""


async def exchange(call: Call, app: Application, form: Form) -> Issued:
    """New tokens for a refresh token."""
    token = required(form, "refresh_token")
    issued = await act_for(call, app, GRANT_TYPE, _exchange, token, form)
    if issued is None:
        raise OAuthError("invalid_grant", "The refresh token was used before. All that came of it has been taken back.")
    return issued


async def _exchange(tx: Transaction, app: Application, token: str, form: Form) -> Issued | None:
    """The act; None when the token was exchanged before, which commits that its family is gone."""
    id_ = record_id(token)
    grant = None if id_ is None else await tx.get(Grant, id_)
    if grant is None or grant.kind != "refresh_token" or grant.app_id != app.id:
        raise _refused()
    worth = worth_of(grant, token, tx.now, app.refresh)
    if worth == "unknown":
        raise _refused()
    if worth == "reused":
        gone = await revoke_family(tx, grant.user_id, grant.family or grant.id)
        tx.note("token.reused", user_id=grant.user_id, grant_kind=grant.kind, grant_id=grant.id, count=len(gone))
        return None
    if not grant.is_active(tx.now):
        raise OAuthError("invalid_grant", "The refresh token has expired.")
    await _must_not_be_signed_out(tx, grant)
    api = await api_named(tx, grant.audiences[0]) if grant.audiences else None
    if form.get("resource", form.get("audience", api.identifier if api else "")) != (api.identifier if api else ""):
        raise OAuthError("invalid_target", "The refresh token is for another API.")
    if not may_refresh(app, api):
        raise OAuthError("invalid_grant", "The application may not refresh any more.")
    user = must_be_in_good_standing(await tx.get(User, grant.user_id))
    scopes = _narrowed(still_open(grant.scopes, api), words(form, "scope"))
    signed_in = SignedIn.of(grant.request, grant.session_id)
    new: str | None = None
    after = replace(grant, used_at=tx.now)
    if app.refresh.rotating:
        after, new = rotated(grant, token, tx.now)
    opaque: str | None = None
    if api is None:
        entitled = Entitled(app, user, scopes, None, signed_in, grant.family or grant.id)
        ids, opaque = await _new_access(tx, grant, opaque_access(tx, entitled))
        after = replace(after, access_ids=ids)
    device = replace(grant.device, last_ip=tx.context.ip, last_user_agent=tx.context.user_agent)
    tx.save(replace(after, device=device))
    return Issued(app, user, scopes, api, signed_in, opaque, new)


def _refused() -> OAuthError:
    """The one answer to what is no refresh token of this application."""
    return OAuthError("invalid_grant", "The refresh token is not good.")


async def _must_not_be_signed_out(tx: Transaction, grant: Grant) -> None:
    if grant.session_bound:
        session = await tx.get(Session, grant.session_id or "")
        if session is None or session.status(tx.now) != "active":
            raise OAuthError("invalid_grant", "The user has signed out.")


def _narrowed(granted: list[str], wanted: list[str]) -> list[str]:
    """What this access token is to allow: never more than was granted (RFC 6749 section 6)."""
    if not set(wanted) <= set(granted):
        raise OAuthError("invalid_scope", "The scope is more than was granted.")
    return [scope for scope in granted if scope in wanted] if wanted else granted


async def _new_access(tx: Transaction, grant: Grant, access: Grant) -> tuple[list[str], str]:
    """The ids of the family's opaque access tokens with a new one at the end, and its text.

    It takes the row of the oldest if that has died or is one too many: to change a row costs a third of making one and deleting
    another. The user's other grants, which may be many, are not looked at.
    """
    ids = list(grant.access_ids)
    oldest = await tx.get(Grant, ids.pop(0)) if ids else None
    id_ = new_id(tx.now) if oldest is None else oldest.id
    if oldest is not None and oldest.is_active(tx.now) and len(ids) + 1 < MOST_ACCESS:
        ids.insert(0, oldest.id)
        oldest, id_ = None, new_id(tx.now)
    token, token_hash = new_token(id_)
    new = replace(access, id=id_, created_at=tx.now, token_hash=token_hash, session_bound=grant.session_bound)
    if oldest is None:
        tx.insert(new)
    else:
        tx.save(replace(new, version=oldest.version))
    return [*ids, id_], token
