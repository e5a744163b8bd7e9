"""E-mail addresses and phone numbers by their own ids, and what of a user is removed by an id within the user."""

from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from muster.core.actor import Permissions as May
from muster.core.credentials.second_factors import set_factors
from muster.core.errors import Conflict, NotFound
from muster.core.ids import new_id, random_text
from muster.core.transaction import Transaction
from muster.core.users import actions, addresses, flags
from muster.core.users.model import Address, Factor, User
from muster.core.users.shapes import Kind
from muster.dialects.clerk import problems
from muster.dialects.clerk.checking import plain_number
from muster.dialects.clerk.operation import Operation, body_of
from muster.dialects.clerk.problems import Refused, refused
from muster.dialects.clerk.reply import answer, deleted
from muster.dialects.clerk.resources.calls import the_user
from muster.dialects.clerk.resources.user_writes import last_identification, make_primary, tell_old_address
from muster.dialects.clerk.schema import addresses as schema
from muster.dialects.clerk.schema.listing import DELETED
from muster.dialects.clerk.schema.users import EMAIL_ADDRESS, PHONE_NUMBER
from muster.dialects.clerk.wire.ids import DOOR, read_id
from muster.dialects.clerk.wire.users import phone_factor, show_email, show_phone
from muster.dialects.kit.call import Call
from muster.dialects.kit.fields import Object
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Handler, Route

Shown = tuple[User, Address]


class Sort(NamedTuple):
    """One kind of address in this API's words."""

    kind: Kind
    param: str
    show: Callable[[User, Address], dict[str, Any]]

    def value_in(self, body: dict[str, Any]) -> str:
        value: str = body[self.param]
        return plain_number(value) if self.kind == "phone" else value


EMAIL = Sort("email", "email_address", show_email)
PHONE = Sort("phone", "phone_number", show_phone)


def _creating(sort: Sort) -> Handler:
    async def create(call: Call) -> Reply:
        """One more address, proved by the caller's word or not."""
        body = body_of(call)
        user, address = await call.act(_create, sort, body)
        return answer(sort.show(user, address))

    return create


async def _create(tx: Transaction, sort: Sort, body: dict[str, Any]) -> Shown:
    user = await the_user(tx, body["user_id"])
    verified = body.get("verified") is True
    if body.get("reserved_for_second_factor") and not verified:
        text = "Unverified identifications cannot be a second factor"
        raise refused(400, "identification_create_second_factor_unverified", "Create failed", text)
    primary = body.get("primary") is True
    if primary and not verified:
        raise _needs_verification("primary")
    if primary and body.get("notify_primary_email_address_changed"):
        tell_old_address(tx, user)
    try:
        user, address = await addresses.add_address(
            tx, user, sort.kind, sort.value_in(body), verified=verified, primary=primary, door=DOOR
        )
    except Conflict:
        raise _taken(sort) from None
    if body.get("reserved_for_second_factor"):
        user = await _reserve(tx, user, address, reserved=True)
    return user, address


def _getting(sort: Sort) -> Handler:
    async def get(call: Call) -> Reply:
        """One address."""
        call.caller.must(May.USERS_READ)
        id_ = _id_of(call, sort)
        user = await addresses.owner_of(call.store, call.tenant_id, id_)
        if user is None:
            raise NotFound(sort.kind)
        return answer(sort.show(user, addresses.address_of(user, sort.kind, id_)))

    return get


def _updating(sort: Sort) -> Handler:
    async def update(call: Call) -> Reply:
        """Whether it is proved, shown, and a second factor."""
        body = body_of(call)
        user, address = await call.act(_update, sort, _id_of(call, sort), body)
        return answer(sort.show(user, address))

    return update


