"""Whether a user may come in, and with what: bans, locks, second factors, passwords that are checked or taken away."""

from collections.abc import Awaitable, Callable, Collection
from typing import Any, Literal

from muster.core.actor import Permissions as May
from muster.core.credentials.attempts import Attempt, CredentialRefused
from muster.core.credentials.locking import clear_address_blocks, lock, unlock
from muster.core.credentials.passwords import clear_change, require_change
from muster.core.credentials.second_factors import CodeKind, remove_factors
from muster.core.errors import Conflict
from muster.core.sessions.actions import end_sessions_of
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.model import User
from muster.dialects.clerk.operation import Operation, body_of
from muster.dialects.clerk.problems import refused
from muster.dialects.clerk.reply import answer
from muster.dialects.clerk.resources.calls import read_user, services_of, the_user, view_of
from muster.dialects.clerk.resources.user_writes import lock_end
from muster.dialects.clerk.resources.users import shown
from muster.dialects.clerk.schema import users as schema
from muster.dialects.clerk.wire.ids import DOOR, show_user_id
from muster.dialects.clerk.wire.users import show_user
from muster.dialects.kit.call import Call
from muster.dialects.kit.fields import Object
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler, Route

MOST_AT_ONCE = 50
CODE_LENGTH = 6

Change = Callable[[Call, Transaction, User], Awaitable[User]]


async def _ban(_: Call, tx: Transaction, user: User) -> User:
    """No sign-in, and no session is left."""
    user = await actions.suspend(tx, user, door=DOOR)
    await end_sessions_of(tx, user, "revoked")
    return await actions.find_user(tx, user.id)


async def _unban(_: Call, tx: Transaction, user: User) -> User:
    return await actions.unsuspend(tx, user) if user.suspended else user


async def _lock(call: Call, tx: Transaction, user: User) -> User:
    return await lock(tx, user, until=lock_end(tx.now, services_of(call)))


async def _unlock(_: Call, tx: Transaction, user: User) -> User:
    """The account opens again, and so does every address that was closed for it."""
    return await clear_address_blocks(tx, await unlock(tx, user))


async def _remove_password(call: Call, tx: Transaction, user: User) -> User:
    if user.password is None:
        raise _no_password()
    after = await actions.remove_password(tx, user)
    if body_of(call).get("sign_out_of_other_sessions"):
        await end_sessions_of(tx, after, "revoked")
    return await actions.find_user(tx, user.id)


async def _set_compromised(call: Call, tx: Transaction, user: User) -> User:
    """The password must be changed at the next sign-in."""
    if user.password is None:
        raise _no_password()
    after = (
        user
        if user.must_change is not None and user.must_change.why == "compromised"
        else (await require_change(tx, user, "compromised"))
    )
    if body_of(call).get("revoke_all_sessions"):
        await end_sessions_of(tx, after, "revoked")
    return await actions.find_user(tx, user.id)


async def _unset_compromised(_: Call, tx: Transaction, user: User) -> User:
    return await clear_change(tx, user)


def _changing(change: Change) -> Handler:
    """A handler that changes the user of the path and shows it."""

    async def handle(call: Call) -> Reply:
        async def act(tx: Transaction) -> User:
            return await change(call, tx, await the_user(tx, call.path["user_id"]))

        return await shown(call, await call.act(act))

    return handle


def _bulk(change: Change) -> Handler:
    """A handler that changes several users, all of them or none."""

    async def handle(call: Call) -> Reply:
        ids: list[str] = list(dict.fromkeys(body_of(call)["user_ids"]))
        if len(ids) > MOST_AT_ONCE:
            text = f"Parameters exceed the maximum allowed bulk processing size of {MOST_AT_ONCE}."
            raise refused(400, "bulk_size_exceeded", "bulk size exceeded", text)

        async def act(tx: Transaction) -> list[User]:
            return [await change(call, tx, await the_user(tx, shown_id)) for shown_id in ids]

        users = await call.act(act)
        view = await view_of(call)
        return answer([show_user(user, view) for user in users])

    return handle


def _clearing(kinds: Collection[str] | None, codes: Collection[Literal["recovery", "backup"]]) -> Handler:
    """A handler that removes second factors of these kinds and these codes."""

    async def handle(call: Call) -> Reply:
        async def act(tx: Transaction) -> User:
            user = await the_user(tx, call.path["user_id"])
            return await remove_factors(tx, user, kinds, codes=codes)

        return answer({"user_id": show_user_id(await call.act(act))})

    return handle


async def verify_password(call: Call) -> Reply:
    """Whether a password is the user's. It counts as an attempt."""
    password = body_of(call)["password"]
    user = await read_user(call, call.path["user_id"])
    try:
        await services_of(call).checks.check_password(_attempt(call, user), password)
    except CredentialRefused as refusal:
        if refusal.code == "no_password":
            raise _no_password() from None
        if refusal.code != "suspended":  # a banned user's password may be right all the same
            text = "The provided password is not the one the user has set"
            raise refused(422, "incorrect_password", "incorrect password", text) from None
    return answer({"verified": True})


