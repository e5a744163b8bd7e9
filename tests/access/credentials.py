"""Credentials of every dialect that hold as much as a test says, and those that open nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

import httpx

from muster.core.actor import WHOLE_TENANT
from muster.core.api_keys.actions import revoke_api_key
from muster.dialects.auth0 import furnish as auth0
from muster.dialects.auth0.access import SCOPES
from muster.dialects.clerk import furnish as clerk
from muster.dialects.clerk.access import PERMISSIONS
from muster.dialects.kit.routes import Route
from muster.dialects.mattr import furnish as mattr
from muster.dialects.mattr.access import ROLES
from muster.dialects.monocloud import furnish as monocloud
from muster.dialects.netwrix.wire.permissions import NAMES
from tests.access.estate import PASSWORD, Tenant, good

WHOLE: Final[dict[str, frozenset[str]]] = {
    "auth0": frozenset(SCOPES),
    "clerk": PERMISSIONS,
    "monocloud": WHOLE_TENANT,
    "mattr": frozenset(permission for held in ROLES.values() for permission in held),
    "netwrix": frozenset(NAMES.values()),
}
"""All that a credential of the dialect can hold: scopes, permissions of the core, or powers."""


def needs_of(dialect: str, route: Route) -> frozenset[str]:
    """What the table of routes asks for, any one of which opens the door, as far as a credential can hold it."""
    if route.needs is None:
        return frozenset()
    return WHOLE[dialect].intersection(route.about.scopes if dialect == "auth0" else route.needs)


def least(dialect: str, needs: frozenset[str]) -> frozenset[str]:
    """The least that a credential with these can hold: MATTR's roles are coarser than permissions."""
    if dialect != "mattr":
        return needs
    return min((frozenset(given) for given in ROLES.values() if needs <= set(given)), key=len)


def client(tenant: Tenant, dialect: str, credential: str | None) -> httpx.AsyncClient:
    """A client below the dialect's prefix with a credential where it belongs; without any for None."""
    headers = {"accept": "application/json"}
    if credential is not None:
        name, before = ("x-api-key", "") if dialect == "monocloud" else ("authorization", "Bearer ")
        headers[name] = before + credential
    found = tenant.house.anonymous(tenant.name, **headers)
    found.base_url = found.base_url.join(f"/{dialect}")
    return found


class Credentials:
    """Makes credentials of a tenant; each kind is made once."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._made: dict[tuple[str, frozenset[str]], str] = {}
        self._names: dict[str, str] = {}

    async def holding(self, dialect: str, held: frozenset[str]) -> str:
        """A credential that holds just these."""
        found = self._made.get((dialect, held))
        if found is None:
            found = self._made[dialect, held] = await getattr(self, f"_{dialect}")(sorted(held))
        return found

    async def _auth0(self, held: Sequence[str]) -> str:
        made = await self._tenant.act(auth0.create_management_client, "limited", list(held), self._tenant.secrets)
        return await token(self._tenant, "auth0", made.client_id, made.client_secret)

    async def _clerk(self, held: Sequence[str]) -> str:
        _, text = await self._tenant.act(clerk.create_secret_key, "limited", held)
        return str(text)

    async def _monocloud(self, held: Sequence[str]) -> str:
        _, text = await self._tenant.act(monocloud.create_key, "limited", held)
        return str(text)

    async def _mattr(self, held: Sequence[str]) -> str:
        """Every role that gives nothing else."""
        roles = [role for role, given in ROLES.items() if set(given) <= set(held)]
        made = await self._tenant.act(mattr.create_client, "limited", roles, self._tenant.secrets)
        return await token(self._tenant, "mattr", made.client_id, made.client_secret)

    async def _netwrix(self, held: Sequence[str]) -> str:
        """A user with a role of just these powers, signed in."""
        number = len(self._made)
        powers = [name for name, power in NAMES.items() if power in held]
        async with await self._tenant.house.client("netwrix", self._tenant.name) as admin:
            role = {"Name": f"limited-{number}", "DisplayName": "Limited", "Permissions": powers}
            good(await admin.post("/userRoles/add", json=role))
            details = {"UserName": f"limited-{number}", "Roles": [role["Name"]]}
            good(await admin.post("/users/add", json={"UserDetails": details, "Password": PASSWORD}))
        return await sign_in(self._tenant, f"limited-{number}")


async def sign_in(tenant: Tenant, name: str) -> str:
    """The session of a user of Netwrix's with `PASSWORD`."""
    body = {"UserName": name, "Password": PASSWORD}
    async with tenant.house.anonymous(tenant.name, accept="application/json") as http:
        return str(good(await http.post("/netwrix/api/auth/credentials", json=body))["BearerToken"])


async def token(tenant: Tenant, dialect: str, client_id: str, client_secret: str) -> str:
    """What a client of Auth0's or MATTR's gets for its secret."""
    audience = tenant.house.credentials[tenant.name][dialect]["audience"]
    body = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    async with tenant.house.anonymous(tenant.name) as http:
        return str(good(await http.post("/oauth/token", json={**body, "audience": audience}))["access_token"])


async def revoked(tenant: Tenant, dialect: str, cheap_path: str) -> str:
    """A credential that was good, was used, and was then revoked; every process has heard of it."""
    act, secrets = tenant.act, tenant.secrets
    revoke: Any
    match dialect:
        case "auth0":
            made = await act(auth0.create_management_client, "revoked", list(SCOPES), secrets)
            text, revoke = await token(tenant, dialect, *made), (auth0.revoke_management_client, made.client_id)
        case "clerk":
            key_id, text = await act(clerk.create_secret_key, "revoked")
            revoke = (clerk.revoke_secret_key, key_id, secrets)
        case "monocloud":
            key, text = await act(monocloud.create_key, "revoked")
            revoke = (revoke_api_key, key.id)
        case "mattr":
            made = await act(mattr.create_client, "revoked", ["admin"], secrets)
            text, revoke = await token(tenant, dialect, *made), (mattr.revoke_client, made.client_id)
        case _:
            text = await tenant.house._proof(dialect, tenant.name)
            revoke = None
    async with client(tenant, dialect, text) as http:
        good(await http.get(cheap_path))
        if revoke is None:
            good(await http.post("/api/auth/logout"))
        else:
            await act(*revoke)
        for _ in range(500):
            if not (await http.get(cheap_path)).is_success:
                return str(text)
            await asyncio.sleep(0.01)  # another process of the same server hears of it a moment later
    raise AssertionError(f"a revoked credential of {dialect} still opens {cheap_path}")
