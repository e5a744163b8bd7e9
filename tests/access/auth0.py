"""Auth0's operations: something of everything in a tenant, and how each is called."""

from __future__ import annotations

import asyncio
import json
from urllib.parse import parse_qs, urlsplit

import httpx

from muster.dialects.auth0.app import routes
from tests.access.estate import PASSWORD, Tenant, good
from tests.access.plans import Plan, Plans

ROUTES = routes().table
CHANGING = frozenset[str]()


async def settle(tenant: Tenant) -> dict[str, str]:
    """Make what the plans are about."""
    word = tenant.word
    async with await tenant.house.client("auth0", tenant.name) as http:

        async def made(path: str, body: object) -> dict[str, str]:
            found: dict[str, str] = good(await http.post(path, json=body))
            return found

        connections = [
            await made("/connections", {"name": f"{word}-{n}-realm", "strategy": "auth0", "display_name": word})
            for n in range(2)
        ]
        realm = connections[0]["name"]

        async def user(name: str) -> str:
            body = {"connection": realm, "email": f"{name}@{word}.example", "password": PASSWORD, "nickname": word}
            return (await made("/users", body))["user_id"]

        users = {name: await user(name) for name in ("reader", "doomed", "addressed")}
        apps = [await made("/clients", {"name": f"{word} {n}"}) for n in range(3)]
        apis = [
            await made(
                "/resource-servers",
                {"identifier": f"https://{word}.example/{n}-api", "name": word, "scopes": [{"value": "read:x"}]},
            )
            for n in range(3)
        ]
        grants = [
            await made("/client-grants", {"client_id": app["client_id"], "audience": api["identifier"], "scope": []})
            for app, api in zip(apps[:2], apis[:2], strict=True)
        ]
        job = await made("/jobs/users-exports", {"connection_id": connections[0]["id"], "format": "json"})
        location = await _link(http, job["id"])
        return {
            **users,
            "email": f"reader@{word}.example",
            "doomed_email": f"addressed@{word}.example",
            "realm": realm,
            "connection": connections[0]["id"],
            "doomed_connection": connections[1]["id"],
            "client": apps[0]["client_id"],
            "granted_client": apps[2]["client_id"],
            "doomed_client": apps[1]["client_id"],
            "api": apis[0]["id"],
            "identifier": apis[2]["identifier"],
            "doomed_api": apis[1]["id"],
            "grant": grants[0]["id"],
            "doomed_grant": grants[1]["id"],
            "job": job["id"],
            "link": parse_qs(urlsplit(location).query)["token"][0],
        }


async def _link(http: httpx.AsyncClient, job: str) -> str:
    """The address of an export's file, once the job is done."""
    for _ in range(200):
        shown = good(await http.get(f"/jobs/{job}"))
        if shown["status"] == "completed":
            return str(shown["location"])
        await asyncio.sleep(0.02)
    raise AssertionError(f"the job {job} is not done")


_FILE = {"users": ("users.json", json.dumps([{"email": "imported@example.com"}]).encode(), "application/json")}

