"""Connections, clients, APIs and their grants through the vendor's own Python client."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from auth0.management import ManagementClient
from auth0.management.errors import (
    ConflictError,
    NotFoundError,
)

from tests.dialects.auth0.sdk import ONCE, address, body, wire
from tests.process import Muster


def test_connections(sdk: ManagementClient) -> None:
    names = [f"c-{uuid4().hex}" for _ in range(3)]
    made = [sdk.connections.create(name=name, strategy="auth0") for name in names]
    connection, connection_id = made[0], str(made[0].id)
    assert re.fullmatch(r"con_[A-Za-z0-9]{16}", connection_id)
    assert wire(sdk.connections.get(connection_id)) == wire(connection)
    assert wire(sdk.connections.get(connection_id, fields="name,strategy")) == {
        "name": names[0],
        "strategy": "auth0",
    }
    changed = sdk.connections.update(connection_id, display_name="Customers", metadata={"k": "v"})
    assert wire(changed) == wire(connection) | {"display_name": "Customers", "metadata": {"k": "v"}}

    pages = list(sdk.connections.list(take=2, strategy=["auth0"], fields="name").iter_pages())
    listed = [entry.name for page in pages for entry in page.items or []]
    assert listed.count(names[0]) == listed.count(names[1]) == listed.count(names[2]) == 1
    assert [len(page.items or []) for page in pages[:-1]] == [2] * (len(pages) - 1)
    assert [entry.id for entry in sdk.connections.list(name=names[1])] == [made[1].id]

    app = sdk.clients.create(name="portal")
    client_id = str(app.client_id)
    sdk.connections.clients.update(connection_id, request=[{"client_id": client_id, "status": True}])
    assert [entry.client_id for entry in sdk.connections.clients.get(connection_id)] == [client_id]
    sdk.connections.check_status(connection_id)

    email = address()
    sdk.users.create(connection=names[0], email=email, password="fifteen characters long")
    sdk.connections.users.delete_by_email(connection_id, email=email)
    assert sdk.users.list_users_by_email(email=email) == []
    with pytest.raises(ConflictError) as taken:
        sdk.connections.create(name=names[1], strategy="auth0", request_options=ONCE)
    assert body(taken)["statusCode"] == 409

    sdk.connections.delete(connection_id)
    with pytest.raises(NotFoundError) as refused:
        sdk.connections.get(connection_id)
    assert body(refused) == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The connection does not exist",
        "errorCode": "inexistent_connection",
    }


def test_clients(sdk: ManagementClient, credentials: dict[str, Any], server: Muster) -> None:
    name = f"app {uuid4().hex}"
    made = sdk.clients.create(name=name, app_type="non_interactive", callbacks=["https://app.example.com/cb"])
    client_id, secret = str(made.client_id), str(made.client_secret)
    assert re.fullmatch("[A-Za-z0-9]{32}", client_id)
    assert re.fullmatch("[A-Za-z0-9]{64}", secret)
    assert wire(sdk.clients.get(client_id)) == wire(made)
    assert wire(sdk.clients.get(client_id, fields="client_id,name")) == {"client_id": client_id, "name": name}
    changed = sdk.clients.update(client_id, description="nightly", client_metadata={"team": "core"})
    assert wire(changed) == wire(made) | {"description": "nightly", "client_metadata": {"team": "core"}}
    rotated = sdk.clients.rotate_secret(client_id)
    assert rotated.client_secret != secret
    assert wire(rotated) == wire(changed) | {"client_secret": rotated.client_secret}

    others = [sdk.clients.create(name=name).client_id for _ in range(3)]
    listed = [entry.client_id for entry in sdk.clients.list(per_page=2) if entry.name == name]
    assert listed == [client_id, *others]
    page = sdk.clients.list(per_page=2)
    assert page.response.model_dump(include={"start", "limit"}) == {"start": 0, "limit": 2}
    sdk.clients.delete(client_id)
    with pytest.raises(NotFoundError) as refused:
        sdk.clients.get(client_id)
    assert body(refused) == {
        "statusCode": 404,
        "error": "Not Found",
        "message": "The client does not exist",
        "errorCode": "inexistent_client",
    }


def test_resource_servers_and_grants(sdk: ManagementClient) -> None:
    identifier = f"https://{uuid4().hex}.example.com/a b?c"
    made = sdk.resource_servers.create(
        identifier=identifier,
        name="Orders",
        scopes=[{"value": "read:orders", "description": "See orders"}],  # type: ignore[list-item]
    )
    api_id = str(made.id)
    assert re.fullmatch("[0-9a-f]{24}", api_id)
    assert wire(sdk.resource_servers.get(api_id)) == wire(sdk.resource_servers.get(identifier)) == wire(made)
    changed = sdk.resource_servers.update(identifier, name="All orders", token_lifetime=60)
    assert (changed.name, changed.token_lifetime) == ("All orders", 60)
    assert api_id in [entry.id for entry in sdk.resource_servers.list(per_page=1)]
    assert [entry.id for entry in sdk.resource_servers.list(identifiers=[identifier])] == [api_id]

    app_id = str(sdk.clients.create(name="caller", app_type="non_interactive").client_id)
    grant = sdk.client_grants.create(client_id=app_id, audience=identifier, scope=["read:orders"])
    grant_id = str(grant.id)
    assert wire(grant) == {"id": grant_id, "client_id": app_id, "audience": identifier, "scope": ["read:orders"]}
    assert wire(sdk.client_grants.get(grant_id)) == wire(grant)
    assert [wire(entry) for entry in sdk.client_grants.list(client_id=app_id, take=1)] == [wire(grant)]
    assert grant_id in [entry.id for entry in sdk.client_grants.list(take=1)]
    with pytest.raises(ConflictError):
        sdk.client_grants.create(client_id=app_id, audience=identifier, scope=[], request_options=ONCE)
    assert sdk.client_grants.update(grant_id, scope=[]).scope == []
    sdk.client_grants.delete(grant_id)
    with pytest.raises(NotFoundError) as refused:
        sdk.client_grants.get(grant_id)
    assert body(refused)["errorCode"] == "inexistent_client_grant"

    sdk.resource_servers.delete(api_id)
    with pytest.raises(NotFoundError) as refused:
        sdk.resource_servers.get(identifier)
    assert body(refused)["errorCode"] == "inexistent_resource_server"
