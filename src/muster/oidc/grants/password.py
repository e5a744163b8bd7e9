"""An application passes a user's password on: RFC 6749 section 4.3. RFC 9700 section 2.4 advises against it, so only an application
that was registered for it may, and only as far as a password alone lets its user in.

Every failure is counted as anywhere else. Whoever must prove a second factor is refused with `mfa_required`, and signs in at the
pages.
"""

from typing import Final

from msgspec.structs import replace

from muster.core.apps.model import Application
from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.credentials.attempts import Attempt, CredentialRefused, stranger
from muster.core.credentials.lockout import signed_in
from muster.core.credentials.passwords import change_due
from muster.core.credentials.second_factors import must_prove_second_factor
from muster.core.errors import Invalid, NotFound
from muster.core.records import Key
from muster.core.settings.model import SETTINGS_ID, SignInSettings
from muster.core.settings.rules import lock_policy
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, User
from muster.core.users.shapes import canonical, username_key
from muster.dialects.kit.call import Call
from muster.oidc.acting import DOOR, act_for
from muster.oidc.errors import OAuthError
from muster.oidc.form import Form, required, words
from muster.oidc.issuing import Entitled, api_named, issue, still_open
from muster.oidc.services import Services
from muster.oidc.tokens import Issued, SignedIn

GRANT_TYPE: Final = "password"


async def exchange(call: Call, app: Application, form: Form) -> Issued:
    """The tokens of a user whose identifier and password are right."""
    name, password = required(form, "username"), required(form, "password")
    settings = await call.store.get(call.tenant_id, SignInSettings, SETTINGS_ID) or SignInSettings()
    realm = await call.store.find(call.tenant_id, Connection, Key("", "connection_name", DEFAULT_NAME))
    if realm is None or realm.disabled or not settings.rules.password:
        raise OAuthError("unauthorized_client", "Nobody signs in with a password here.")
    attempt = Attempt(
        tenant_id=call.tenant_id,
        actor=stranger(DOOR),
        who=_identifier(realm.id, name),
        policy=lock_policy(settings),
        context=replace(call.context, app_id=app.id),
    )
    services: Services = call.services
    try:
        user = await services.checks.check_password(attempt, password)
    except (CredentialRefused, NotFound) as refused:
        if refused.code == "suspended":
            raise OAuthError("invalid_grant", "The user is suspended.") from None
        raise OAuthError("invalid_grant", "The user name or the password is wrong.") from None
    if must_prove_second_factor(user) or settings.rules.second_factor == "required":
        raise OAuthError("mfa_required", "A second factor must be proved: sign in at the pages.", status=403)
    if change_due(user, services.clock.now()) == "now":
        raise OAuthError("invalid_grant", "The password must be changed: sign in at the pages.")
    return await act_for(call, app, GRANT_TYPE, _exchange, user, form)


async def _exchange(tx: Transaction, app: Application, checked: User, form: Form) -> Issued:
    user = await tx.get(User, checked.id)
    if user is None or user.password != checked.password or must_prove_second_factor(user):
        raise OAuthError("invalid_grant", "The user has just changed. Please try again.")
    audience = form.get("resource") or form.get("audience")
    api = await api_named(tx, audience) if audience else None
    activity = signed_in(user.activity or Activity(), tx.context.ip, tx.now)
    user = tx.save(replace(user, activity=activity))
    tx.note("sign_in.succeeded", user_id=user.id, methods=["password"])
    how = SignedIn(auth_time=tx.now // 1000, amr=["pwd"])
    return await issue(tx, Entitled(app, user, still_open(words(form, "scope"), api), api, how))


def _identifier(realm: str, name: str) -> Key:
    """What a typed name is looked up by: an e-mail address, a phone number, or a user name."""
    for kind in ("email", "phone"):
        try:
            return Key(realm, kind, canonical(kind, name))
        except Invalid:
            continue
    return Key(realm, "username", username_key(name))
