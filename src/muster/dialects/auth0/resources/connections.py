"""Connections: create, read, list, change, delete; and which clients may use them."""

from collections.abc import Callable
from typing import Any

from muster.core.actor import Permissions as May
from muster.core.connections import actions
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, NotFound, Taken
from muster.core.ids import random_text
from muster.core.records import Key
from muster.core.transaction import Transaction
from muster.core.users.actions import delete_user
from muster.core.users.model import User
from muster.core.users.shapes import canonical
from muster.dialects.auth0.operation import Operation, body_of, path_of, query_of
from muster.dialects.auth0.paging import chosen, list_reply, project, take_page
from muster.dialects.auth0.schema import connections as schema
from muster.dialects.auth0.services import Services
from muster.dialects.auth0.wire import connections as wire
from muster.dialects.auth0.wire.times import show_time
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route


async def list_(call: Call) -> Reply:
    """The connections of the strategies and the name asked for."""
    asked = query_of(call)
    strategies, name = asked.get("strategy"), asked.get("name")
    found = [
        connection
        for connection in await actions.list_connections(call.store, call.tenant_id, call.caller)
        if (strategies is None or connection.strategy in strategies) and (name is None or connection.name == name)
    ]
    return list_reply(call, asked, "connections", found, _shower(call, listed=True), default=100)


async def create(call: Call) -> Reply:
    """A new connection."""
    connection = wire.new_connection(body_of(call), random_text(16), _services(call).secrets)
    try:
        created = await call.act(actions.create_connection, connection)
    except Taken:
        raise Conflict("connection_name_taken", name=connection.name) from None
    return json_reply(201, _shower(call)(created))


async def get(call: Call) -> Reply:
    """One connection, whole or some members of it."""
    shape = chosen(query_of(call))
    connection = await actions.read_connection(call.store, call.tenant_id, call.caller, _id(call))
    return json_reply(200, project(_shower(call)(connection), shape))


async def update(call: Call) -> Reply:
    """Change members of one connection."""
    body, box = body_of(call), _services(call).secrets
    after = await call.act(
        actions.update_connection, _id(call), lambda before: wire.changed_connection(before, body, box)
    )
    return json_reply(200, _shower(call)(after))


async def delete(call: Call) -> Reply:
    """Delete a connection and everybody in it, in steps that hold nobody else up; a repeated call takes up where one ended."""
    connection_id = _id(call)
    try:
        await call.act(actions.close_connection, connection_id)
        while await call.act(actions.delete_users_of, connection_id):
            pass
        await call.act(actions.delete_connection, connection_id)
    except NotFound:
        return empty(204)
    return json_reply(202, {"deleted_at": show_time(_services(call).clock.now())})


async def status(call: Call) -> Reply:
    """Whether the connection works: what needs a connector of its own has none here."""
    connection = await actions.read_connection(call.store, call.tenant_id, call.caller, _id(call))
    if connection.strategy == "ad":
        raise NotFound("connector")
    return empty(200)


async def list_clients(call: Call) -> Reply:
    """The clients that may use the connection."""
    asked = query_of(call)
    connection = await actions.read_connection(call.store, call.tenant_id, call.caller, _id(call))
    page, following = take_page(sorted(connection.enabled_apps), asked, lambda app_id: (0, app_id))
    answer: dict[str, Any] = {"clients": [{"client_id": app_id} for app_id in page]}
    return json_reply(200, answer if following is None else {**answer, "next": following})


async def update_clients(call: Call) -> Reply:
    """Let clients use the connection, or no longer."""
    enabled = {entry["client_id"]: entry["status"] for entry in body_of(call)}
    await call.act(actions.enable_apps, _id(call), enabled)
    return empty(204)


async def delete_by_email(call: Call) -> Reply:
    """Delete the one user of the connection that has an e-mail address; nobody having it is no error."""
    email = query_of(call)["email"]
    connection = await call.store.get(call.tenant_id, Connection, _id(call))
    if connection is None or connection.internal:
        raise NotFound("connection")
    if connection.kind != "database":
        raise BadRequest("invalid_body", message="Connection must be a database connection")
    await call.act(_delete_by_email, connection.id, email)
    return empty(204)


async def _delete_by_email(tx: Transaction, connection_id: str, email: str) -> None:
    user = await tx.find(User, Key(connection_id, "email", canonical("email", email)))
    if user is not None:
        await delete_user(tx, user)


def _id(call: Call) -> str:
    return wire.parse_connection_id(path_of(call)["id"])


def _services(call: Call) -> Services:
    services: Services = call.services
    return services


def _shower(call: Call, *, listed: bool = False) -> Callable[[Connection], dict[str, Any]]:
    box = _services(call).secrets
    return lambda connection: wire.show_connection(connection, box, listed=listed)


_READ, _WRITE = (May.CONNECTIONS_READ,), (May.CONNECTIONS_WRITE,)

ROUTES = [
    Route(
        "GET",
        "/connections",
        list_,
        needs=_READ,
        title="Get all connections",
        about=Operation(scopes=("read:connections",), query=schema.LIST_QUERY, answers={200: schema.CONNECTIONS_LIST}),
    ),
    Route(
        "POST",
        "/connections",
        create,
        needs=_WRITE,
        title="Create a connection",
        about=Operation(scopes=("create:connections",), body=schema.CREATE, answers={201: schema.CONNECTION}),
    ),
    Route(
        "GET",
        "/connections/{id}",
        get,
        needs=_READ,
        title="Get a connection",
        about=Operation(
            scopes=("read:connections",), path=schema.PATH, query=schema.GET_QUERY, answers={200: schema.CONNECTION}
        ),
    ),
    Route(
        "PATCH",
        "/connections/{id}",
        update,
        needs=_WRITE,
        title="Update a connection",
        about=Operation(
            scopes=("update:connections",), path=schema.PATH, body=schema.UPDATE, answers={200: schema.CONNECTION}
        ),
    ),
    Route(
        "DELETE",
        "/connections/{id}",
        delete,
        needs=_WRITE,
        title="Delete a connection",
        about=Operation(scopes=("delete:connections",), path=schema.PATH, answers={202: schema.DELETED, 204: None}),
    ),
    Route(
        "GET",
        "/connections/{id}/status",
        status,
        needs=_READ,
        title="Check connection status",
        about=Operation(scopes=("read:connections",), path=schema.PATH, answers={200: None}),
    ),
    Route(
        "GET",
        "/connections/{id}/clients",
        list_clients,
        needs=_READ,
        title="Get enabled clients for a connection",
        about=Operation(
            scopes=("read:connections",), path=schema.PATH, query=schema.CLIENTS_QUERY, answers={200: schema.CLIENTS}
        ),
    ),
    Route(
        "PATCH",
        "/connections/{id}/clients",
        update_clients,
        needs=_WRITE,
        title="Update enabled clients for a connection",
        about=Operation(
            scopes=("update:connections",), path=schema.PATH, body=schema.CLIENTS_UPDATE, answers={204: None}
        ),
    ),
    Route(
        "DELETE",
        "/connections/{id}/users",
        delete_by_email,
        needs=(May.USERS_DELETE,),
        title="Delete a connection user",
        about=Operation(scopes=("delete:users",), path=schema.PATH, query=schema.USERS_QUERY, answers={204: None}),
    ),
]
