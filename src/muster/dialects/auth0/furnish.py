"""What a tenant needs before this dialect can be used: the management API, one application that may call all of it, a grant."""

from secrets import token_hex
from typing import NamedTuple

import msgspec

from muster.core.apps.model import Api, Application, ClientGrant, Scope
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
    api = next((api for api in await tx.records(Api) if api.system), None)
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
    app_id, secret = random_text(32), random_text(SECRET_LENGTH)
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
    tx.insert(
        Application(
            id=app_id,
            name=APP_NAME,
            secret=secrets.seal(secret.encode(), purpose=f"client_secret:{app_id}"),
            grant_types=["client_credentials"],
            system=True,
            created_at=tx.now,
            vendor={"auth0": {"app_type": "non_interactive"}},
        )
    )
    tx.insert(
        ClientGrant(id=random_text(16), app_id=app_id, audience=identifier, scopes=list(SCOPES), created_at=tx.now)
    )


async def management_client(tx: Transaction, secrets: SecretBox) -> ManagementClient | None:
    """The first application's credentials; None once it was deleted."""
    app = await _system_app(tx)
    if app is None or app.secret is None:
        return None
    return ManagementClient(app.id, secrets.open(app.secret, purpose=f"client_secret:{app.id}").decode())


async def _system_app(tx: Transaction) -> Application | None:
    return next((app for app in await tx.records(Application) if app.system), None)
