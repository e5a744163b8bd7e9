"""Resource servers: create, read, list, change, delete. A path names one by its id or by its identifier."""

import contextlib
from secrets import token_hex

from muster.core.actor import Permissions as May
from muster.core.apps import actions
from muster.core.errors import Conflict, NotFound, Taken
from muster.dialects.auth0.operation import Operation, body_of, path_of, query_of
from muster.dialects.auth0.paging import list_reply
from muster.dialects.auth0.schema import resource_servers as schema
from muster.dialects.auth0.services import Services
from muster.dialects.auth0.wire import resource_servers as wire
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route

_RESERVED = ("api/v2/", "userinfo", "me/", "my-org/", "mfa/")
"""Below a tenant's own address these are the server's audiences, whether they are served or not."""


async def list_(call: Call) -> Reply:
    """The APIs, or those with the identifiers asked for."""
    asked = query_of(call)
    wanted, box = asked.get("identifiers"), _services(call).secrets
    found = [
        api
        for api in await actions.list_apis(call.store, call.tenant_id, call.caller)
        if wanted is None or api.identifier in wanted
    ]
    return list_reply(call, asked, "resource_servers", found, lambda api: wire.show_api(api, box), checkpoint=False)


async def create(call: Call) -> Reply:
    """A new API."""
    body, box = body_of(call), _services(call).secrets
    _check_reserved(call, body["identifier"])
    try:
        api = await call.act(actions.create_api, wire.new_api(body, token_hex(12), box))
    except Taken:
        raise Conflict("api_identifier_taken") from None
    return json_reply(201, wire.show_api(api, box))


async def get(call: Call) -> Reply:
    """One API."""
    query_of(call)
    api = await actions.read_api(call.store, call.tenant_id, call.caller, _name(call))
    return json_reply(200, wire.show_api(api, _services(call).secrets))


async def update(call: Call) -> Reply:
    """Change members of one API; its identifier never changes."""
    body, box = body_of(call), _services(call).secrets
    api = await call.act(actions.update_api, _name(call), lambda before: wire.changed_api(before, body, box))
    return json_reply(200, wire.show_api(api, box))


async def delete(call: Call) -> Reply:
    """Delete one API; deleting what does not exist is no error."""
    with contextlib.suppress(NotFound):
        await call.act(actions.delete_api, _name(call))
    return empty(204)


def _check_reserved(call: Call, identifier: str) -> None:
    _, separator, rest = identifier.partition("://")
    domains = (address.partition("://")[2] for address in (call.site.public_url, *call.site.also))
    if separator and any(rest.startswith(domain + reserved) for domain in domains for reserved in _RESERVED):
        raise BadRequest("invalid_body", message="The selected identifier is reserved.")


def _name(call: Call) -> str:
    return path_of(call)["id"]


def _services(call: Call) -> Services:
    services: Services = call.services
    return services


_READ, _WRITE = (May.APIS_READ,), (May.APIS_WRITE,)

ROUTES = [
    Route(
        "GET",
        "/resource-servers",
        list_,
        needs=_READ,
        title="Get resource servers",
        about=Operation(
            scopes=("read:resource_servers",), query=schema.LIST_QUERY, answers={200: schema.RESOURCE_SERVERS_LIST}
        ),
    ),
    Route(
        "POST",
        "/resource-servers",
        create,
        needs=_WRITE,
        title="Create a resource server",
        about=Operation(scopes=("create:resource_servers",), body=schema.CREATE, answers={201: schema.RESOURCE_SERVER}),
    ),
    Route(
        "GET",
        "/resource-servers/{id}",
        get,
        needs=_READ,
        title="Get a resource server",
        about=Operation(
            scopes=("read:resource_servers",),
            path=schema.PATH,
            query=schema.GET_QUERY,
            answers={200: schema.RESOURCE_SERVER},
        ),
    ),
    Route(
        "PATCH",
        "/resource-servers/{id}",
        update,
        needs=_WRITE,
        title="Update a resource server",
        about=Operation(
            scopes=("update:resource_servers",),
            path=schema.PATH,
            body=schema.UPDATE,
            answers={200: schema.RESOURCE_SERVER},
        ),
    ),
    Route(
        "DELETE",
        "/resource-servers/{id}",
        delete,
        needs=_WRITE,
        title="Delete a resource server",
        about=Operation(scopes=("delete:resource_servers",), path=schema.PATH, answers={204: None}),
    ),
]
