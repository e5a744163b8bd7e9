"""Authentication providers, of which a tenant has at most one: create, list, read, update, delete."""

from typing import Any

from muster.core.actor import Permissions as May
from muster.core.connections import actions
from muster.core.connections.model import Connection
from muster.core.errors import NotFound
from muster.core.ids import new_id
from muster.core.transaction import Transaction
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route
from muster.dialects.mattr.access import tenant_url
from muster.dialects.mattr.operation import Operation, body_of, id_of, paging_of, refuse
from muster.dialects.mattr.recording import Recording, recorded
from muster.dialects.mattr.schema import shapes
from muster.dialects.mattr.schema.checking import problem
from muster.dialects.mattr.services import Services
from muster.dialects.mattr.wire.cursors import boundary, id_cursor
from muster.dialects.mattr.wire.ids import show_uuid
from muster.dialects.mattr.wire.providers import changed_provider, is_provider, new_provider, parse_url, show_provider

Document = dict[str, Any]


async def create_provider(call: Call, record: Recording) -> Reply:
    """The tenant's provider; a second one is refused."""
    body = body_of(call)
    services: Services = call.services
    url = parse_url(body["url"], private_names=services.private_names)
    if url is None:
        raise refuse(problem("url", "body", body["url"]))
    provider = new_provider(new_id(services.clock.now()), url, body, services.secrets)
    created = await record.act(actions.create_connection, _told, provider)
    return json_reply(201, _shown(call, created))


async def list_providers(call: Call, record: Recording) -> Reply:
    """The one there is, or none."""
    paging = paging_of(call)
    record.started = {"limit": paging.limit}
    found = [
        each for each in await actions.list_connections(call.store, call.tenant_id, call.caller) if is_provider(each)
    ]
    if paging.after is not None:
        after = boundary(paging.after)
        found = [each for each in found if each.id > after]
    if not found:
        record.succeeded = {"entriesCount": 0}
        return json_reply(200, {"data": []})
    cursor = id_cursor(found[-1].id)
    record.succeeded = {"entriesCount": len(found), "nextCursor": cursor}
    return json_reply(200, {"nextCursor": cursor, "data": [_shown(call, each) for each in found]})


async def get_provider(call: Call, record: Recording) -> Reply:
    """One provider."""
    id_ = id_of(call)
    record.started = record.succeeded = {"id": call.path["id"]}
    found = await actions.read_connection(call.store, call.tenant_id, call.caller, id_)
    return json_reply(200, _shown(call, _provider(found)))


async def update_provider(call: Call, record: Recording) -> Reply:
    """What is sent changes; the address never does."""
    id_ = id_of(call)
    record.started = {"id": call.path["id"]}
    body = body_of(call)
    services: Services = call.services
    changed = await record.act(
        actions.update_connection,
        _told,
        id_,
        lambda before: changed_provider(_provider(before), body, services.secrets),
    )
    return json_reply(200, _shown(call, changed))


async def delete_provider(call: Call, record: Recording) -> Reply:
    """The provider goes; users who are linked with it keep their links."""
    id_ = id_of(call)
    record.started = {"id": call.path["id"]}
    await record.act(_delete, _told, id_)
    return empty()


async def come_back(call: Call) -> Reply:
    """The browser of somebody who signed in at the provider, on to the page that takes the answer."""
    connections = await call.store.records(call.tenant_id, Connection)
    provider = next((each for each in connections if is_provider(each)), None)
    if provider is None:
        raise NotFound("connection")
    place = f"{call.site.public_url}sign-in/callback/{provider.id}".encode()
    return Reply(303, b"", [(b"location", place + b"?" + call.raw_query), (b"cache-control", b"no-store")])


async def _delete(tx: Transaction, id_: str) -> Connection:
    provider = _provider(await tx.need(Connection, id_))
    await actions.close_connection(tx, id_)
    await actions.delete_connection(tx, id_)
    return provider


def _provider(found: Connection) -> Connection:
    if not is_provider(found):
        raise NotFound("connection", id=found.id)
    return found


def _told(provider: Connection) -> Document:
    return {"id": show_uuid(provider.id)}


def _shown(call: Call, provider: Connection) -> Document:
    services: Services = call.services
    return show_provider(provider, tenant_url(call.site), services.secrets)


_TYPE = "USER_AUTHENTICATION_PROVIDER_"

ROUTES = [
    Route(
        "POST",
        "",
        recorded(f"{_TYPE}CREATE", create_provider),
        (May.CONNECTIONS_WRITE,),
        "Configure an authentication provider",
        Operation(
            id="createAuthenticationProvider",
            type=f"{_TYPE}CREATE",
            body=shapes.PROVIDER_CREATE,
            answers={201: shapes.PROVIDER},
        ),
    ),
    Route(
        "GET",
        "",
        recorded(f"{_TYPE}RETRIEVE_LIST", list_providers),
        (May.CONNECTIONS_READ,),
        "Retrieve all authentication providers",
        Operation(
            id="listAuthenticationProviders",
            type=f"{_TYPE}RETRIEVE_LIST",
            query=shapes.PAGE,
            answers={200: shapes.page_of(shapes.PROVIDER)},
        ),
    ),
    Route(
        "GET",
        "/{id}",
        recorded(f"{_TYPE}RETRIEVE", get_provider),
        (May.CONNECTIONS_READ,),
        "Retrieve an authentication provider",
        Operation(id="getAuthenticationProvider", type=f"{_TYPE}RETRIEVE", answers={200: shapes.PROVIDER}),
    ),
    Route(
        "PUT",
        "/{id}",
        recorded(f"{_TYPE}UPDATE", update_provider),
        (May.CONNECTIONS_WRITE,),
        "Update an authentication provider",
        Operation(
            id="updateAuthenticationProvider",
            type=f"{_TYPE}UPDATE",
            body=shapes.PROVIDER_UPDATE,
            answers={200: shapes.PROVIDER},
        ),
    ),
    Route(
        "DELETE",
        "/{id}",
        recorded(f"{_TYPE}DELETE", delete_provider),
        (May.CONNECTIONS_WRITE,),
        "Delete an authentication provider",
        Operation(id="deleteAuthenticationProvider", type=f"{_TYPE}DELETE", answers={204: None}),
    ),
]
"""Their paths are relative to wherever providers are: the vendor has moved them."""
