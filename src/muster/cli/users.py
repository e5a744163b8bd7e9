"""What the `muster user` commands do: find a user by any id, show them, and change them through the core's actions."""

import asyncio
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from muster.cli.output import timestamp
from muster.cli.tenants import started, tenant_named
from muster.core.actor import operator
from muster.core.connections.model import Connection
from muster.core.ids import UserId, is_id
from muster.core.query import Everyone, Is, Order, Page, Query
from muster.core.records import Key
from muster.core.store import Store
from muster.core.tenants.first_password import forget_first_password
from muster.core.transaction import Transaction
from muster.core.users import actions
from muster.core.users.actions import HashedPassword, NewAddress, NewUser
from muster.core.users.model import Origin, Profile, User
from muster.core.users.shapes import canonical, username_key
from muster.core.users.shown import shown_email, shown_name
from muster.crypto import passwords
from muster.dialects.auth0.wire.ids import parse_user_id, show_user_id
from muster.settings import Settings


async def page(
    settings: Settings, tenant_name: str, offset: int, limit: int, email: str | None
) -> tuple[list[dict[str, Any]], int]:
    """One page of users, and how many there are in all."""
    query: Query = Everyone() if email is None else Is("emails", canonical("email", email))
    async with started(settings) as database:
        store, tenant = database.store, await tenant_named(database.store, tenant_name)
        names = {realm.id: realm.name for realm in await store.records(tenant.number, Connection)}
        found = await actions.list_users(store, tenant.number, operator(), query, Order(), Page(offset, limit))
        total = await actions.count_users(store, tenant.number, operator(), query)
    return [summary(user, names) for user in found], total


async def show(settings: Settings, tenant_name: str, connection: str | None, given: str) -> dict[str, Any]:
    """Everything about one user that is no secret."""
    async with started(settings) as database:
        store, tenant = database.store, await tenant_named(database.store, tenant_name)
        realms = await _realms(store, tenant.number, connection)
        user = await _find(store, tenant.number, realms, given)
    return detail(user, {realm.id: realm.name for realm in realms})


async def create(
    settings: Settings,
    tenant_name: str,
    connection: str | None,
    password: str,
    *,
    email: str | None,
    verified: bool,
    username: str | None,
    name: str | None,
) -> dict[str, Any]:
    """A new user of the named connection, else of the default one."""
    async with started(settings) as database:
        store, tenant = database.store, await tenant_named(database.store, tenant_name)
        realms = await _realms(store, tenant.number, connection)
        realm = next((realm for realm in realms if connection is not None or realm.default), None)
        if realm is None or realm.kind != "database":
            raise click.ClickException(
                "users with passwords belong to a database connection; name one with --connection"
            )
        new = NewUser(
            origin=Origin(door="muster"),
            emails=[NewAddress(email, verified=verified)] if email else [],
            username=username,
            profile=Profile(name=name),
            password=await _hashed(password),
        )
        user = await database.runner.run(tenant.number, operator(), actions.create_user, realm, new)
    return summary(user, {realm.id: realm.name})


async def delete(settings: Settings, tenant_name: str, id_: str) -> None:
    """A user goes, by the core's id."""
    async with started(settings) as database:
        tenant = await tenant_named(database.store, tenant_name)
        await database.runner.run(tenant.number, operator(), _delete, UserId(id_))


async def reset_password(
    settings: Settings, tenant_name: str, connection: str | None, given: str, password: str, *, internal: bool
) -> str:
    """A new password and no lock any more; the id of the user."""
    async with started(settings) as database:
        store, tenant = database.store, await tenant_named(database.store, tenant_name)
        realms = await _realms(store, tenant.number, connection, internal=internal)
        user = await _find(store, tenant.number, realms, given)
        hashed = await _hashed(password)
        await database.runner.run(tenant.number, operator(), _set_password, user.id, hashed)
    return user.id


async def _delete(tx: Transaction, id_: UserId) -> None:
    await actions.delete_user(tx, await actions.find_user(tx, id_))


