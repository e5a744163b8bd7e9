"""What can be done with connections. Internal ones (the realm of operators' own accounts) are unknown to all of these."""

from collections.abc import Callable, Iterable, Mapping

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.apps.model import Application
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.query import Is, Order, Page
from muster.core.store import Store
from muster.core.transaction import Transaction
from muster.core.users.model import User

MOST_USERS_AT_ONCE = 200
"""So that deleting a connection of a million users never holds up other writers for long."""


async def list_connections(store: Store, tenant_id: int, actor: Actor) -> list[Connection]:
    """Every connection, oldest first."""
    actor.must(May.CONNECTIONS_READ)
    return [connection for connection in await store.records(tenant_id, Connection) if not connection.internal]


async def read_connection(store: Store, tenant_id: int, actor: Actor, connection_id: str) -> Connection:
    """One connection; `NotFound("connection")` for an unknown or internal one."""
    actor.must(May.CONNECTIONS_READ)
    return _visible(await store.get(tenant_id, Connection, connection_id))


async def create_connection(tx: Transaction, connection: Connection) -> Connection:
    """A new connection. A name that is in use is `Taken("connection_name")` at the commit."""
    tx.actor.must(May.CONNECTIONS_WRITE)
    await _need_apps(tx, connection.enabled_apps)
    _check(connection)
    created = tx.insert(replace(connection, internal=False, default=False, created_at=tx.now))
    tx.note("connection.created", connection_id=created.id, name=created.name)
    return created


async def update_connection(
    tx: Transaction, connection_id: str, change: Callable[[Connection], Connection]
) -> Connection:
    """Apply `change` to the connection as it is now. Its id, name and kind stay, whatever the change makes of them."""
    tx.actor.must(May.CONNECTIONS_WRITE)
    before = await _find(tx, connection_id)
    changed = change(before)
    after = replace(
        changed,
        id=before.id,
        name=before.name,
        kind=before.kind,
        strategy=before.strategy,
        internal=before.internal,
        default=before.default,
        created_at=before.created_at,
    )
    await _need_apps(tx, (app_id for app_id in after.enabled_apps if app_id not in before.enabled_apps))
    return _keep(tx, before, after)


async def enable_apps(tx: Transaction, connection_id: str, enabled: Mapping[str, bool]) -> Connection:
    """Say of some applications whether they may use the connection; `NotFound("application")` for an unknown one."""
    tx.actor.must(May.CONNECTIONS_WRITE)
    before = await _find(tx, connection_id)
    await _need_apps(tx, enabled)
    apps = dict.fromkeys(before.enabled_apps)
    for app_id, wanted in enabled.items():
        if wanted:
            apps[app_id] = None
        else:
            apps.pop(app_id, None)
    return _keep(tx, before, replace(before, enabled_apps=list(apps)))


async def close_connection(tx: Transaction, connection_id: str) -> Connection:
    """The first step of deleting a connection: nobody can be created in it any more, so its users only become fewer.

    `Conflict("default_connection")` for the one that callers without a notion of connections write to.
    """
    tx.actor.must(May.CONNECTIONS_WRITE)
    before = await _find(tx, connection_id)
    if before.default:
        raise Conflict("default_connection", name=before.name)
    return _keep(tx, before, replace(before, disabled=True))


async def delete_users_of(tx: Transaction, connection_id: str) -> int:
    """The next step, repeated until it answers 0: delete some of the users of a closed connection; how many they were."""
    tx.actor.must(May.CONNECTIONS_WRITE)
    page = Page(limit=MOST_USERS_AT_ONCE)
    users = await tx.store.search_users(tx.tenant_id, Is("realm", connection_id), Order(), page)
    if users:
        tx.revoke_cached_access()
    for found in users:
        user = await tx.get(User, found.id)
        if user is not None:
            tx.delete(user)
            tx.note("user.deleted", user_id=user.id, realm=user.realm)
    return len(users)


async def delete_connection(tx: Transaction, connection_id: str) -> None:
    """The last step; `Conflict("connection_in_use")` while the connection is not closed or still has users."""
    tx.actor.must(May.CONNECTIONS_WRITE)
    connection = await _find(tx, connection_id)
    if not connection.disabled or await tx.store.count_users(tx.tenant_id, Is("realm", connection_id)):
        raise Conflict("connection_in_use", name=connection.name)
    tx.delete(connection)
    tx.note("connection.deleted", connection_id=connection.id, name=connection.name)


async def _need_apps(tx: Transaction, app_ids: Iterable[str]) -> None:
    """`NotFound("application")` unless every application exists, and still does when this commits."""
    for app_id in app_ids:
        tx.expect(await tx.need(Application, app_id))


async def _find(tx: Transaction, connection_id: str) -> Connection:
    return _visible(await tx.get(Connection, connection_id))


def _visible(connection: Connection | None) -> Connection:
    if connection is None or connection.internal:
        raise NotFound("connection")
    return connection


def _keep(tx: Transaction, before: Connection, after: Connection) -> Connection:
    if after == before:
        return before
    _check(after)
    tx.note("connection.updated", connection_id=after.id, name=after.name)
    return tx.save(after)


def _check(connection: Connection) -> None:
    rule = connection.username_rule
    if not 1 <= rule.minimum <= rule.maximum:
        raise Invalid("username_rule", minimum=rule.minimum, maximum=rule.maximum)
