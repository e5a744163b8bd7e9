"""What can be done with applications, the APIs they call, and the grants between them.

Whatever takes power from a credential (a new secret, a narrower grant, something deleted) makes every process forget the
credentials it has checked.
"""

from collections.abc import Callable

from msgspec.structs import replace

from muster.core.actor import Actor
from muster.core.actor import Permissions as May
from muster.core.apps.model import Api, Application, ClientGrant
from muster.core.connections.model import Connection
from muster.core.errors import Conflict, Invalid, NotFound
from muster.core.records import Key
from muster.core.store import Store
from muster.core.transaction import Transaction

# ---------------------------------------------------------------------------------------------------------- applications


async def list_apps(store: Store, tenant_id: int, actor: Actor, *, audience: str | None = "") -> list[Application]:
    """The applications of that audience, oldest first; with None of every one."""
    actor.must(May.APPS_READ, May.APPS_READ_SUMMARY)
    return [app for app in await store.records(tenant_id, Application) if audience in (None, app.audience)]


async def read_app(store: Store, tenant_id: int, actor: Actor, app_id: str) -> Application:
    """One application; `NotFound("application")` when there is none."""
    actor.must(May.APPS_READ, May.APPS_READ_SUMMARY)
    app = await store.get(tenant_id, Application, app_id)
    if app is None or app.audience:
        raise NotFound("application", id=app_id)
    return app


async def create_app(tx: Transaction, app: Application) -> Application:
    """A new application; its secret is already sealed."""
    tx.actor.must(May.APPS_WRITE)
    created = tx.insert(replace(app, system=False, created_at=tx.now))
    tx.note("app.created", app_id=created.id, name=created.name)
    return created


async def update_app(
    tx: Transaction, app_id: str, change: Callable[[Application], Application], *, audience: str = ""
) -> Application:
    """Apply `change` to the application as it is now; a new secret is another permission than everything else."""
    tx.actor.must(May.APPS_WRITE, May.APPS_WRITE_SECRETS)
    before = await _app(tx, app_id, audience)
    changed = change(before)
    after = replace(changed, id=before.id, audience=before.audience, system=before.system, created_at=before.created_at)
    if after == before:
        return before
    if after.secret != before.secret:
        tx.actor.must(May.APPS_WRITE_SECRETS)
    if replace(after, secret=before.secret) != before:
        tx.actor.must(May.APPS_WRITE)
    if after.secret != before.secret or not set(before.grant_types) <= set(after.grant_types):
        tx.revoke_cached_access()
    tx.note("app.updated", app_id=app_id, name=after.name)
    return tx.save(after)


async def delete_app(tx: Transaction, app_id: str, *, audience: str = "") -> None:
    """The application goes with its grants, and no connection names it any more."""
    tx.actor.must(May.APPS_WRITE)
    app = await _app(tx, app_id, audience)
    for grant in await tx.records(ClientGrant):
        if grant.app_id == app_id:
            tx.delete(grant)
    for connection in await tx.records(Connection):
        if app_id in connection.enabled_apps:
            tx.save(replace(connection, enabled_apps=[id_ for id_ in connection.enabled_apps if id_ != app_id]))
    tx.delete(app)
    tx.note("app.deleted", app_id=app_id, name=app.name)
    tx.revoke_cached_access()


# ------------------------------------------------------------------------------------------------------------------ APIs


async def list_apis(store: Store, tenant_id: int, actor: Actor) -> list[Api]:
    """Every API, oldest first."""
    actor.must(May.APIS_READ)
    return list(await store.records(tenant_id, Api))


async def read_api(store: Store, tenant_id: int, actor: Actor, name: str) -> Api:
    """One API by its id or its identifier; `NotFound("api")` when there is none."""
    actor.must(May.APIS_READ)
    api = await store.get(tenant_id, Api, name) or await store.find(tenant_id, Api, _identified(name))
    if api is None:
        raise NotFound("api", id=name)
    return api


async def create_api(tx: Transaction, api: Api) -> Api:
    """A new API. An identifier that is in use is `Taken("api_identifier")` at the commit."""
    tx.actor.must(May.APIS_WRITE)
    _check_api(api)
    created = tx.insert(replace(api, system=False, created_at=tx.now))
    tx.note("api.created", api_id=created.id, identifier=created.identifier)
    return created


async def update_api(tx: Transaction, name: str, change: Callable[[Api], Api]) -> Api:
    """Apply `change` to the API as it is now. A scope that it loses is lost by every grant for it as well."""
    tx.actor.must(May.APIS_WRITE)
    before = await _find_api(tx, name)
    if before.system:
        raise Conflict("system_api", verb="patched")
    after = replace(change(before), id=before.id, identifier=before.identifier, created_at=before.created_at)
    if after == before:
        return before
    _check_api(after)
    kept = {scope.value for scope in after.scopes}
    if not {scope.value for scope in before.scopes} <= kept:
        for grant in await tx.records(ClientGrant):
            if grant.audience == before.identifier and not set(grant.scopes) <= kept:
                tx.save(replace(grant, scopes=[scope for scope in grant.scopes if scope in kept]))
        tx.revoke_cached_access()
    tx.note("api.updated", api_id=after.id, identifier=after.identifier)
    return tx.save(after)


