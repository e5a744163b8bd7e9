"""A code is exchanged for tokens: RFC 6749 section 4.1.3, PKCE (RFC 7636 section 4.6), resource indicators (RFC 8707 section 2.2).

A code is good once, for two exchanges at the same moment too: the second one takes back all that came of the first (RFC 6749
section 10.5), since one of the two was made by a thief.
"""

import base64
import hashlib
import re
from hmac import compare_digest
from typing import Final

from msgspec.structs import replace

from muster.core.apps.model import Application
from muster.core.sessions.grants import revoke_family
from muster.core.sessions.model import Grant, Session
from muster.core.sessions.tokens import opens, record_id
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.oidc.acting import act_for
from muster.oidc.errors import OAuthError
from muster.oidc.form import Form, required
from muster.oidc.issuing import Entitled, api_named, issue, must_be_in_good_standing, still_open
from muster.oidc.tokens import Issued, SignedIn

GRANT_TYPE: Final = "authorization_code"

_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")


async def exchange(call: Call, app: Application, form: Form) -> Issued:
    """The tokens that a code stands for."""
    code = required(form, "code")
    issued = await act_for(call, app, GRANT_TYPE, _exchange, code, form)
    if issued is None:
        raise OAuthError("invalid_grant", "The code was used before. All that came of it has been taken back.")
    return issued


async def _exchange(tx: Transaction, app: Application, code: str, form: Form) -> Issued | None:
    """The act; None when the code was used before, which commits that its tokens are gone."""
    grant = await _presented(tx, app, code)
    if grant.spent_at is not None:
        gone = await revoke_family(tx, grant.user_id, grant.id)
        tx.note("token.reused", user_id=grant.user_id, grant_kind="code", grant_id=grant.id, count=len(gone))
        return None
    if not grant.is_active(tx.now):
        raise OAuthError("invalid_grant", "The code has expired.")
    _must_match(grant, form)
    if grant.session_id is not None:
        session = await tx.get(Session, grant.session_id)
        if session is None or session.status(tx.now) != "active":
            raise OAuthError("invalid_grant", "The user has signed out.")
    audience = grant.audiences[0] if grant.audiences else ""
    asked = form.get("resource") or form.get("audience") or audience
    if asked != audience:
        raise OAuthError("invalid_target", "The code is for another API.")
    api = await api_named(tx, audience) if audience else None
    user = must_be_in_good_standing(await tx.get(User, grant.user_id))
    tx.save(replace(grant, spent_at=tx.now, used_at=tx.now))
    signed_in = SignedIn.of(grant.request, grant.session_id)
    return await issue(tx, Entitled(app, user, still_open(grant.scopes, api), api, signed_in, grant.id))


async def _presented(tx: Transaction, app: Application, code: str) -> Grant:
    """The grant of a code, if it was given to this application; one answer for every other text."""
    id_ = record_id(code)
    grant = None if id_ is None else await tx.get(Grant, id_)
    if grant is None or grant.kind != "code" or not opens(code, grant.token_hash) or grant.app_id != app.id:
        raise OAuthError("invalid_grant", "The code is not good.")
    return grant


def _must_match(grant: Grant, form: Form) -> None:
    """What bound the authorization request must be said again."""
    if form.get("redirect_uri") != grant.request.get("redirect_uri"):
        raise OAuthError("invalid_grant", "The redirect_uri is not that of the authorization request.")
    challenge, verifier = grant.request.get("code_challenge"), form.get("code_verifier")
    if not challenge and verifier is None:
        return
    if not challenge:
        # RFC 9700 section 4.8.2: somebody may have taken the challenge out of the request.
        raise OAuthError(
            "invalid_grant", "There is a code_verifier, but the authorization request had no code_challenge."
        )
    if verifier is None:
        raise OAuthError("invalid_grant", "The parameter code_verifier is missing.")
    if not _VERIFIER.fullmatch(verifier) or not compare_digest(_challenge_of(verifier), str(challenge)):
        raise OAuthError("invalid_grant", "The code_verifier does not belong to the code_challenge.")


def _challenge_of(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
