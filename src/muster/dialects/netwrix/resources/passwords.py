"""Passwords: check, change, preview and reset."""

from muster.core.errors import Invalid
from muster.core.sessions.actions import end_sessions_of
from muster.core.tenants.first_password import forget_first_password
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword, set_password
from muster.core.users.model import MustChange, User
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import Forbidden
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.netwrix.access import MANAGES, must_have_elevated, signed_in, waits_for
from muster.dialects.netwrix.operation import Operation, both, request_of, required
from muster.dialects.netwrix.resources.accounts import account
from muster.dialects.netwrix.resources.attempts import attempt_as, own_attempt
from muster.dialects.netwrix.resources.new_passwords import checked, generated, hashed
from muster.dialects.netwrix.schema import users as schema
from muster.dialects.netwrix.services import DAY, Services
from muster.dialects.netwrix.wire.names import Names, names_of
from muster.dialects.netwrix.wire.previews import GOOD_FOR, Preview, mark_of, open_preview, seal_preview
from muster.dialects.netwrix.wire.times import show_time
from muster.dialects.netwrix.wire.users import MESSAGE_VERSION, signs_in_elsewhere


async def validate(call: Call) -> Reply:
    """Whether a password is the user's; with the current one beside it, whether it might follow that one.

    Anybody may ask, so a wrong one counts as a failed sign-in, and an unknown user looks like a wrong password.
    """
    request = request_of(call)
    required(request, "UserName", "Password")
    services: Services = call.services
    current = request.get("CurrentPassword")
    names = await names_of(call.store, call.tenant_id)
    attempt = await attempt_as(call, names, request["UserName"])
    await services.checks.check_password(attempt, current or request["Password"])
    if current:
        checked(services.settings, request["Password"])
    return empty()


async def update_password(call: Call) -> Reply:
    """A new password, one's own or somebody else's; the current one that is asked for is the caller's in either case."""
    request = request_of(call)
    required(request, "UserName", "CurrentPassword", "Password")
    must_have_elevated(call)
    services: Services = call.services
    caller = signed_in(call)
    names = await names_of(call.store, call.tenant_id)
    waiting = waits_for(caller, services.clock.now())
    if waiting == "second_factor_due":
        raise Forbidden(waiting)
    target = await call.act(_the_target, call, names, request["UserName"])
    if waiting is not None and target.id != caller.user.id:
        raise Forbidden(waiting)
    checked(services.settings, request["Password"])
    attempt = own_attempt(call)
    if target.id == caller.user.id:
        await services.checks.change_password(
            attempt, request["CurrentPassword"], request["Password"], end_sessions=True, keep_session=caller.session.id
        )
        await call.act(_forget, target.id)
        return empty()
    await services.checks.check_password(attempt, request["CurrentPassword"])
    password = await hashed(services, request["Password"])
    await call.act(_set, call, names, request["UserName"], password)
    return empty()


async def _the_target(tx: Transaction, call: Call, names: Names, name: str) -> User:
    """Who it is about, refused before any password is looked at."""
    user = await account(tx, call, names, name)
    if signs_in_elsewhere(user):
        raise Invalid("external_account")
    return user


async def _forget(tx: Transaction, user_id: str) -> None:
    await forget_first_password(tx, await tx.need(User, user_id))


async def _set(
    tx: Transaction,
    call: Call,
    names: Names,
    name: str,
    password: HashedPassword,
    must_change: MustChange | None = None,
    preview: Preview | None = None,
) -> None:
    """Somebody else's new password; whoever is signed in with the old one is so no longer."""
    user = await account(tx, call, names, name, own=False)
    if signs_in_elsewhere(user):
        raise Invalid("external_account")
    if preview is not None and not preview.is_for(user, call.caller.user_id, tx.now):
        raise Invalid("preview_token")
    kept = user.must_change if must_change is None else must_change
    user = await set_password(tx, user, password, must_change=kept)
    await end_sessions_of(tx, user)
    await forget_first_password(tx, user)


async def preview(call: Call) -> Reply:
    """A password as a reset would make it, and the token with which to apply just this one. Nothing is changed."""
    request = request_of(call)
    required(request, "UserName")
    must_have_elevated(call)
    services: Services = call.services
    names = await names_of(call.store, call.tenant_id)
    user = await call.act(_somebody_else, call, names, request["UserName"])
    password = generated(services.settings)
    until = services.clock.now() + GOOD_FOR
    made = Preview(user.id, signed_in(call).user.id, password, mark_of(user), until)
    token = seal_preview(made, services.secrets, call.tenant_id)
    return json_reply(200, {"Password": password, "PreviewToken": token, "Version": MESSAGE_VERSION})


async def _somebody_else(tx: Transaction, call: Call, names: Names, name: str) -> User:
    user = await account(tx, call, names, name, own=False)
    if signs_in_elsewhere(user):
        raise Invalid("external_account")
    return user


async def reset(call: Call) -> Reply:
    """A temporary password for somebody else: the one given, the previewed one, or one that the server makes now."""
    request = request_of(call)
    required(request, "UserName")
    must_have_elevated(call)
    services: Services = call.services
    token, given = request.get("PreviewToken"), request.get("NewPassword")
    if token and given:
        raise Invalid("preview_and_password")
    names = await names_of(call.store, call.tenant_id)
    await call.act(_somebody_else, call, names, request["UserName"])
    previewed = None
    if token:
        previewed = open_preview(token, services.secrets, call.tenant_id)
        if previewed is None:
            raise Invalid("preview_token")
    if given:
        checked(services.settings, given)
    password = previewed.password if previewed is not None else given or generated(services.settings)
    by = services.clock.now() + services.settings.temporary_days * DAY
    temporary = MustChange(by=by, why="temporary")
    await call.act(_set, call, names, request["UserName"], await hashed(services, password), temporary, previewed)
    return json_reply(200, {"Password": password, "ChangeByDateUtc": show_time(by), "Version": MESSAGE_VERSION})


ROUTES = [
    *both(
        "/users/validatePassword/",
        validate,
        Operation(request=schema.VALIDATE_PASSWORD),
        needs=None,
    ),
    *both(
        "/users/updatePassword/",
        update_password,
        Operation(request=schema.UPDATE_PASSWORD, while_waiting=True),
    ),
    *both(
        "/users/resetPassword/",
        reset,
        Operation(request=schema.RESET_PASSWORD, answer=schema.RESET_PASSWORD_RESPONSE),
        needs=MANAGES,
    ),
    *both(
        "/users/previewResetPassword/",
        preview,
        Operation(
            request=schema.PREVIEW_RESET_PASSWORD,
            answer=schema.PREVIEW_RESET_PASSWORD_RESPONSE,
        ),
        needs=MANAGES,
        verbs=("POST",),
    ),
]
