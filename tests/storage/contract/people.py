"""Users to try things on, and the shortest way to store and change them."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from muster.core.ids import new_user_id
from muster.core.records import Key, Record
from muster.core.store import Change, Unit
from muster.core.users.model import Address, Origin, User, Username
from muster.storage.store import SqlStore

NOW = 1_800_000_000_000
REALM = "realm"


def address(value: str, *, primary: bool = True, verified: bool = False) -> Address:
    return Address(id=f"id-{value}", value=value, primary=primary, verified=verified, created_at=NOW, updated_at=NOW)


def person(email: str | None = None, *, name: str | None = None, **members: Any) -> User:
    return replace(
        User(
            id=new_user_id(NOW),
            version=1,
            created_at=NOW,
            updated_at=NOW,
            realm=REALM,
            origin=Origin(door="muster"),
            emails=[address(email)] if email is not None else [],
            username=Username(id=f"id-{name}", value=name, key=name) if name is not None else None,
        ),
        **members,
    )


def email_key(email: str) -> Key:
    return Key(REALM, "email", email)


async def insert(store: SqlStore, tenant_id: int, *records: Record) -> None:
    await store.commit(Unit(tenant_id, [Change(None, record) for record in records]))


async def inserted(store: SqlStore, tenant_id: int, user: User) -> User:
    """The user as it is read back."""
    await insert(store, tenant_id, user)
    stored = await store.get(tenant_id, User, user.id)
    assert stored is not None
    return stored


async def delete(store: SqlStore, tenant_id: int, *records: Record) -> None:
    await store.commit(Unit(tenant_id, [Change(record, None) for record in records]))


def changed(before: User, **members: Any) -> Change:
    return Change(before, replace(before, version=before.version + 1, **members))
