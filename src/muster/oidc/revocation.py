"""Token revocation (RFC 7009): an application gives back what it no longer needs. A refresh token takes all that came of its code
with it; an opaque access token goes alone. What is no token is gone already, and answered like one that has just gone.
"""

from typing import Final

from muster.core.apps.model import Application
from muster.core.sessions.grants import revoke_family
from muster.core.sessions.model import Grant
from muster.core.sessions.refresh import worth_of
from muster.core.sessions.tokens import opens, record_id
from muster.core.transaction import Transaction
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route
from muster.oidc.acting import act
from muster.oidc.bearer import access_of
from muster.oidc.client_auth import authenticated_client
from muster.oidc.errors import UNCACHED, OAuthError
from muster.oidc.form import form_of, required

PATHS: Final = ("/oauth/revoke", "/connect/revocation")


async def revoke(call: Call) -> Reply:
    """Take a token back; 200 whether or not there was one (section 2.2)."""
    form = form_of(call)
    app = await authenticated_client(call, form)
    token = required(form, "token")
    if record_id(token) is not None:
        await act(call, app, _revoke, app, token)
    elif "." in token:
        access = await access_of(call, token)
        if access is not None and access.app_id == app.id:
            raise OAuthError("unsupported_token_type", "A JWT access token is good until it expires.")
    return Reply(200, headers=UNCACHED)


async def _revoke(tx: Transaction, app: Application, token: str) -> None:
    grant = await tx.get(Grant, record_id(token) or "")
    if grant is None or not _is_its(grant, token, tx.now, app):
        return
    if grant.app_id != app.id:
        raise OAuthError("unauthorized_client", "The token was given to another application.")
    if grant.kind == "refresh_token":
        await revoke_family(tx, grant.user_id, grant.family or grant.id)
    else:
        tx.delete(grant)
    tx.note("token.revoked", user_id=grant.user_id, grant_id=grant.id, grant_kind=grant.kind, app_id=grant.app_id)


def _is_its(grant: Grant, token: str, now: int, app: Application) -> bool:
    """Whether the text is the grant's token: for a refresh token also one that was rotated, since a thief may have rotated it."""
    if grant.kind == "refresh_token":
        return worth_of(grant, token, now, app.refresh) != "unknown"
    return grant.kind == "reference_token" and opens(token, grant.token_hash)


ROUTES: Final = [Route("POST", path, revoke, needs=None, title="Take a token back") for path in PATHS]
