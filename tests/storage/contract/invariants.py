"""What must be true of every database at rest: all that is derived from the documents says what the documents say."""

from __future__ import annotations

from collections import Counter
from typing import Any

from muster.core.records import Key, Record
from muster.core.users.model import Activity, User
from muster.core.users.terms import TERMS_VERSION, identifying_texts, terms_of
from muster.storage.engine import Engine
from muster.storage.store import _TABLES
from muster.storage.text import bound, term_row, together
from muster.storage.users import COLUMNS, WITH_ACTIVITY


async def check_database(engine: Engine) -> None:
    users = await _users(engine)
    await _check_columns(engine, users)
    await _check_identifiers(engine, users)
    await _check_terms(engine, users)
    await _check_counts(engine, users)
    await _check_activity(engine, users)
    await _check_locators(engine)


def _keys(record: Record) -> frozenset[Key]:
    return record.keys()


async def _rows(engine: Engine, sql: str) -> Counter[tuple[Any, ...]]:
    return Counter(tuple(row) for row in await engine.rows(sql))


async def _users(engine: Engine) -> list[tuple[int, User]]:
    rows = await engine.rows(f"SELECT u.tenant_id, {COLUMNS} FROM users u {WITH_ACTIVITY}")
    return [(tenant_id, _TABLES[User].record_of(row)) for tenant_id, *row in rows]


async def _check_columns(engine: Engine, users: list[tuple[int, User]]) -> None:
    stored = await _rows(engine, "SELECT seq, realm, internal, overflow, terms_version FROM users")
    assert stored == Counter(
        (user.seq, user.realm, int(user.internal), int(not user.internal and terms_of(user)[1]), TERMS_VERSION)
        for _, user in users
    )


async def _check_identifiers(engine: Engine, users: list[tuple[int, User]]) -> None:
    stored = await _rows(engine, "SELECT tenant_id, realm, kind, value, user_id FROM identifiers")
    assert stored == Counter(
        (tenant_id, bound(key.realm), key.kind, bound(key.value), user.id)
        for tenant_id, user in users
        for key in _keys(user)
    )


async def _check_terms(engine: Engine, users: list[tuple[int, User]]) -> None:
    stored = Counter[tuple[Any, ...]]()
    for table in ("text_terms", "number_terms"):
        stored += await _rows(engine, f"SELECT tenant_id, n, '{table}', field, value FROM {table}")
    assert stored == Counter(
        (tenant_id, user.seq, *term_row(fact))
        for tenant_id, user in users
        if not user.internal
        for fact in terms_of(user)[0]
    )
    texts = await _rows(engine, "SELECT tenant_id, n, text FROM user_texts")
    assert texts == Counter(
        (tenant_id, user.seq, together(identifying_texts(user))) for tenant_id, user in users if not user.internal
    )


async def _check_counts(engine: Engine, users: list[tuple[int, User]]) -> None:
    listed = Counter(tenant_id for tenant_id, user in users if not user.internal)
    for tenant_id, count in await engine.rows(
        "SELECT tenant_id, CAST(sum(users) AS bigint) FROM user_counts GROUP BY tenant_id"
    ):
        assert count == listed.pop(tenant_id, 0)
    assert not listed


async def _check_activity(engine: Engine, users: list[tuple[int, User]]) -> None:
    rows = await engine.rows("SELECT tenant_id, user_id, n, logins, last_login_at, last_login_ip FROM activity")
    assert {tuple(row) for row in rows} == {
        (tenant_id, user.id, user.seq, *_searchable(user.activity))
        for tenant_id, user in users
        if user.activity is not None
    }


def _searchable(activity: Activity) -> tuple[int | None, int | None, str | None]:
    last = activity.last_login
    return activity.logins or None, last.at if last else None, last.ip or None if last else None


async def _check_locators(engine: Engine) -> None:
    expected = Counter[tuple[Any, ...]]()
    for kind, table in _TABLES.items():
        if kind in (User, Activity):
            continue
        columns = "r.tenant_id, r.id, r.version, r.created_at, r.updated_at, r.doc"
        for tenant_id, *row in await engine.rows(f"SELECT {columns} FROM {table.name} r"):
            record = table.record_of(row)
            expected.update(
                (tenant_id, bound(key.realm), key.kind, bound(key.value), kind.__name__, record.id)
                for key in _keys(record)
            )
    assert await _rows(engine, "SELECT tenant_id, realm, kind, value, record_kind, record_id FROM locators") == expected