async def delete_api(tx: Transaction, name: str) -> None:
    """The API goes with every grant for it; `Conflict("system_api")` for the server's own."""
    tx.actor.must(May.APIS_WRITE)
    api = await _find_api(tx, name)
    if api.system:
        raise Conflict("system_api", verb="deleted")
    for grant in await tx.records(ClientGrant):
        if grant.audience == api.identifier:
            tx.delete(grant)
    tx.delete(api)
    tx.note("api.deleted", api_id=api.id, identifier=api.identifier)
    tx.revoke_cached_access()


# ---------------------------------------------------------------------------------------------------------------- grants


async def list_grants(store: Store, tenant_id: int, actor: Actor) -> list[ClientGrant]:
    """Every grant, oldest first."""
    actor.must(May.CLIENT_GRANTS_READ)
    return list(await store.records(tenant_id, ClientGrant))


async def read_grant(store: Store, tenant_id: int, actor: Actor, grant_id: str) -> ClientGrant:
    """One grant; `NotFound("clientgrant")` when there is none."""
    actor.must(May.CLIENT_GRANTS_READ)
    grant = await store.get(tenant_id, ClientGrant, grant_id)
    if grant is None:
        raise NotFound("clientgrant", id=grant_id)
    return grant


async def create_grant(tx: Transaction, grant: ClientGrant) -> ClientGrant:
    """A new grant, of scopes that the API has. A second one for the same pair is `Taken("client_grant")` at the commit."""
    tx.actor.must(May.CLIENT_GRANTS_WRITE)
    app = await _app(tx, grant.app_id)
    api = await tx.find(Api, _identified(grant.audience))
    if api is None:
        raise NotFound("api", id=grant.audience)
    _check_scopes(grant, api)
    # Neither end may go while the grant is made: it would outlive what it is about.
    tx.expect(app)
    tx.expect(api)
    created = tx.insert(replace(grant, created_at=tx.now))
    tx.note("client_grant.created", grant_id=created.id, app_id=created.app_id, audience=created.audience)
    return created


async def update_grant(tx: Transaction, grant_id: str, change: Callable[[ClientGrant], ClientGrant]) -> ClientGrant:
    """Apply `change` to the grant as it is now; whom and what it is for stays."""
    tx.actor.must(May.CLIENT_GRANTS_WRITE)
    before = await tx.need(ClientGrant, grant_id)
    changed = change(before)
    after = replace(changed, id=before.id, app_id=before.app_id, audience=before.audience, created_at=before.created_at)
    if after == before:
        return before
    api = await tx.find(Api, _identified(after.audience))
    if api is None:
        raise NotFound("api", id=after.audience)
    _check_scopes(after, api)
    tx.expect(api)
    tx.revoke_cached_access()
    tx.note("client_grant.updated", grant_id=grant_id, app_id=after.app_id, audience=after.audience)
    return tx.save(after)


async def delete_grant(tx: Transaction, grant_id: str) -> None:
    """The application can have no more tokens for the API, and those it has are worth nothing."""
    tx.actor.must(May.CLIENT_GRANTS_WRITE)
    grant = await tx.need(ClientGrant, grant_id)
    tx.delete(grant)
    tx.note("client_grant.deleted", grant_id=grant_id, app_id=grant.app_id, audience=grant.audience)
    tx.revoke_cached_access()


async def _app(tx: Transaction, app_id: str, audience: str = "") -> Application:
    """An application that whoever manages those of this audience may know of."""
    app = await tx.need(Application, app_id)
    if app.audience != audience:
        raise NotFound("application", id=app_id)
    return app


async def _find_api(tx: Transaction, name: str) -> Api:
    api = await tx.get(Api, name) or await tx.find(Api, _identified(name))
    if api is None:
        raise NotFound("api", id=name)
    return api


def _identified(identifier: str) -> Key:
    return Key("", "api_identifier", identifier)


def _check_api(api: Api) -> None:
    values = [scope.value for scope in api.scopes]
    if len(set(values)) != len(values):
        raise Invalid("scope_twice")


def _check_scopes(grant: ClientGrant, api: Api) -> None:
    known = {scope.value for scope in api.scopes}
    unknown = [scope for scope in grant.scopes if scope not in known]
    if unknown:
        raise Invalid("scope_unknown", scopes=unknown, audience=api.identifier)