async def _update(tx: Transaction, sort: Sort, id_: str, body: dict[str, Any]) -> Shown:
    user, address = await _owner(tx, sort, id_)
    if body.get("verified") is not None and body["verified"] != address.verified:
        user = await actions.set_verified(tx, user, sort.kind, id_, verified=body["verified"])
        if body["verified"] is False and phone_factor(user, address) is not None:
            user = await _reserve(tx, user, address, reserved=False)
    if body.get("primary"):
        notify = body.get("notify_primary_email_address_changed") is True
        user = await make_primary(tx, user, sort.kind, id_, "primary", notify=notify)
    if body.get("reserved_for_second_factor") is not None:
        address = addresses.address_of(user, sort.kind, id_)
        user = await _reserve(tx, user, address, reserved=body["reserved_for_second_factor"])
    return user, addresses.address_of(user, sort.kind, id_)


def _deleting(sort: Sort) -> Handler:
    async def delete(call: Call) -> Reply:
        """The address goes; it must not be the last thing that names the user."""
        await call.act(_delete, sort, _id_of(call, sort))
        return deleted(sort.param, call.path["id"])

    return delete


async def _delete(tx: Transaction, sort: Sort, id_: str) -> None:
    user, address = await _owner(tx, sort, id_)
    if address.links and any(link.id in address.links for link in user.links):
        what = "email address" if sort.kind == "email" else "phone number"
        text = (
            f"This {what} is linked to one or more Connected Accounts. Remove the Connected Account before deleting "
            f"this {what}."
        )
        raise refused(400, "delete_linked_identification_disallowed", f"Deleting a linked {what} is not allowed", text)
    _keep_one(user)
    if phone_factor(user, address) is not None:
        user = await _reserve(tx, user, address, reserved=False)
    await addresses.remove_address(tx, user, sort.kind, id_)


def _replacing(sort: Sort) -> Handler:
    async def replace_all(call: Call) -> Reply:
        """This address in the place of all that the user has of its kind."""
        body = body_of(call)
        user, address = await call.act(_replace_all, sort, call.path["user_id"], body)
        return answer(sort.show(user, address))

    return replace_all


async def _replace_all(tx: Transaction, sort: Sort, shown_id: str, body: dict[str, Any]) -> Shown:
    user = await the_user(tx, shown_id)
    status = body.get("identification_status", "verified")
    if body.get("notify_primary_email_address_changed"):
        tell_old_address(tx, user)
    if sort.kind == "phone":
        kept = {sort.value_in(body)}
        gone = [factor for factor in user.factors if factor.kind == "phone" and factor.target not in kept]
        if gone:
            user = await set_factors(tx, user, [factor for factor in user.factors if factor not in gone])
    return await addresses.replace_all(
        tx,
        user,
        sort.kind,
        sort.value_in(body),
        verified=status == "verified",
        reserved=status == "reserved",
        door=DOOR,
    )


async def _reserve(tx: Transaction, user: User, address: Address, *, reserved: bool) -> User:
    """A number becomes a second factor, or stops being one."""
    factor = phone_factor(user, address)
    if not reserved:
        if factor is None:
            return user
        return await set_factors(tx, user, [other for other in user.factors if other.id != factor.id])
    if factor is not None:
        return user
    if not address.verified:
        text = "Cannot update second factor attributes for unverified identification"
        raise refused(400, "identification_update_second_factor_unverified", "Update failed", text)
    if _identifications(user) == 1:
        text = "You cannot set your last identification as second factor."
        raise refused(400, "identification_update_failed", "Update failed", text)
    default = not any(other.kind == "phone" and other.default for other in user.factors)
    made = Factor(
        id=new_id(tx.now),
        dev=random_text(16),
        kind="phone",
        confirmed=True,
        target=address.value,
        channel="sms",
        default=default,
        created_at=tx.now,
        enrolled_at=tx.now,
    )
    others = [other for other in user.factors if not (other.kind == "phone" and other.target == address.value)]
    return await set_factors(tx, user, [*others, made])


# ------------------------------------------------------------------------------------------------ within one user


def _removing(prefixes: tuple[str, ...], object_: str, name: str, remove: "Remove") -> Handler:
    async def handle(call: Call) -> Reply:
        shown_id = call.path[name]
        id_ = next(filter(None, (read_id(prefix, shown_id) for prefix in prefixes)), "")

        async def act(tx: Transaction) -> None:
            await remove(tx, await the_user(tx, call.path["user_id"]), id_)

        await call.act(act)
        return deleted(object_, shown_id)

    return handle


