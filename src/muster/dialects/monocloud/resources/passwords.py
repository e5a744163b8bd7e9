"""A user's password: set, change, remove, demand a new one, hand out a link for choosing one."""

from msgspec.structs import replace

from muster.core.actor import Permissions as May
from muster.core.credentials import passwords
from muster.core.credentials.attempts import Attempt
from muster.core.events import Context
from muster.core.sessions.actions import end_sessions_of
from muster.core.sessions.grants import Which, revoke_grants
from muster.core.settings.actions import sign_in_settings
from muster.core.settings.rules import lock_policy
from muster.core.tickets.actions import issue_ticket
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.actions import HashedPassword
from muster.core.users.model import MustChange, User
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.monocloud.operation import Operation
from muster.dialects.monocloud.passwords import check_one, check_policy, check_reuse, hashed
from muster.dialects.monocloud.problems import IdentityProblem, KeyProblem
from muster.dialects.monocloud.resources.one_user import read_user, services_of, user_reply, with_user
from muster.dialects.monocloud.schema.users import ChangePasswordRequest, ResetPasswordRequest, SetPasswordRequest
from muster.dialects.monocloud.validation import body_of
from muster.dialects.monocloud.wire.times import show_time
from muster.dialects.monocloud.wire.users import ResetPasswordResponse
from muster.dialects.monocloud.wire.users import User as ShownUser

RESET_PATH = "ui/passwordReset/verify"
"""Below the public address: the page that a link for choosing a password leads to."""


async def sign_out(tx: Transaction, user: User) -> None:
    """End every session of the user and make every opaque token useless; what the user consented to stays."""
    await end_sessions_of(tx, user, "revoked")
    await revoke_grants(tx, user, Which(kinds=("code", "refresh_token", "reference_token")))


async def set_(call: Call) -> Reply:
    """A new password by an administrator; it must be changed at the next sign-in unless the request says otherwise."""
    body = body_of(call, SetPasswordRequest)
    check_one(body.password, body.password_hash, "password")
    if body.password is None and body.password_hash is None:
        raise KeyProblem({"password": ["The password field is required."]})
    services = services_of(call)
    if body.password is not None:
        settings = await sign_in_settings(call.store, call.tenant_id)
        check_policy(settings, body.password, skip=body.skip_password_policy_checks)
        if not body.skip_password_policy_checks:
            await check_reuse(services, settings, body.password, await read_user(call))
    password = await hashed(services, body.password, body.password_hash, "password")
    assert password is not None, "one of the two was given"
    user = await with_user(call, _set, password, temporary=body.is_temporary_password, revoke=body.revoke_sessions)
    return await user_reply(call, user)


async def _set(tx: Transaction, user: User, password: HashedPassword, *, temporary: bool, revoke: bool) -> User:
    must_change = MustChange(by=tx.now, why="temporary") if temporary else None
    user = await actions.set_password(tx, user, password, must_change=must_change)
    if revoke:
        await sign_out(tx, user)
    return user


async def change(call: Call) -> Reply:
    """The user's own change: the old password is checked, and a wrong one counts as a failure."""
    body = body_of(call, ChangePasswordRequest)
    check_one(body.new_password, body.new_password_hash, "new_password")
    if body.new_password is None and body.new_password_hash is None:
        raise KeyProblem({"new_password": ["The new_password field is required."]})
    services = services_of(call)
    settings = await sign_in_settings(call.store, call.tenant_id)
    if body.revoke_sessions:  # asked before anything is changed
        call.caller.must(May.SESSIONS_REVOKE)
        call.caller.must(May.GRANTS_REVOKE)
    user = await read_user(call)
    # The address is the calling program's, not the person's: it is neither counted nor remembered.
    attempt = Attempt(
        tenant_id=call.tenant_id,
        actor=call.caller,
        who=user.id,
        policy=replace(lock_policy(settings), address_failures=None),
        context=Context(call.request_id),
    )
    if body.new_password is not None:
        check_policy(settings, body.new_password, skip=False)
        await check_reuse(services, settings, body.new_password, user)
        after = await services.checks.change_password(
            attempt, body.old_password, body.new_password, end_sessions=body.revoke_sessions
        )
        if body.revoke_sessions:
            await with_user(call, sign_out)
    else:
        password = await hashed(services, None, body.new_password_hash, "new_password")
        assert password is not None, "a hash was given"
        await services.checks.check_password(attempt, body.old_password)
        after = await with_user(call, _set, password, temporary=False, revoke=body.revoke_sessions)
    return await user_reply(call, after)


async def remove(call: Call) -> Reply:
    """No password any more."""
    await with_user(call, actions.remove_password)
    return empty()


async def require_change(call: Call) -> Reply:
    """The password must be changed at the next sign-in."""
    return await user_reply(call, await with_user(call, passwords.require_change, "admin"))


async def clear_change(call: Call) -> Reply:
    """The password may stay."""
    return await user_reply(call, await with_user(call, passwords.clear_change))


async def make_reset_link(call: Call) -> Reply:
    """A link by which whoever holds it chooses a new password, once; mailed too if asked for."""
    body = body_of(call, ResetPasswordRequest)
    settings = await sign_in_settings(call.store, call.tenant_id)
    lifetime = settings.reset_lifetime if body.expiry is None else body.expiry * 1000
    page = f"{call.site.public_url}{RESET_PATH}"
    return json_reply(200, await with_user(call, _reset_link, lifetime, page, mail=body.send_email))


async def _reset_link(tx: Transaction, user: User, lifetime: int, page: str, *, mail: bool) -> ResetPasswordResponse:
    # An address that nobody has proved may be somebody else's, who would then own the account.
    to = next((email.value for email in user.emails if email.verified), None)
    if mail and to is None:
        raise IdentityProblem(("VerifiedEmailRequired", "The user has no verified email."))
    ticket, text = await issue_ticket(tx, user, "reset_password", lifetime=lifetime)
    link = f"{page}?state={text}"
    if mail and to is not None:
        tx.send("password_reset", to, user_id=user.id, link=link, expires_at=ticket.expires_at)
    return ResetPasswordResponse(link, show_time(ticket.expires_at), mail)


_PATH = "/users/{user_id}/password"

ROUTES = [
    Route(
        "PUT",
        _PATH,
        set_,
        needs=(May.PASSWORDS_SET,),
        title="setPassword",
        about=Operation(body=SetPasswordRequest, answer=ShownUser),
    ),
    Route(
        "DELETE",
        _PATH,
        remove,
        needs=(May.PASSWORDS_SET,),
        title="removePassword",
        about=Operation(status=204),
    ),
    Route(
        "PUT",
        f"{_PATH}/change",
        change,
        needs=(May.PASSWORDS_SET,),
        title="changePassword",
        about=Operation(body=ChangePasswordRequest, answer=ShownUser),
    ),
    Route(
        "POST",
        f"{_PATH}/force_reset",
        require_change,
        needs=(May.PASSWORDS_SET,),
        title="setPasswordResetRequired",
        about=Operation(answer=ShownUser),
    ),
    Route(
        "DELETE",
        f"{_PATH}/force_reset",
        clear_change,
        needs=(May.PASSWORDS_SET,),
        title="removePasswordResetRequired",
        about=Operation(answer=ShownUser),
    ),
    Route(
        "POST",
        f"{_PATH}/reset",
        make_reset_link,
        needs=(May.TICKETS_CREATE,),
        title="resetPassword",
        about=Operation(body=ResetPasswordRequest, answer=ResetPasswordResponse),
    ),
]