async def verify_totp(call: Call) -> Reply:
    """Whether a code is that of the user's app, or an unused backup code, which it uses up. It counts as an attempt."""
    code: str = body_of(call)["code"].strip()
    user = await read_user(call, call.path["user_id"])
    if len(code) != CODE_LENGTH and not user.codes:
        text = "The provided TOTP code must be 6 characters long."
        raise refused(422, "totp_invalid_length", "invalid length", text)
    try:
        proved = await services_of(call).checks.check_code(_attempt(call, user), code)
    except Conflict as conflict:
        if conflict.code != "no_second_factor":
            raise
        text = "This user does not have TOTP enabled in their account"
        raise refused(400, "totp_disabled", "TOTP is disabled", text) from None
    except CredentialRefused as refusal:
        if refusal.code != "suspended":
            text = "The provided TOTP code is incorrect"
            raise refused(422, "totp_incorrect_code", "incorrect TOTP", text) from None
        return answer({"verified": True, "code_type": "totp"})
    return answer({"verified": True, "code_type": "totp" if proved.by == "totp" else "backup_code"})


def _attempt(call: Call, user: User) -> Attempt:
    """The address is the calling program's and not the person's, so nothing is counted against it."""
    return Attempt(tenant_id=call.tenant_id, actor=call.caller, who=user.id, policy=services_of(call).lockout)


def _no_password() -> Exception:
    text = "This user does not have a password set for their account"
    return refused(400, "no_password_set", "no password set", text)


EVERY_CODE: Collection[CodeKind] = ("recovery", "backup")


def _route(
    method: str,
    path: str,
    handler: Handler,
    title: str,
    needs: str,
    *,
    body: Object | None = None,
    answers: Any = schema.USER,
) -> Route:
    about = Operation(body=body, answer=answers)
    return Route(method, path, handler, needs=(needs,), title=title, about=about)


ROUTES = [
    _route("POST", "/users/{user_id}/ban", _changing(_ban), "Ban a user", May.USERS_SUSPEND),
    _route("POST", "/users/{user_id}/unban", _changing(_unban), "Unban a user", May.USERS_SUSPEND),
    _route(
        "POST",
        "/users/ban",
        _bulk(_ban),
        "Ban multiple users",
        May.USERS_SUSPEND,
        body=schema.BULK,
        answers=schema.USERS,
    ),
    _route(
        "POST",
        "/users/unban",
        _bulk(_unban),
        "Unban multiple users",
        May.USERS_SUSPEND,
        body=schema.BULK,
        answers=schema.USERS,
    ),
    _route("POST", "/users/{user_id}/lock", _changing(_lock), "Lock a user", May.USERS_SUSPEND),
    _route("POST", "/users/{user_id}/unlock", _changing(_unlock), "Unlock a user", May.USERS_UNLOCK),
    _route(
        "POST",
        "/users/{user_id}/remove_password",
        _changing(_remove_password),
        "Remove password from a user",
        May.PASSWORDS_SET,
        body=schema.REMOVE_PASSWORD,
    ),
    _route(
        "POST",
        "/users/{user_id}/password/set_compromised",
        _changing(_set_compromised),
        "Set a user's password as compromised",
        May.PASSWORDS_SET,
        body=schema.SET_COMPROMISED,
    ),
    _route(
        "POST",
        "/users/{user_id}/password/unset_compromised",
        _changing(_unset_compromised),
        "Unset a user's password as compromised",
        May.PASSWORDS_SET,
    ),
    _route(
        "POST",
        "/users/{user_id}/verify_password",
        verify_password,
        "Verify the password of a user",
        May.PASSWORDS_CHECK,
        body=schema.VERIFY_PASSWORD,
        answers=schema.PASSWORD_VERIFIED,
    ),
    _route(
        "POST",
        "/users/{user_id}/verify_totp",
        verify_totp,
        "Verify a TOTP or backup code for a user",
        May.PASSWORDS_CHECK,
        body=schema.VERIFY_TOTP,
        answers=schema.TOTP_VERIFIED,
    ),
    _route(
        "DELETE",
        "/users/{user_id}/mfa",
        _clearing(None, EVERY_CODE),
        "Disable a user's MFA methods",
        May.FACTORS_CLEAR,
        answers=schema.MFA_GONE,
    ),
    _route(
        "DELETE",
        "/users/{user_id}/totp",
        _clearing(("totp",), ()),
        "Delete all the user's TOTPs",
        May.FACTORS_CLEAR,
        answers=schema.MFA_GONE,
    ),
    _route(
        "DELETE",
        "/users/{user_id}/backup_code",
        _clearing((), EVERY_CODE),
        "Disable all user's backup codes",
        May.FACTORS_CLEAR,
        answers=schema.MFA_GONE,
    ),
]
