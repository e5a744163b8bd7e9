"""Users: create, read, list, change, delete."""

from collections.abc import Sequence
from typing import Any

from muster.core.actor import Permissions as May
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, NotFound, Refusal, Taken
from muster.core.ids import UserId
from muster.core.query import Everyone, Is, Order, Page, Query
from muster.core.records import Key
from muster.core.tickets.verification import send_verification
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.actions import HashedPassword
from muster.core.users.model import User
from muster.dialects.auth0.operation import Operation, body_of, query_of
from muster.dialects.auth0.paging import chosen, offset_of, project, show_page
from muster.dialects.auth0.password_policy import ConnectionPolicy
from muster.dialects.auth0.resources.user_update import allowed_change, update_user
from muster.dialects.auth0.schema import users as schema
from muster.dialects.auth0.search.meaning import parse
from muster.dialects.auth0.services import Services
from muster.dialects.auth0.validation import body_problem, query_problem
from muster.dialects.auth0.wire import users as wire
from muster.dialects.auth0.wire.ids import parse_user_id
from muster.dialects.auth0.wire.new_users import check_username, parse_new
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest, Forbidden
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route

SORTS = {
    "email": "email",
    "email_verified": "email_verified",
    "name": "shown_name",
    "nickname": "shown_nickname",
    "given_name": "given_name",
    "family_name": "family_name",
    "username": "username",
    "phone_number": "phone",
    "phone_verified": "phone_verified",
    "blocked": "suspended",
    "user_id": "id",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "last_login": "last_login",
    "last_ip": "last_ip",
    "logins_count": "logins",
}
"""What a list can be sorted by, and the core's name for it."""

MOST_OF_ONE_EMAIL = 1_000
"""One address can stand once in each connection; more than this is never shown at once."""


async def create(call: Call) -> Reply:
    """A new user of one connection."""
    body = body_of(call)
    realm = await _realm(call, body["connection"])
    _check_new(body, realm)
    new = parse_new(body, await _hashed(call, body, realm))
    asked = body.get("verify_email")
    mail = asked is not False and new.emails != [] and (bool(asked) or not new.emails[0].verified)
    try:
        user = await call.act(_create, realm, new, mail=mail)
    except Taken as taken:
        raise _taken_on_create(taken) from None
    return json_reply(201, await _show(call, user))


async def _create(tx: Transaction, realm: Connection, new: actions.NewUser, *, mail: bool) -> User:
    user = await actions.create_user(tx, realm, new)
    if mail:
        await send_verification(tx, user)
    return user


async def get(call: Call) -> Reply:
    """One user, whole or some members of it."""
    key = parse_user_id(call.path["id"])
    shape = chosen(query_of(call)) if call.raw_query else None
    if isinstance(key, Key):
        user = await actions.read_user_by_key(call.store, call.tenant_id, call.caller, key)
    else:
        user = await actions.read_user(call.store, call.tenant_id, call.caller, key)
    shown = await _show(call, user)
    return json_reply(200, shown if shape is None else project(shown, shape))


async def list_(call: Call) -> Reply:
    """One page of the users that match, with or without totals."""
    asked = query_of(call)
    paging = offset_of(asked, default=50)
    most = _services(call).most_results
    if most is not None and paging.page.offset >= most:
        raise BadRequest(
            "invalid_paging",
            message=f"You can only page through the first {most} records. See https://auth0.com/docs/users/search/v3/"
            "view-search-results-by-page#limitation",
        )
    query = await _query(call, asked)
    order = _order(asked.get("sort"))
    who = (call.store, call.tenant_id, call.caller)
    users: Sequence[User] = []
    total = 0
    if not paging.page.limit:
        total = await actions.count_users(*who, query)
    elif paging.totals:
        users, total = await actions.list_and_count_users(*who, query, order, paging.page)
    else:
        users = await actions.list_users(*who, query, order, paging.page)
    shape = chosen(asked)
    realms = await _realms(call, users)
    items = [project(wire.show_user(user, realms), shape) for user in users]
    if not paging.totals:
        return json_reply(200, items)
    return json_reply(200, show_page(paging, "users", items, total, length=True))


