from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.apps.model import Api, Application, ClientGrant, grant_key
from muster.core.connections.model import Connection
from muster.core.errors import Invalid, Lost, NotFound, Taken
from muster.core.records import Key, Record
from muster.core.signing.model import Credential, SigningKey
from muster.core.store import Change, Tenant, Unit
from muster.core.users.model import Activity, Document, ForeignId, Link, Lock, Metadata, Password, Seen, User
from muster.core.users.shapes import foreign_key
from muster.storage.store import SqlStore
from tests.storage.contract.people import NOW, REALM, changed, delete, email_key, insert, inserted, person

RECORDS: list[Record] = [
    Connection(id="c1", version=1, created_at=NOW, updated_at=NOW + 1, name="one", options={"z": 1, "a": {}}),
    Application(id="a1", version=1, created_at=NOW, updated_at=NOW, name="app", secret="sealed", vendor={"auth0": {}}),
    Api(id="i1", version=1, created_at=NOW, updated_at=NOW, name="api", identifier="https://api/"),
    ClientGrant(id="g1", version=1, created_at=NOW, updated_at=NOW, app_id="a1", audience="https://api/", scopes=["x"]),
    SigningKey(id="k1", version=1, created_at=NOW, updated_at=NOW, purpose="ticket", algorithm="ES256", private="p"),
    Credential(id="d1", version=1, created_at=NOW, updated_at=NOW, secret="sealed"),
]


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
async def test_a_record_is_inserted_changed_and_deleted(store: SqlStore, tenant: Tenant, record: Record) -> None:
    kind: Any = type(record)
    await insert(store, tenant.number, record)
    assert await store.get(tenant.number, kind, record.id) == record
    assert await store.records(tenant.number, kind) == [record]

    after = replace(record, version=2, updated_at=NOW + 5)
    await store.commit(Unit(tenant.number, [Change(record, after)]))
    assert await store.get(tenant.number, kind, record.id) == after

    for stale in (Change(record, replace(record, version=2)), Change(record, None)):
        with pytest.raises(Lost) as lost:
            await store.commit(Unit(tenant.number, [stale]))
        assert lost.value.row == (kind.__name__, record.id)

    await delete(store, tenant.number, after)
    assert await store.get(tenant.number, kind, record.id) is None
    assert await store.records(tenant.number, kind) == []


async def test_records_are_found_by_their_keys_and_by_kind(store: SqlStore, tenant: Tenant) -> None:
    await insert(store, tenant.number, *RECORDS)
    connection, _, api, grant, *_ = RECORDS
    assert await store.find(tenant.number, Connection, Key("", "connection_name", "one")) == connection
    assert await store.find(tenant.number, Api, Key("", "api_identifier", "https://api/")) == api
    assert await store.find(tenant.number, ClientGrant, grant_key("a1", "https://api/")) == grant
    assert await store.find(tenant.number, Api, Key("", "connection_name", "one")) is None


async def test_records_come_oldest_first(store: SqlStore, tenant: Tenant) -> None:
    made = [Connection(id=id_, version=1, created_at=at, name=id_) for id_, at in (("b", 3), ("c", 1), ("a", 3))]
    await insert(store, tenant.number, *made)
    assert [record.id for record in await store.records(tenant.number, Connection)] == ["c", "a", "b"]


async def test_a_user_comes_back_as_it_was_saved(store: SqlStore, tenant: Tenant) -> None:
    documents: list[Document] = [{"z": [1, 2.5, None, "a\0b"], "a": {"": {}}, "big": 2**70}, {}, {"é": "\U0001f600"}]
    user = person(
        "ann@example.org",
        name="ann",
        created_at=5,
        updated_at=7,
        metadata=Metadata.of(private=documents[0], public=documents[1], unsafe=documents[2]),
        password=Password(hash="h", scheme="argon2id", set_at=1, changed_at=0),
        foreign_ids=[ForeignId(kind="auth0", value="auth0|1")],
        external_id="e1",
        suspended=False,
        links=[
            Link(id="l", kind="social", connection_id="g", provider="google", subject="s", created_at=1, updated_at=1)
        ],
    )
    stored = await inserted(store, tenant.number, user)
    assert stored == replace(user, seq=stored.seq)
    assert stored.seq > 0
    assert list(stored.metadata.private or {}) == ["z", "a", "big"]
    keys = user.keys()
    assert foreign_key("auth0", "auth0|1") in keys
    for key in keys:
        assert await store.find(tenant.number, User, key) == stored
    assert await store.find(tenant.number, User, email_key("bob@example.org")) is None
    assert await store.find(tenant.number, User, Key("other", "email", "ann@example.org")) is None


async def test_numbers_grow_and_are_never_given_twice(store: SqlStore, tenant: Tenant) -> None:
    first = await inserted(store, tenant.number, person("a@example.org"))
    second = await inserted(store, tenant.number, person("b@example.org"))
    await delete(store, tenant.number, second)
    third = await inserted(store, tenant.number, person("c@example.org"))
    assert first.seq < second.seq < third.seq


async def test_a_stale_change_of_a_user_is_lost_and_changes_nothing(store: SqlStore, tenant: Tenant) -> None:
    before = await inserted(store, tenant.number, person("ann@example.org"))
    await store.commit(Unit(tenant.number, [changed(before, external_id="first")]))
    other = person("bob@example.org")
    for stale in (changed(before, external_id="second"), Change(before, None)):
        with pytest.raises(Lost) as lost:
            await store.commit(Unit(tenant.number, [Change(None, other), stale]))
        assert lost.value.row == ("User", before.id)
    after = await store.get(tenant.number, User, before.id)
    assert after == replace(before, version=2, external_id="first")
    assert await store.get(tenant.number, User, other.id) is None


