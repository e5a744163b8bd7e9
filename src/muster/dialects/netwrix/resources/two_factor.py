"""The second factor: an authenticator app, enrolled, proved within a session, and reset."""

import asyncio
from typing import Any
from urllib.parse import urlsplit

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.credentials.second_factors import begin_totp, remove_factors, totp_factors
from muster.core.credentials.second_step import complete_step
from muster.core.sessions.model import Method
from muster.core.transaction import Transaction
from muster.core.users.model import User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.netwrix.access import DOOR, SignedIn, must_have_elevated, signed_in
from muster.dialects.netwrix.operation import Operation, both, request_of, required
from muster.dialects.netwrix.resources.accounts import account
from muster.dialects.netwrix.resources.attempts import attempt_as, own_attempt
from muster.dialects.netwrix.schema import sessions as session_schema
from muster.dialects.netwrix.schema import users as schema
from muster.dialects.netwrix.services import Services
from muster.dialects.netwrix.wire.names import Names, names_of
from muster.dialects.netwrix.wire.sessions import show_session
from muster.dialects.netwrix.wire.times import show_time
from muster.dialects.netwrix.wire.users import MESSAGE_VERSION, registration


async def status(call: Call) -> Reply:
    """Before signing in: whether a code is wanted, and while one must still enrol, the secret and its picture.

    The password is asked for, and a wrong one counts.
    """
    request = request_of(call)
    required(request, "UserName", "Password")
    services: Services = call.services
    names = await names_of(call.store, call.tenant_id)
    attempt = await attempt_as(call, names, request["UserName"])
    user = await services.checks.check_password(attempt, request["Password"])
    setup: dict[str, Any] = {}
    if user.mfa.required and not totp_factors(user, confirmed=True):
        may = frozenset({May.SELF_FACTORS})
        actor = Actor(kind="user", id=user.id, door=DOOR, permissions=may, user_id=user.id)
        user, secret = await call.runner.run_from(call.context, call.tenant_id, actor, _begin, user.id, services)
        issuer = urlsplit(call.site.public_url).hostname or "Muster"
        address = services.codes.uri(secret, account=names.show(user), issuer=issuer)
        setup = {"SetupCode": secret, "SetupImageUrl": await asyncio.to_thread(_picture, address)}
    due = {} if user.must_change is None else {"ChangePasswordByUtc": show_time(user.must_change.by)}
    shown = {
        **due,
        **setup,
        "TwoFactorRequired": user.mfa.required,
        "TwoFactorRegistration": registration(user),
        "Version": MESSAGE_VERSION,
    }
    return json_reply(200, shown)


async def _begin(tx: Transaction, user_id: str, services: Services) -> tuple[User, str]:
    return await begin_totp(tx, await tx.need(User, user_id), services.secrets, services.codes)


def _picture(address: str) -> str:
    """A QR code as a `data:` address."""
    import segno

    return segno.make(address, error="m", micro=False).png_data_uri(scale=4)


async def elevate(call: Call) -> Reply:
    """Prove the second factor within the session; the first code of an app completes its enrolment. A wrong one counts."""
    request = request_of(call)
    required(request, "OneTimePassword")
    services: Services = call.services
    caller = signed_in(call)
    attempt = own_attempt(call)
    if totp_factors(caller.user, confirmed=False) and not totp_factors(caller.user, confirmed=True):
        await services.checks.confirm_totp(attempt, request["OneTimePassword"])
        by = "totp"
    else:
        by = (await services.checks.check_code(attempt, request["OneTimePassword"])).by
    method = Method(name=by, at=services.clock.now(), second=True)
    session = await call.act(complete_step, caller.session.id, method)
    names = await names_of(call.store, call.tenant_id)
    shown = show_session(SignedIn(session, caller.user, caller.roles, caller.token), names, services.clock.now())
    return json_reply(200, shown)


async def reset(call: Call) -> Reply:
    """No authenticator app and no codes any more; where one is demanded it must be enrolled again."""
    request = request_of(call)
    required(request, "UserName")
    must_have_elevated(call)
    names = await names_of(call.store, call.tenant_id)
    await call.act(_reset, call, names, request["UserName"])
    return empty()


async def _reset(tx: Transaction, call: Call, names: Names, name: str) -> None:
    user = await account(tx, call, names, name)
    await remove_factors(tx, user, {"totp"}, codes=("recovery", "backup"))


ROUTES = [
    *both(
        "/users/twoFactorStatus",
        status,
        Operation(request=schema.GET_TWO_FACTOR_STATUS, answer=schema.TWO_FACTOR_STATUS),
        needs=None,
        verbs=("POST",),
    ),
    *both(
        "/users/elevateTwoFactorStatus",
        elevate,
        Operation(
            request=schema.ELEVATE,
            answer=session_schema.AUTHENTICATE_RESPONSE,
            while_waiting=True,
        ),
        verbs=("POST",),
    ),
    *both("/users/reset2fa/", reset, Operation(request=schema.RESET_USER_2FA)),
]