async def list_by_email(call: Call) -> Reply:
    """Every user, of whatever connection, whose shown e-mail is exactly this."""
    asked = query_of(call)
    query = Is("email", asked["email"])
    page = Page(0, MOST_OF_ONE_EMAIL)
    users = await actions.list_users(call.store, call.tenant_id, call.caller, query, Order(), page)
    shape = chosen(asked)
    realms = await _realms(call, users)
    return json_reply(200, [project(wire.show_user(user, realms), shape) for user in users])


async def update(call: Call) -> Reply:
    """Change members of one user; the answer is always the whole user."""
    body = body_of(call)
    key = parse_user_id(call.path["id"])
    password = await _new_password(call, key, body) if body.get("password") is not None else None
    try:
        user = await call.act(update_user, key, body, password)
    except Taken as taken:
        raise _taken_on_update(taken) from None
    return json_reply(200, await _show(call, user))


async def delete(call: Call) -> Reply:
    """Delete one user; deleting what does not exist is no error."""
    try:
        await call.act(_delete, parse_user_id(call.path["id"]))
    except NotFound:
        call.caller.must(May.USERS_DELETE, May.SELF_DELETE)
    return empty(204)


async def _delete(tx: Transaction, key: Any) -> None:
    user = await actions.find_user(tx, key)
    if not tx.actor.may(May.USERS_DELETE) and tx.actor.user_id != user.id:
        raise Forbidden("not_this_user")
    await actions.delete_user(tx, user)


async def _show(call: Call, user: User) -> dict[str, Any]:
    if user.links:
        return wire.show_user(user, await _realms(call, (user,)))
    home = await _services(call).realms.get(call.tenant_id, user.realm)  # nearly everyone has no other connection
    return wire.show_user(user, {} if home is None else {user.realm: home})


async def _realms(call: Call, users: Sequence[User]) -> wire.Realms:
    realms = _services(call).realms
    found = {id_: await realms.get(call.tenant_id, id_) for id_ in wire.connections_of(users)}
    return {id_: realm for id_, realm in found.items() if realm is not None}


async def _realm(call: Call, name: str) -> Connection:
    realm = await call.store.find(call.tenant_id, Connection, Key("", "connection_name", name))
    if realm is None or realm.internal:
        raise BadRequest("inexistent_connection", message="Connection does not exist.")
    return realm


async def _new_password(call: Call, key: UserId | Key, body: dict[str, Any]) -> HashedPassword | None:
    """The hash of a new password, made only for who may set it, on a user whose connection takes it."""
    tx = Transaction(call.store, call.tenant_id, call.caller, _services(call).clock.now())
    user = await actions.find_user(tx, key)
    await allowed_change(tx, user, body)
    former = [] if user.password is None else [user.password.hash, *user.password.history]
    shown = {**wire.opened(await _show(call, user)), **body}
    return await _hashed(call, shown, await tx.need(Connection, user.realm), former)


async def _hashed(
    call: Call, user: dict[str, Any], realm: Connection, former: Sequence[str] = ()
) -> HashedPassword | None:
    """The slow part, before and outside of any act. `user` is as sent or shown, with the password that is wanted."""
    password = user.get("password")
    if password is None:
        return None
    services, policy = _services(call), ConnectionPolicy(realm.options)
    policy.check(password, user, services.is_known_password)
    await policy.check_history(services.passwords, password, former)
    return HashedPassword(await services.passwords.hash(password), "argon2")