async def test_an_id_can_be_used_once(store: SqlStore, tenant: Tenant) -> None:
    user, connection = person("ann@example.org"), RECORDS[0]
    await insert(store, tenant.number, user, connection)
    for again in (person("bob@example.org", id=user.id), replace(connection, name="other")):
        with pytest.raises(Taken) as taken:
            await insert(store, tenant.number, again)
        assert (taken.value.kind, taken.value.value) == ("id", again.id)


async def test_activity_is_a_row_of_its_own(store: SqlStore, tenant: Tenant) -> None:
    user = await inserted(store, tenant.number, person("ann@example.org"))
    assert user.activity is None
    first = Activity(id=user.id, version=1, logins=1, last_login=Seen(at=9, ip="::1"), place={"city": "Bern"})
    await insert(store, tenant.number, first)
    assert await store.get(tenant.number, User, user.id) == replace(user, activity=first)
    assert await store.find(tenant.number, User, email_key("ann@example.org")) == replace(user, activity=first)
    assert await store.get(tenant.number, Activity, user.id) == first

    second = replace(first, version=2, logins=2, lock=Lock(at=9, cause="failures"))
    await store.commit(Unit(tenant.number, [Change(first, second)]))
    assert await store.get(tenant.number, User, user.id) == replace(user, activity=second)

    for stale in (Change(None, first), Change(first, second), Change(first, None)):
        with pytest.raises(Lost) as lost:
            await store.commit(Unit(tenant.number, [stale]))
        assert lost.value.row == ("Activity", user.id)

    # The user was not touched, and goes with all it has.
    await delete(store, tenant.number, user)
    assert await store.get(tenant.number, Activity, user.id) is None


async def test_a_user_may_come_with_activity(store: SqlStore, tenant: Tenant) -> None:
    user = person("ann@example.org")
    activity = Activity(id=user.id, version=1, logins=3)
    await insert(store, tenant.number, activity, user)
    stored = await store.get(tenant.number, User, user.id)
    assert stored is not None
    assert stored.activity == activity


async def test_nobody_has_activity_without_being_a_user(store: SqlStore, tenant: Tenant) -> None:
    with pytest.raises(Lost):
        await insert(store, tenant.number, Activity(id="nobody", version=1, logins=1))


async def test_expectations_hold_or_all_is_lost(store: SqlStore, tenant: Tenant) -> None:
    user = await inserted(store, tenant.number, person("ann@example.org"))
    connection = RECORDS[0]
    await insert(store, tenant.number, connection)
    await store.commit(Unit(tenant.number, [], expects=[user, connection, user]))
    assert await store.get(tenant.number, User, user.id) == user

    other = await inserted(store, tenant.number, person("bob@example.org"))
    change = changed(other, external_id="x")
    for stale in (replace(user, version=7), replace(connection, version=7), person("nobody@example.org")):
        with pytest.raises(Lost) as lost:
            await store.commit(Unit(tenant.number, [change], expects=[stale]))
        assert lost.value.row == (type(stale).__name__, stale.id)
    assert await store.get(tenant.number, User, other.id) == other

    # What is changed in the same unit is guarded by its own change.
    await store.commit(Unit(tenant.number, [changed(user, external_id="x")], expects=[user]))


async def test_a_user_of_no_tenant_is_refused(store: SqlStore, tenant: Tenant) -> None:
    with pytest.raises(NotFound):
        await insert(store, tenant.number + 1, person("ann@example.org"))


async def test_what_is_too_large_is_refused_before_anything_is_written(store: SqlStore, tenant: Tenant) -> None:
    user = person("ann@example.org", metadata=Metadata.of(private={"x": "y" * (1024 * 1024)}))
    with pytest.raises(Invalid) as invalid:
        await insert(store, tenant.number, user)
    assert (invalid.value.code, invalid.value.detail) == ("user_too_large", {"limit": 1048576})
    just_fits = person("ann@example.org", metadata=Metadata.of(private={"x": "y" * (1024 * 1024 - 1000)}))
    await inserted(store, tenant.number, just_fits)

    for long in (person("a" * 1100), person(name="a" * 1100), person(id="a" * 1100), person(external_id="é" * 600)):
        with pytest.raises(Invalid, match="key_too_long"):
            await insert(store, tenant.number, long)
    with pytest.raises(Invalid, match="key_malformed"):
        await insert(store, tenant.number, person(id="a\0b"))
    half = person(name="\ud800")
    with pytest.raises(Invalid, match="text_not_unicode"):
        await insert(store, tenant.number, half)


@pytest.mark.parametrize("value", ["a\0b", "\0", "a\1b", "\1\3", "é\u2028\U0010ffff", "a" * 900, "'; --", "%_\\"])
async def test_strange_texts_are_kept_apart(store: SqlStore, tenant: Tenant, value: str) -> None:
    user = await inserted(store, tenant.number, person(external_id=value, realm=REALM))
    assert user.external_id == value
    assert await store.find(tenant.number, User, Key("", "external_id", value)) == user
    for other in (value.replace("\0", "\1\3"), value.replace("\0", ""), value.replace("\1\3", "\0")):
        if other != value:
            assert await store.find(tenant.number, User, Key("", "external_id", other)) is None
            await insert(store, tenant.number, person(external_id=other))
    assert await store.get(tenant.number, User, value) is None
