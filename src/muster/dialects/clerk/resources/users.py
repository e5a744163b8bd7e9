"""Users: create, read, list, count, change, delete."""

from typing import Any

from muster.core.actor import Permissions as May
from muster.core.query import All, Everyone, Is, Order, Query, Range
from muster.core.query import Any as Either
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.metadata import Mode
from muster.core.users.model import User
from muster.dialects.clerk import problems
from muster.dialects.clerk.operation import Operation, body_of, query_of
from muster.dialects.clerk.problems import Refused
from muster.dialects.clerk.reply import answer, deleted
from muster.dialects.clerk.resources.calls import page_of, read_user, services_of, takes_metadata, the_user, view_of
from muster.dialects.clerk.resources.metadata import KINDS, write_metadata
from muster.dialects.clerk.resources.user_credentials import password_in
from muster.dialects.clerk.resources.user_writes import (
    check_new,
    create_user,
    identifiers_in,
    identifiers_of,
    parse_new,
    update_user,
)
from muster.dialects.clerk.schema import users as schema
from muster.dialects.clerk.schema.listing import DELETED
from muster.dialects.clerk.services import default_realm
from muster.dialects.clerk.user_search import SORTS, parse_filters, parse_order
from muster.dialects.clerk.wire.ids import show_user_id
from muster.dialects.clerk.wire.users import show_user
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply
from muster.dialects.kit.routes import Route

NEWEST_FIRST = Order("created_at", descending=True)


async def create(call: Call) -> Reply:
    """A new user of the default realm."""
    body, services = body_of(call), services_of(call)
    check_new(body)
    realm = await default_realm(call.store, call.tenant_id)
    password = await password_in(services, body, identifiers_in(body))
    user = await call.act(create_user, realm, parse_new(body, password), body, services)
    return await shown(call, user)


async def get(call: Call) -> Reply:
    """One user."""
    return await shown(call, await read_user(call, call.path["user_id"]))


async def list_(call: Call) -> Reply:
    """One page of the users that match."""
    asked = query_of(call)
    query = parse_filters(asked)
    order = parse_order(asked.get("order_by"), SORTS, NEWEST_FIRST)
    page = page_of(asked)
    if asked.get("starting_after"):
        if order.field != "created_at" or page.offset:
            text = "starting_after works only with an order by created_at and without an offset"
            raise Refused(422, [problems.invalid("starting_after", text)])
        query = _after(query, await read_user(call, asked["starting_after"]), order)
    users = await actions.list_users(call.store, call.tenant_id, call.caller, query, order, page)
    view = await view_of(call)
    return answer([show_user(user, view) for user in users])


async def count(call: Call) -> Reply:
    """How many users match."""
    query = parse_filters(query_of(call))
    total = await actions.count_users(call.store, call.tenant_id, call.caller, query)
    return answer({"object": "total_count", "total_count": total})


async def update(call: Call) -> Reply:
    """Whatever the body names changes; nothing else does."""
    body, services = body_of(call), services_of(call)
    refused = [problems.deprecated(name) for name in KINDS if name in body]
    if refused and not takes_metadata(call):
        raise Refused(422, refused)
    password = None
    if body.get("password") is not None or body.get("password_digest") is not None or body.get("password_hasher"):
        user = await read_user(call, call.path["user_id"])
        password = await password_in(services, body, identifiers_of(user))
    user = await call.act(update_user, call.path["user_id"], body, password, services)
    return await shown(call, user)


async def merge_metadata(call: Call) -> Reply:
    """Documents merged at every depth; null deletes a key."""
    return await _metadata(call, "merge_deep")


async def replace_metadata(call: Call) -> Reply:
    """Documents replaced, those that are sent."""
    return await _metadata(call, "replace")


async def _metadata(call: Call, mode: Mode) -> Reply:
    body = body_of(call)

    async def act(tx: Transaction) -> User:
        return await write_metadata(tx, await the_user(tx, call.path["user_id"]), body, mode)

    return await shown(call, await call.act(act))


async def delete(call: Call) -> Reply:
    """The user and whatever is the user's."""

    async def act(tx: Transaction) -> str:
        user = await the_user(tx, call.path["user_id"])
        await actions.delete_user(tx, user)
        return show_user_id(user)

    return deleted("user", await call.act(act))


async def shown(call: Call, user: User) -> Reply:
    """The user as this API shows it."""
    return answer(show_user(user, await view_of(call)))


def _after(query: Query, last: User, order: Order) -> Query:
    """Those who come after that user in the order; of one moment the later made is the greater."""
    beyond: dict[str, Any] = {"high" if order.descending else "low": last.created_at}
    among: dict[str, Any] = {"high" if order.descending else "low": last.seq}
    open_end = {"high_included" if order.descending else "low_included": False}
    later = Either(
        (
            Range("created_at", **beyond, **open_end),
            All((Is("created_at", last.created_at), Range("seq", **among, **open_end))),
        )
    )
    return later if isinstance(query, Everyone) else All((query, later))


_READ, _WRITE = (May.USERS_READ,), (May.USERS_UPDATE,)

ROUTES = [
    Route(
        "GET",
        "/users",
        list_,
        needs=_READ,
        title="List all users",
        about=Operation(query=schema.LIST, answer=schema.USERS),
    ),
    Route(
        "POST",
        "/users",
        create,
        needs=(May.USERS_CREATE,),
        title="Create a new user",
        about=Operation(body=schema.CREATE, answer=schema.USER),
    ),
    Route(
        "GET",
        "/users/count",
        count,
        needs=_READ,
        title="Count users",
        about=Operation(query=schema.COUNT, answer=schema.TOTAL),
    ),
    Route("GET", "/users/{user_id}", get, needs=_READ, title="Retrieve a user", about=Operation(answer=schema.USER)),
    Route(
        "PATCH",
        "/users/{user_id}",
        update,
        needs=_WRITE,
        title="Update a user",
        about=Operation(body=schema.UPDATE, answer=schema.USER),
    ),
    Route(
        "DELETE",
        "/users/{user_id}",
        delete,
        needs=(May.USERS_DELETE,),
        title="Delete a user",
        about=Operation(answer=DELETED),
    ),
    Route(
        "PATCH",
        "/users/{user_id}/metadata",
        merge_metadata,
        needs=_WRITE,
        title="Merge and update a user's metadata",
        about=Operation(body=schema.WRITE_METADATA, answer=schema.USER),
    ),
    Route(
        "PUT",
        "/users/{user_id}/metadata",
        replace_metadata,
        needs=_WRITE,
        title="Replace a user's metadata",
        about=Operation(body=schema.WRITE_METADATA, answer=schema.USER),
    ),
]
