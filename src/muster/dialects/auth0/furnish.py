"""What a tenant needs before this dialect can be used: the management API, one application that may call all of it, a grant;
and further applications like it, as the operator makes and revokes them.
"""

from secrets import token_hex
from typing import NamedTuple

import msgspec

from muster.core.apps.actions import create_app, delete_grant, update_app
from muster.core.apps.model import Api, Application, ClientGrant, Scope
from muster.core.errors import NotFound
from muster.core.ids import random_text
from muster.core.security import SecretBox
from muster.core.transaction import Transaction
from muster.dialects.auth0.access import SCOPES, audience
from muster.dialects.kit.call import Site

API_NAME = "Auth0 Management API"
APP_NAME = "Default Management Client"
LIFETIME = 86_400
SECRET_LENGTH = 64


class ManagementClient(NamedTuple):
    """The first application and its secret, as `muster credentials` shows them."""

    client_id: str
    client_secret: str


async def furnish(tx: Transaction, site: Site, secrets: SecretBox) -> None:
    """Make what is missing, and follow a change of the public address, which the API's identifier bears."""
    identifier = audience(site)
    api = await _system_api(tx)
    if api is None:
        await _first(tx, identifier, secrets)
        return
    scopes = [Scope(scope) for scope in SCOPES]
    renamed = msgspec.structs.replace(api, identifier=identifier, scopes=scopes)
    tx.save(renamed)
    app = await _system_app(tx)
    for grant in await tx.records(ClientGrant):
        if grant.audience == api.identifier:
            every = list(SCOPES) if app is not None and grant.app_id == app.id else grant.scopes
            tx.save(msgspec.structs.replace(grant, audience=identifier, scopes=every))


async def _first(tx: Transaction, identifier: str, secrets: SecretBox) -> None:
    tx.insert(
        Api(
            id=token_hex(12),
            name=API_NAME,
            identifier=identifier,
            scopes=[Scope(scope) for scope in SCOPES],
            token_lifetime=LIFETIME,
            system=True,
            created_at=tx.now,
        )
    )
    app, _ = _client(APP_NAME, secrets)
    tx.insert(msgspec.structs.replace(app, system=True, created_at=tx.now))
    tx.insert(_grant(app.id, identifier, list(SCOPES), tx.now))


async def create_management_client(
    tx: Transaction, name: str, scopes: list[str], secrets: SecretBox
) -> ManagementClient:
    """One more application that may call the management API, with these scopes at most."""
    api = await _system_api(tx)
    if api is None:
        raise NotFound("api")
    app, secret = _client(name, secrets)
    await create_app(tx, app)
    tx.expect(api)
    grant = tx.insert(_grant(app.id, api.identifier, scopes, tx.now))
    tx.note("client_grant.created", grant_id=grant.id, app_id=app.id, audience=api.identifier)
    return ManagementClient(app.id, secret)


async def revoke_management_client(tx: Transaction, app_id: str) -> None:
    """Take an application's secret and its grant for the management API; its tokens are refused from now on."""
    api = await _system_api(tx)
    await update_app(tx, app_id, lambda app: msgspec.structs.replace(app, secret=None))
    for grant in await tx.records(ClientGrant):
        if api is not None and grant.app_id == app_id and grant.audience == api.identifier:
            await delete_grant(tx, grant.id)
    tx.revoke_cached_access()


def _client(name: str, secrets: SecretBox) -> tuple[Application, str]:
    app_id, secret = random_text(32), random_text(SECRET_LENGTH)
    app = Application(
        id=app_id,
        name=name,
        secret=secrets.seal(secret.encode(), purpose=f"client_secret:{app_id}"),
        grant_types=["client_credentials"],
        vendor={"auth0": {"app_type": "non_interactive"}},
    )
    return app, secret


def _grant(app_id: str, audience_: str, scopes: list[str], now: int) -> ClientGrant:
    return ClientGrant(id=random_text(16), app_id=app_id, audience=audience_, scopes=scopes, created_at=now)


async def management_client(tx: Transaction, secrets: SecretBox) -> ManagementClient | None:
    """The first application's credentials; None once it was deleted."""
    app = await _system_app(tx)
    if app is None or app.secret is None:
        return None
    return ManagementClient(app.id, secrets.open(app.secret, purpose=f"client_secret:{app.id}").decode())


async def _system_app(tx: Transaction) -> Application | None:
    return next((app for app in await tx.records(Application) if app.system), None)


async def _system_api(tx: Transaction) -> Api | None:
    return next((api for api in await tx.records(Api) if api.system), None)