async def _query(call: Call, asked: dict[str, Any]) -> Query:
    """What is searched for."""
    engine, q = asked.get("search_engine"), asked.get("q")
    if engine in ("v1", "v2"):
        use = " Use search_engine=v3 instead." if engine == "v2" else ""
        message = f"You are not allowed to use search_engine={engine}.{use}"
        raise BadRequest("invalid_query_string", message=message)
    if not q or not q.strip():
        return Everyone()
    connections: Sequence[Connection] = ()
    if "identities" in q:
        connections = [one for one in await call.store.records(call.tenant_id, Connection) if not one.internal]
    return parse(q, connections)


def _order(sort: str | None) -> Order:
    if not sort:
        return Order()
    field, _, direction = sort.rpartition(":")
    if field not in SORTS or direction not in ("1", "-1"):
        raise query_problem(f"String does not match pattern ^({'|'.join(SORTS)}):(1|-1)$: {sort[:200]}", "sort")
    return Order(SORTS[field], descending=direction == "-1")


def _check_new(body: dict[str, Any], realm: Connection) -> None:
    """What this kind of connection demands of a new user."""
    if realm.kind not in ("database", "passwordless"):
        raise BadRequest(
            "operation_not_supported",
            message="Connection does not support user creation through the API. It must either be a database or "
            "passwordless connection.",
        )
    needed = ["phone_number"] if realm.kind == "passwordless" and realm.strategy == "sms" else ["email"]
    if realm.kind == "database" and realm.password_required:
        needed.append("password")
    for name in needed:
        if not body.get(name):
            raise body_problem(f"Missing required property: {name}")
    if body.get("username") is not None:
        check_username(body["username"], realm)


def _taken_on_create(taken: Taken) -> Refusal:
    if taken.kind == "username":
        return BadRequest("auth0_idp_error", message="The username provided is in use already.")
    return Conflict("user_exists")


def _taken_on_update(taken: Taken) -> BadRequest:
    texts = {
        "username": "The username provided is in use already.",
        "phone": "The specified new phone number already exists",
    }
    return BadRequest("auth0_idp_error", message=texts.get(taken.kind, "The specified new email already exists"))


def _services(call: Call) -> Services:
    services: Services = call.services
    return services


_READ = ("read:users", "read:user_idp_tokens")
_USER = {200: schema.USER}

ROUTES = [
    Route(
        "GET",
        "/users",
        list_,
        needs=(May.USERS_READ,),
        title="List or Search Users",
        about=Operation(scopes=_READ, query=schema.LIST_QUERY, answers={200: schema.USERS_LIST}),
    ),
    Route(
        "POST",
        "/users",
        create,
        needs=(May.USERS_CREATE,),
        title="Create a User",
        about=Operation(scopes=("create:users",), body=schema.CREATE, answers={201: schema.USER}),
    ),
    Route(
        "GET",
        "/users-by-email",
        list_by_email,
        needs=(May.USERS_READ,),
        title="Search Users by Email",
        about=Operation(scopes=("read:users",), query=schema.BY_EMAIL_QUERY, answers={200: schema.USERS_BY_EMAIL}),
    ),
    Route(
        "GET",
        "/users/{id}",
        get,
        needs=(May.USERS_READ, May.SELF_READ),
        title="Get a User",
        about=Operation(
            scopes=("read:users", "read:current_user", "read:user_idp_tokens"),
            path=schema.PATH,
            query=schema.GET_QUERY,
            answers=_USER,
        ),
    ),
    Route(
        "PATCH",
        "/users/{id}",
        update,
        needs=(May.USERS_UPDATE, May.USERS_UPDATE_PRIVATE, May.SELF_UNSAFE),
        title="Update a User",
        about=Operation(
            scopes=("update:users", "update:users_app_metadata", "update:current_user_metadata"),
            path=schema.PATH,
            body=schema.UPDATE,
            answers=_USER,
        ),
    ),
    Route(
        "DELETE",
        "/users/{id}",
        delete,
        needs=(May.USERS_DELETE, May.SELF_DELETE),
        title="Delete a User",
        about=Operation(scopes=("delete:users", "delete:current_user"), path=schema.PATH, answers={204: None}),
    ),
]
