"""Client grants: create, read, list, change, delete."""

import contextlib
from typing import Any

from muster.core.actor import Permissions as May
from muster.core.apps import actions
from muster.core.apps.model import ClientGrant
from muster.core.errors import Conflict, NotFound, Taken
from muster.core.ids import random_text
from muster.dialects.auth0.operation import Operation, body_of, path_of, query_of
from muster.dialects.auth0.paging import list_reply
from muster.dialects.auth0.schema import client_grants as schema
from muster.dialects.auth0.validation import body_problem
from muster.dialects.auth0.wire import client_grants as wire
from muster.dialects.kit.call import Call
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route


async def list_(call: Call) -> Reply:
    """The grants that pass every filter asked for."""
    asked = query_of(call)
    grants = await actions.list_grants(call.store, call.tenant_id, call.caller)
    found = [grant for grant in grants if _passes(grant, asked)]
    return list_reply(call, asked, "client_grants", found, wire.show_grant)


async def create(call: Call) -> Reply:
    """A new grant of scopes that the API has."""
    body = body_of(call)
    if "default_for" in body:
        raise BadRequest("operation_not_supported", message="Grants for a group of clients are not supported.")
    if "client_id" not in body:
        raise body_problem("Missing required property: client_id")
    try:
        grant = await call.act(actions.create_grant, wire.new_grant(body, random_text(16)))
    except Taken:
        raise Conflict("client_grant_taken") from None
    return json_reply(201, wire.show_grant(grant))


async def get(call: Call) -> Reply:
    """One grant."""
    return json_reply(
        200, wire.show_grant(await actions.read_grant(call.store, call.tenant_id, call.caller, _id(call)))
    )


async def update(call: Call) -> Reply:
    """Change members of one grant."""
    body = body_of(call)
    grant = await call.act(actions.update_grant, _id(call), lambda before: wire.changed_grant(before, body))
    return json_reply(200, wire.show_grant(grant))


async def delete(call: Call) -> Reply:
    """Delete one grant; deleting what does not exist is no error."""
    with contextlib.suppress(NotFound):
        await call.act(actions.delete_grant, _id(call))
    return empty(204)


def _passes(grant: ClientGrant, asked: dict[str, Any]) -> bool:
    kept = wire.kept_of(grant)
    return (
        asked.get("audience", grant.audience) == grant.audience
        and asked.get("client_id", grant.app_id) == grant.app_id
        and asked.get("subject_type", wire.subject_of(kept)) == wire.subject_of(kept)
        and ("allow_any_organization" not in asked or kept.get("allow_any_organization") is True)
        and "default_for" not in asked
    )


def _id(call: Call) -> str:
    return wire.parse_grant_id(path_of(call)["id"])


_READ, _WRITE = (May.CLIENT_GRANTS_READ,), (May.CLIENT_GRANTS_WRITE,)

ROUTES = [
    Route(
        "GET",
        "/client-grants",
        list_,
        needs=_READ,
        title="Get client grants",
        about=Operation(scopes=("read:client_grants",), query=schema.LIST_QUERY, answers={200: schema.GRANTS_LIST}),
    ),
    Route(
        "POST",
        "/client-grants",
        create,
        needs=_WRITE,
        title="Create client grant",
        about=Operation(scopes=("create:client_grants",), body=schema.CREATE, answers={201: schema.GRANT}),
    ),
    Route(
        "GET",
        "/client-grants/{id}",
        get,
        needs=_READ,
        title="Get client grant",
        about=Operation(scopes=("read:client_grants",), path=schema.PATH, answers={200: schema.GRANT}),
    ),
    Route(
        "PATCH",
        "/client-grants/{id}",
        update,
        needs=_WRITE,
        title="Update client grant",
        about=Operation(
            scopes=("update:client_grants",), path=schema.PATH, body=schema.UPDATE, answers={200: schema.GRANT}
        ),
    ),
    Route(
        "DELETE",
        "/client-grants/{id}",
        delete,
        needs=_WRITE,
        title="Delete client grant",
        about=Operation(scopes=("delete:client_grants",), path=schema.PATH, answers={204: None}),
    ),
]