Remove = Callable[[Transaction, User, str], Awaitable[object]]


async def _remove_wallet(tx: Transaction, user: User, id_: str) -> None:
    addresses.address_of(user, "wallet", id_)
    _keep_one(user)
    await addresses.remove_address(tx, user, "wallet", id_)


# ------------------------------------------------------------------------------------------------------ in common


async def _owner(tx: Transaction, sort: Sort, id_: str) -> Shown:
    tx.actor.must(May.USERS_UPDATE)
    found = await addresses.owner_of(tx.store, tx.tenant_id, id_)
    if found is None:
        raise NotFound(sort.kind)
    user = await actions.find_user(tx, found.id)
    return user, addresses.address_of(user, sort.kind, id_)


def _id_of(call: Call, sort: Sort) -> str:
    id_ = read_id("idn", call.path["id"])
    if id_ is None:
        raise NotFound(sort.kind)
    return id_


def _identifications(user: User) -> int:
    return len(user.emails) + len(user.phones) + len(user.wallets) + (user.username is not None)


def _keep_one(user: User) -> None:
    if _identifications(user) <= 1:
        raise last_identification()


def _taken(sort: Sort) -> Refused:
    return Refused(422, [problems.taken(sort.param, sort.param.replace("_", " "))])


def _needs_verification(param: str) -> Refused:
    text = "This identification needs to be verified before you can perform this action."
    return problems.form("form_verification_needed", param, "is unverified", text)


_WRITE = (May.USERS_UPDATE,)


def _routes(sort: Sort, path: str, create: Object, update: Object, replaces: Object, shape: Object) -> list[Route]:
    what = sort.param.replace("_", " ")
    return [
        Route(
            "POST",
            path,
            _creating(sort),
            needs=_WRITE,
            title=f"Create a {what}",
            about=Operation(body=create, answer=shape),
        ),
        Route(
            "GET",
            path + "/{id}",
            _getting(sort),
            needs=(May.USERS_READ,),
            title=f"Retrieve a {what}",
            about=Operation(answer=shape),
        ),
        Route(
            "PATCH",
            path + "/{id}",
            _updating(sort),
            needs=_WRITE,
            title=f"Update a {what}",
            about=Operation(body=update, answer=shape),
        ),
        Route(
            "DELETE",
            path + "/{id}",
            _deleting(sort),
            needs=_WRITE,
            title=f"Delete a {what}",
            about=Operation(answer=DELETED),
        ),
        Route(
            "PUT",
            "/users/{user_id}/" + sort.param,
            _replacing(sort),
            needs=_WRITE,
            title=f"Replace a user's {what}",
            about=Operation(body=replaces, answer=shape),
        ),
    ]


ROUTES = [
    *_routes(EMAIL, "/email_addresses", schema.CREATE_EMAIL, schema.UPDATE_EMAIL, schema.REPLACE_EMAILS, EMAIL_ADDRESS),
    *_routes(PHONE, "/phone_numbers", schema.CREATE_PHONE, schema.UPDATE_PHONE, schema.REPLACE_PHONES, PHONE_NUMBER),
    Route(
        "DELETE",
        "/users/{user_id}/web3_wallets/{web3_wallet_identification_id}",
        _removing(("idn",), "web3_wallet", "web3_wallet_identification_id", _remove_wallet),
        needs=_WRITE,
        title="Delete a user's web3 wallet",
        about=Operation(answer=DELETED),
    ),
    Route(
        "DELETE",
        "/users/{user_id}/passkeys/{passkey_identification_id}",
        _removing(("idn",), "passkey", "passkey_identification_id", flags.remove_passkey),
        needs=(May.FACTORS_CLEAR,),
        title="Delete a user's passkey",
        about=Operation(answer=DELETED),
    ),
    Route(
        "DELETE",
        "/users/{user_id}/external_accounts/{external_account_id}",
        _removing(("eac", "idn"), "external_account", "external_account_id", flags.drop_link),
        needs=_WRITE,
        title="Delete a user's external account",
        about=Operation(answer=DELETED),
    ),
]