PLANS: Plans = {
    "GET /openapi.json": Plan("/openapi.json"),
    "POST /oauth/token": Plan(
        "/oauth/token", {"grant_type": "client_credentials", "client_id": "{client}"}, status=401
    ),
    "GET /api/v2/users": Plan("/api/v2/users", query={"q": 'nickname:{realm} OR user_id:"{reader}"'}),
    "POST /api/v2/users": Plan(
        "/api/v2/users", {"connection": "{realm}", "email": "new@example.com", "password": PASSWORD}
    ),
    "GET /api/v2/users-by-email": Plan("/api/v2/users-by-email", query={"email": "{email}"}),
    "GET /api/v2/users/{id}": Plan("/api/v2/users/{reader}"),
    "PATCH /api/v2/users/{id}": Plan("/api/v2/users/{reader}", {"user_metadata": {"a": 1}}),
    "GET /api/v2/connections": Plan("/api/v2/connections", query={"name": "{realm}"}),
    "POST /api/v2/connections": Plan("/api/v2/connections", {"name": "another", "strategy": "auth0"}),
    "GET /api/v2/connections/{id}": Plan("/api/v2/connections/{connection}"),
    "PATCH /api/v2/connections/{id}": Plan(
        "/api/v2/connections/{connection}", {"enabled_clients": ["{client}"], "display_name": "x"}
    ),
    "GET /api/v2/connections/{id}/status": Plan("/api/v2/connections/{connection}/status"),
    "GET /api/v2/connections/{id}/clients": Plan("/api/v2/connections/{connection}/clients"),
    "PATCH /api/v2/connections/{id}/clients": Plan(
        "/api/v2/connections/{connection}/clients", [{"client_id": "{client}", "status": True}]
    ),
    "DELETE /api/v2/connections/{id}/users": Plan(
        "/api/v2/connections/{connection}/users", query={"email": "{doomed_email}"}
    ),
    "DELETE /api/v2/connections/{id}": Plan("/api/v2/connections/{doomed_connection}"),
    "GET /api/v2/clients": Plan("/api/v2/clients"),
    "POST /api/v2/clients": Plan("/api/v2/clients", {"name": "another"}),
    "GET /api/v2/clients/{id}": Plan("/api/v2/clients/{client}"),
    "PATCH /api/v2/clients/{id}": Plan("/api/v2/clients/{client}", {"description": "x"}),
    "POST /api/v2/clients/{id}/rotate-secret": Plan("/api/v2/clients/{client}/rotate-secret"),
    "DELETE /api/v2/clients/{id}": Plan("/api/v2/clients/{doomed_client}"),
    "GET /api/v2/resource-servers": Plan("/api/v2/resource-servers", query={"identifiers": "{identifier}"}),
    "POST /api/v2/resource-servers": Plan("/api/v2/resource-servers", {"identifier": "https://another.example"}),
    "GET /api/v2/resource-servers/{id}": Plan("/api/v2/resource-servers/{api}"),
    "PATCH /api/v2/resource-servers/{id}": Plan("/api/v2/resource-servers/{api}", {"name": "x"}),
    "DELETE /api/v2/resource-servers/{id}": Plan("/api/v2/resource-servers/{doomed_api}"),
    "GET /api/v2/client-grants": Plan("/api/v2/client-grants", query={"client_id": "{client}"}),
    "POST /api/v2/client-grants": Plan(
        "/api/v2/client-grants", {"client_id": "{granted_client}", "audience": "{identifier}", "scope": []}
    ),
    "GET /api/v2/client-grants/{id}": Plan("/api/v2/client-grants/{grant}"),
    "PATCH /api/v2/client-grants/{id}": Plan("/api/v2/client-grants/{grant}", {"scope": ["read:x"]}),
    "DELETE /api/v2/client-grants/{id}": Plan("/api/v2/client-grants/{doomed_grant}"),
    "POST /api/v2/jobs/users-imports": Plan(
        "/api/v2/jobs/users-imports", form={"connection_id": "{connection}"}, files=_FILE
    ),
    "POST /api/v2/jobs/users-exports": Plan("/api/v2/jobs/users-exports", {"connection_id": "{connection}"}),
    "POST /api/v2/jobs/verification-email": Plan("/api/v2/jobs/verification-email", {"user_id": "{reader}"}),
    "GET /api/v2/jobs/{id}": Plan("/api/v2/jobs/{job}"),
    "GET /api/v2/jobs/{id}/errors": Plan("/api/v2/jobs/{job}/errors"),
    "GET /api/v2/jobs/{id}/download": Plan("/api/v2/jobs/{job}/download", query={"token": "{link}"}),
    "DELETE /api/v2/users/{id}": Plan("/api/v2/users/{doomed}"),
}
