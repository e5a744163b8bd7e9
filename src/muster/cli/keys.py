"""The keys of each dialect, as `muster key` lists, makes and revokes them: what a key may do is said in its dialect's words."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from muster.core.actor import WHOLE_TENANT, operator
from muster.core.api_keys.actions import revoke_api_key
from muster.core.api_keys.model import ApiKey
from muster.core.apps import actions as apps
from muster.core.apps.model import Application
from muster.core.errors import NotFound
from muster.core.security import SecretBox
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.dialects.auth0 import furnish as auth0
from muster.dialects.auth0.access import SCOPES
from muster.dialects.clerk import furnish as clerk
from muster.dialects.clerk.access import PERMISSIONS as CLERK_PERMISSIONS
from muster.dialects.clerk.wire.ids import DOOR as CLERK
from muster.dialects.mattr import furnish as mattr
from muster.dialects.mattr.access import ROLES, roles_of
from muster.dialects.mattr.wire.ids import DOOR as MATTR
from muster.dialects.monocloud import furnish as monocloud
from muster.dialects.monocloud.access import DOOR as MONOCLOUD

AUTH0: Final = "auth0"

Row = dict[str, Any]
"""A key as it is listed: dialect, id, name, usable, scopes and created_at (milliseconds); nothing of it opens anything."""

Maker = Callable[[Transaction, str, Sequence[str] | None, SecretBox], Awaitable[dict[str, str]]]
"""The act that makes a key of a name with these scopes, None for all; its id and its secret, by the names its programs use."""


class Kind(NamedTuple):
    """What a dialect's key may be given, and how one is made."""

    scopes: Sequence[str]
    make: Maker


async def _auth0(tx: Transaction, name: str, scopes: Sequence[str] | None, box: SecretBox) -> dict[str, str]:
    made = await auth0.create_management_client(tx, name, list(SCOPES if scopes is None else scopes), box)
    return made._asdict()


async def _clerk(tx: Transaction, name: str, scopes: Sequence[str] | None, _: SecretBox) -> dict[str, str]:
    key_id, text = await clerk.create_secret_key(tx, name, scopes)
    return {"key_id": key_id, "secret_key": text}


async def _monocloud(tx: Transaction, name: str, scopes: Sequence[str] | None, _: SecretBox) -> dict[str, str]:
    key, text = await monocloud.create_key(tx, name, scopes)
    return {"key_id": key.id, "api_key": text}


async def _mattr(tx: Transaction, name: str, scopes: Sequence[str] | None, box: SecretBox) -> dict[str, str]:
    made = await mattr.create_client(tx, name, list(ROLES if scopes is None else scopes), box)
    return made._asdict()


KINDS: Final[dict[str, Kind]] = {
    AUTH0: Kind(tuple(SCOPES), _auth0),
    CLERK: Kind(tuple(sorted(CLERK_PERMISSIONS)), _clerk),
    MONOCLOUD: Kind(tuple(sorted(WHOLE_TENANT)), _monocloud),
    MATTR: Kind(tuple(ROLES), _mattr),
}


async def list_keys(store: Store, tenant_id: int) -> list[Row]:
    """Every key of a tenant, oldest first."""
    found = await apps.list_apis(store, tenant_id, operator())
    audience = next((api.identifier for api in found if api.system), "")
    granted = {
        grant.app_id: grant.scopes
        for grant in await apps.list_grants(store, tenant_id, operator())
        if grant.audience == audience
    }
    rows = [_app_row(app, granted) for app in await apps.list_apps(store, tenant_id, operator(), audience=None)]
    for key in await store.records(tenant_id, ApiKey):
        held = KINDS[key.door].scopes if key.permissions is None else key.permissions
        rows.append(_row(key.door, key, held, usable=True))
    return sorted(rows, key=lambda row: (row["created_at"], row["id"]))


def _app_row(app: Application, granted: Mapping[str, list[str]]) -> Row:
    if app.audience == MATTR:
        return _row(MATTR, app, roles_of(app), usable=app.secret is not None)
    return _row(AUTH0, app, granted.get(app.id, []), usable=app.secret is not None and app.id in granted)


def _row(dialect: str, kept: Application | ApiKey, scopes: Sequence[str], *, usable: bool) -> Row:
    return {
        "dialect": dialect,
        "id": kept.id,
        "name": kept.name,
        "usable": usable,
        "scopes": list(scopes),
        "created_at": kept.created_at,
    }


async def revoke_key(tx: Transaction, key_id: str, box: SecretBox) -> None:
    """The key of that id opens nothing any more, whichever dialect it is of; `NotFound("key")`."""
    key = await tx.get(ApiKey, key_id)
    app = None if key is not None else await tx.get(Application, key_id)
    if key is not None and key.door == CLERK:
        await clerk.revoke_secret_key(tx, key_id, box)
    elif key is not None:
        await revoke_api_key(tx, key_id)
    elif app is None:
        raise NotFound("key", id=key_id)
    elif app.audience == MATTR:
        await mattr.revoke_client(tx, key_id)
    else:
        await auth0.revoke_management_client(tx, key_id)
