"""Clients: create, read, list, change, delete, and new secrets."""

import contextlib
from typing import Any

from muster.core.actor import Permissions as May
from muster.core.apps import actions
from muster.core.apps.model import Application, ClientGrant
from muster.core.errors import NotFound
from muster.core.ids import random_text
from muster.dialects.auth0.operation import Operation, body_of, path_of, query_of
from muster.dialects.auth0.paging import Shape, chosen, list_reply, project
from muster.dialects.auth0.schema import clients as schema
from muster.dialects.auth0.services import Services
from muster.dialects.auth0.validation import query_problem
from muster.dialects.auth0.wire import clients as wire
from muster.dialects.auth0.wire.client_grants import kept_of as kept_of_grant
from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Reply, empty, json_reply
from muster.dialects.kit.routes import Route

ID_LENGTH = 32
SECRET_LENGTH = 64
CREDENTIAL_ID_LENGTH = 22

_SUMMARY = Shape(wire.SUMMARY, include=True)


async def list_(call: Call) -> Reply:
    """The clients that pass every filter asked for."""
    asked = query_of(call)
    apps = await actions.list_apps(call.store, call.tenant_id, call.caller)
    if "q" in asked:
        granted = await _with_grants(call, asked["q"])
        apps = [app for app in apps if app.id in granted]
    found = [app for app in apps if _passes(app, asked)]
    return list_reply(call, asked, "clients", found, lambda app: _show(call, app))


async def create(call: Call) -> Reply:
    """A new client, with an id and a secret of its own."""
    services, secret = _services(call), random_text(SECRET_LENGTH)
    box = services.secrets
    body = wire.with_credentials(body_of(call), _identified)
    app = wire.new_client(body, random_text(ID_LENGTH), secret, box, services.public_keys)
    created = await call.act(actions.create_app, app)
    return json_reply(201, wire.show_client(created, box, secret=True))


async def get(call: Call) -> Reply:
    """One client, whole or some members of it."""
    shape = chosen(query_of(call))
    app = await actions.read_app(call.store, call.tenant_id, call.caller, _id(call))
    return json_reply(200, project(_show(call, app), shape))


async def update(call: Call) -> Reply:
    """Change members of one client."""
    body, services = body_of(call), _services(call)
    box = services.secrets

    def changed(before: Application) -> Application:
        return wire.changed_client(before, body, box, services.public_keys)

    app = await call.act(actions.update_app, _id(call), changed)
    return json_reply(200, wire.show_client(app, box, secret=call.caller.may(May.APPS_READ_SECRETS)))


async def delete(call: Call) -> Reply:
    """Delete one client; deleting what does not exist is no error."""
    with contextlib.suppress(NotFound):
        await call.act(actions.delete_app, _id(call))
    return empty(204)


async def rotate_secret(call: Call) -> Reply:
    """Give a client a new secret; the old one is worth nothing from now on."""
    box, secret = _services(call).secrets, random_text(SECRET_LENGTH)
    app = await call.act(actions.update_app, _id(call), lambda before: wire.with_secret(before, secret, box))
    return json_reply(200, wire.show_client(app, box, secret=True))


def _identified(credential: dict[str, Any]) -> dict[str, Any]:
    return {**credential, "id": f"cred_{random_text(CREDENTIAL_ID_LENGTH)}"}


def _passes(app: Application, asked: dict[str, Any]) -> bool:
    first_party, types = asked.get("is_first_party"), asked.get("app_type")
    # None is the server's own in this sense, and none is described elsewhere.
    if asked.get("is_global") or "external_client_id" in asked:
        return False
    if types is not None and wire.kept_of(app).get("app_type") not in types.split(","):
        return False
    return first_party is None or app.first_party is first_party


async def _with_grants(call: Call, q: str) -> set[str]:
    """The clients that have a grant for an organization, which is all that can be asked for here."""
    field, colon, value = q.partition(":")
    if not colon or field not in ("client_grant.organization_id", "client_grant.allow_any_organization"):
        raise query_problem(f"Unsupported query: {q[:200]}", "q", schema.LIST_QUERY.members["q"].about)
    if field == "client_grant.organization_id":
        return set()
    grants = await call.store.records(call.tenant_id, ClientGrant)
    wanted = value == "true"
    return {grant.app_id for grant in grants if kept_of_grant(grant).get("allow_any_organization", False) is wanted}


def _show(call: Call, app: Application) -> dict[str, Any]:
    shown = wire.show_client(app, _services(call).secrets, secret=call.caller.may(May.APPS_READ_SECRETS))
    return shown if call.caller.may(May.APPS_READ) else project(shown, _SUMMARY)


def _id(call: Call) -> str:
    return path_of(call)["id"]


def _services(call: Call) -> Services:
    services: Services = call.services
    return services


_READ_SCOPES = ("read:clients", "read:client_keys", "read:client_credentials", "read:client_summary")
_UPDATE_SCOPES = (
    "update:clients",
    "update:client_keys",
    "update:client_credentials",
    "update:client_token_vault_privileged_access",
)
_READ = (May.APPS_READ, May.APPS_READ_SUMMARY)

ROUTES = [
    Route(
        "GET",
        "/clients",
        list_,
        needs=_READ,
        title="Get clients",
        about=Operation(scopes=_READ_SCOPES, query=schema.LIST_QUERY, answers={200: schema.CLIENTS_LIST}),
    ),
    Route(
        "POST",
        "/clients",
        create,
        needs=(May.APPS_WRITE,),
        title="Create a client",
        about=Operation(scopes=("create:clients",), body=schema.CREATE, answers={201: schema.CLIENT}),
    ),
    Route(
        "GET",
        "/clients/{id}",
        get,
        needs=_READ,
        title="Get client by ID",
        about=Operation(scopes=_READ_SCOPES, path=schema.PATH, query=schema.GET_QUERY, answers={200: schema.CLIENT}),
    ),
    Route(
        "PATCH",
        "/clients/{id}",
        update,
        needs=(May.APPS_WRITE, May.APPS_WRITE_SECRETS),
        title="Update a client",
        about=Operation(
            scopes=_UPDATE_SCOPES,
            path=schema.PATH,
            body=schema.UPDATE,
            answers={200: schema.CLIENT},
        ),
    ),
    Route(
        "DELETE",
        "/clients/{id}",
        delete,
        needs=(May.APPS_WRITE,),
        title="Delete a client",
        about=Operation(scopes=("delete:clients",), path=schema.PATH, answers={204: None}),
    ),
    Route(
        "POST",
        "/clients/{id}/rotate-secret",
        rotate_secret,
        needs=(May.APPS_WRITE_SECRETS,),
        title="Rotate a client secret",
        about=Operation(scopes=("update:client_keys",), path=schema.PATH, answers={200: schema.CLIENT}),
    ),
]