async def _set_password(tx: Transaction, id_: UserId, password: HashedPassword) -> None:
    user = await tx.need(User, id_)
    await actions.set_password(tx, user, password, unlock=True)
    await forget_first_password(tx, user)


async def find_id(store: Store, tenant_id: int, given: str) -> UserId:
    """The id of a user, by any name. What is an id itself, in whatever spelling, is taken for one of somebody who is gone."""
    key = parse_user_id(given) if "|" in given else UserId(given.replace("-", "").lower())
    if not isinstance(key, Key) and is_id(key):
        return key
    return (await _find(store, tenant_id, await _realms(store, tenant_id, None), given)).id


async def _hashed(password: str) -> HashedPassword:
    hash_ = await asyncio.to_thread(passwords.hash_password, password)
    return HashedPassword(hash_, passwords.check_hash(hash_))


async def _realms(
    store: Store, tenant_id: int, connection: str | None, *, internal: bool = False
) -> Sequence[Connection]:
    """The connections to look in."""
    realms = [realm for realm in await store.records(tenant_id, Connection) if realm.internal == internal]
    if connection is None:
        return realms
    named = [realm for realm in realms if realm.name == connection]
    if not named:
        there = ", ".join(realm.name for realm in realms)
        raise click.ClickException(f"there is no connection {connection}; there are: {there}")
    return named


async def _find(store: Store, tenant_id: int, realms: Sequence[Connection], given: str) -> User:
    """The one user of these realms that is meant; a refusal that says so when there is none, or more than one."""
    found: dict[str, User] = {}
    digits = given.replace("-", "").lower()
    if "|" in given:
        keys: list[UserId | Key] = [parse_user_id(given)]
    elif is_id(digits):
        keys = [UserId(digits)]
    else:
        kind, value = ("email", canonical("email", given)) if "@" in given else ("username", username_key(given))
        keys = [Key(realm.id, kind, value) for realm in realms]
    for key in keys:
        user = await (store.find(tenant_id, User, key) if isinstance(key, Key) else store.get(tenant_id, User, key))
        if user is not None and any(user.realm == realm.id for realm in realms):
            found[user.id] = user
    if not found:
        raise click.ClickException(f"there is no user {given}; muster user list shows those there are")
    if len(found) > 1:
        names = ", ".join(realm.name for realm in realms if any(user.realm == realm.id for user in found.values()))
        raise click.ClickException(
            f"{given} is a user of several connections: name one of them ({names}) with --connection"
        )
    return next(iter(found.values()))


def summary(user: User, realms: dict[str, str]) -> dict[str, Any]:
    """A user in one row."""
    email = shown_email(user)
    return {
        "id": user.id,
        "auth0_id": show_user_id(user),
        "email": email.address if email is not None else None,
        "username": user.username.value if user.username is not None else None,
        "name": shown_name(user),
        "connection": realms.get(user.realm),
        "suspended": bool(user.suspended),
        "created_at": timestamp(user.created_at),
        "updated_at": timestamp(user.updated_at),
    }


def detail(user: User, realms: dict[str, str]) -> dict[str, Any]:
    """All of a user but what proves who they are: no hash, no factor's secret, no token of another provider."""
    activity = user.activity
    return {
        **summary(user, realms),
        "emails": [_address(address) for address in user.emails],
        "phones": [_address(address) for address in user.phones],
        "profile": msgspec.to_builtins(user.profile),
        "public_metadata": user.metadata.public,
        "private_metadata": user.metadata.private,
        "unsafe_metadata": user.metadata.unsafe,
        "has_password": user.password is not None,
        "must_change_password": user.must_change is not None,
        "factors": [factor.kind for factor in user.factors if factor.confirmed],
        "identities": [f"{link.provider}|{link.subject}" for link in user.links],
        "locked": activity is not None and activity.lock is not None,
        "logins": activity.logins if activity is not None else 0,
        "last_login_at": timestamp(activity.last_login.at) if activity is not None and activity.last_login else None,
    }


def _address(address: Any) -> dict[str, Any]:
    return {"value": address.value, "verified": address.verified, "primary": address.primary}
