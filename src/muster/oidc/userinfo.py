"""The userinfo endpoint (OpenID Connect Core section 5.3): what an access token opens of its user, by GET and POST. The token comes
as RFC 6750 has it, in the Authorization header or, by POST, in a form; never in the address, which logs and histories keep.
"""

from typing import Final

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, json_reply
from muster.dialects.kit.routes import Route
from muster.oidc.bearer import access_of
from muster.oidc.claims import Claims, claims_of, subject_of
from muster.oidc.errors import UNCACHED, OAuthError
from muster.oidc.form import FORM, form_of, media_type
from muster.oidc.tokens import userinfo_audience

PATHS: Final = ("/userinfo", "/connect/userinfo")

NOTHING: Final = "nothing_sent"
"""Nothing was sent, which is no error that has a name (RFC 6750 section 3.1)."""


async def userinfo(call: Call) -> Reply:
    """The claims of whoever the token is about; a refusal tells which token would do (RFC 6750 section 3)."""
    try:
        return json_reply(200, await _claims(call), UNCACHED)
    except OAuthError as refused:
        if refused.code == NOTHING:
            return json_reply(401, {}, [*UNCACHED, (b"www-authenticate", b"Bearer")])
        challenge = f'Bearer error="{refused.code}", error_description="{refused.why}", scope="openid"'
        body = {"error": refused.code, "error_description": refused.why}
        return json_reply(refused.status, body, [*UNCACHED, (b"www-authenticate", challenge.encode())])


async def _claims(call: Call) -> Claims:
    access = await access_of(call, _token_of(call), [userinfo_audience(call.site)])
    if access is None or access.user is None:
        raise OAuthError("invalid_token", "The access token is not good.")
    if "openid" not in access.scopes:
        raise OAuthError("insufficient_scope", "The access token does not have the scope openid.")
    return {"sub": subject_of(access.user), **claims_of(access.user, access.scopes)}


def _token_of(call: Call) -> str:
    """The one bearer token of a call (RFC 6750 section 2)."""
    header = call.header(b"authorization")
    given = []
    if header is not None:
        scheme, _, token = header.partition(b" ")
        if scheme.lower() != b"bearer" or not token.strip():
            raise OAuthError("invalid_request", "The Authorization header must be: Bearer, and an access token.")
        given.append(token.strip().decode("latin-1"))
    if call.method == "POST" and media_type(call.header(b"content-type")) == FORM:
        form = form_of(call)
        if "access_token" in form:
            given.append(form["access_token"])
    if len(given) > 1:
        raise OAuthError("invalid_request", "The access token was sent in two ways.")
    if not given:
        raise OAuthError(NOTHING)
    return given[0]


ROUTES: Final = [
    Route(method, path, userinfo, needs=None, title="Get the user's claims")
    for path in PATHS
    for method in ("GET", "POST")
]
