"""Whole imports on both engines: what is stored, what is rejected, and what a run leaves when it does not end well."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import Actor, operator
from muster.core.connections.model import Connection
from muster.core.errors import Invalid, NotAllowed, Unavailable
from muster.core.ids import new_id
from muster.core.records import Key
from muster.core.store import Change, Unit
from muster.core.users.actions import NewAddress, NewUser, create_user
from muster.core.users.model import Activity, Metadata, Origin, User
from muster.crypto.passwords import verify
from muster.importers import pace
from muster.importers.auth0 import Auth0Rows
from muster.importers.batches import Maker, Seen
from muster.importers.mark import FileImport, Mark
from muster.importers.pace import Pace
from muster.importers.reading import FileDamaged
from muster.importers.report import Rejected, RejectedFile, Report
from tests.importers.conftest import ARGON2, BCRYPT, NOW, PASSWORD, Import, Place

EXISTS = {"code": "DUPLICATED_USER", "message": "The user already exist and upsert parameter is false"}


def ann(**members: Any) -> dict[str, Any]:
    return {"email": "ann@example.com", **members}


def bob(**members: Any) -> dict[str, Any]:
    return {"email": "bob@example.com", **members}


def many(n: int) -> list[dict[str, Any]]:
    return [{"email": f"user{i}@example.com", "name": f"Ünï {i} 日本", "app_metadata": {"n": i}} for i in range(n)]


def counts(report: Report) -> tuple[int, int, int, int]:
    return (report.read, report.inserted, report.updated, report.rejected)


def given_twice(member: str) -> dict[str, str]:
    return {"code": "DUPLICATED_USER", "message": f"A user with this {member} was already provided.", "path": member}


async def test_people_come_in_with_their_hashes_ids_and_one_event_each(place: Place, import_: Import) -> None:
    native = new_id(NOW)
    report = await import_(
        ann(password_hash=BCRYPT, user_id="5f7c8ec7", username="Ann", email_verified=True, user_metadata={"é": "😀"}),
        bob(custom_password_hash={"algorithm": "argon2", "hash": {"value": ARGON2}}, user_id=f"auth0|{native}"),
    )
    assert (counts(report), report.line, place.rejected.exists()) == ((2, 2, 0, 0), 2, False)
    users = await place.users()
    found, other = users["ann@example.com"], users["bob@example.com"]
    assert other.id == native
    assert found.password is not None
    assert other.password is not None
    assert [verify(user.password.hash, PASSWORD) for user in (found, other) if user.password] == [True, True]
    assert (found.password.hash, found.password.changed_at) == (BCRYPT, None)
    assert (found.origin, found.metadata, found.version) == (
        Origin(door="auth0", via="import"),
        Metadata.of(unsafe={"é": "😀"}),
        1,
    )
    by_id = await place.store.find(place.into.tenant_id, User, Key("", "id:auth0", "auth0|5f7c8ec7"))
    assert by_id == found
    assert sorted(await place.events()) == [("user.created", "ann@example.com"), ("user.created", "bob@example.com")]
    (event,) = await place.store.events.of_user(place.into.tenant_id, found.id)
    assert (event.actor_kind, event.door, event.data) == ("operator", "cli", {"realm": place.into.realm.name})


async def test_rejected_rows_are_written_word_for_word(place: Place, import_: Import) -> None:
    report = await import_(
        ann(password_hash="$2b$10$nope", name="Å"),
        b"{broken\n",
        bob(),
        bob(name="Bob again"),
        {"email": "x"},
    )
    assert counts(report) == (5, 1, 0, 4)
    assert (
        place.rejected.read_bytes()
        == (
            '{"line":1,"user":{"email":"ann@example.com","password_hash":"*****","name":"Å"},'
            '"errors":[{"code":"FORMAT","message":"The hash is malformed","path":"password_hash"}]}\n'
            '{"line":2,"user":null,"errors":[{"code":"FORMAT","message":"The row is not JSON"}]}\n'
            '{"line":4,"user":{"email":"bob@example.com","name":"Bob again"},'
            '"errors":[{"code":"DUPLICATED_USER","message":"A user with this email was already provided.","path":"email"}]}\n'
            '{"line":5,"user":{"email":"x"},'
            '"errors":[{"code":"FORMAT","message":"Object didn\'t pass validation for format email: x","path":"email"}]}\n'
        ).encode()
    )
    assert place.rejected.stat().st_mode & 0o777 == 0o600


async def test_a_row_is_a_duplicate_by_any_identifier(place: Place, import_: Import) -> None:
    await import_(ann(user_id="1", username="ann", phone_number="+12015550100"))
    place.clock.turn(seconds=5)
    report = await import_(
        ann(name="by e-mail"),
        {"email": "c@example.com", "user_id": "1"},
        {"email": "d@example.com", "username": "ANN"},
        {"email": "e@example.com", "phone_number": "+12015550100"},
        {"email": "f@example.com"},
    )
    assert counts(report) == (5, 1, 0, 4)
    assert [(row["line"], row["errors"]) for row in place.left()] == [
        (1, [EXISTS]),
        (2, [{**EXISTS, "path": "user_id"}]),
        (3, [{**EXISTS, "path": "username"}]),
        (4, [{**EXISTS, "path": "phone_number"}]),
    ]


@pytest.mark.parametrize("batch", [1, 50])
async def test_the_first_of_two_rows_of_a_file_wins(
    place: Place, import_: Import, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(pace, name, batch)
    native = new_id(NOW)
    report = await import_(
        ann(user_id="1", username="ann", phone_number="+12015550100"),
        {"email": "c@example.com", "user_id": "1"},
        {"email": "d@example.com", "username": "ANN"},
        {"email": "ANN@Example.com"},
        {"email": "e@example.com", "phone_number": "+12015550100"},
        {"email": "f@example.com", "user_id": native},
        {"email": "g@example.com", "user_id": native},
    )
    assert counts(report) == (7, 2, 0, 5)
    assert [(row["line"], row["errors"]) for row in place.left()] == [
        (2, [given_twice("user_id")]),
        (3, [given_twice("username")]),
        (4, [given_twice("email")]),
        (5, [given_twice("phone_number")]),
        (7, [given_twice("user_id")]),
    ]
    assert set(await place.users()) == {"ann@example.com", "f@example.com"}


async def test_one_culprit_costs_its_batch_nothing(place: Place, import_: Import) -> None:
    people = many(120)
    await import_(people[77])
    report = await import_(*people)
    assert counts(report) == (120, 119, 0, 1)
    assert [row["line"] for row in place.left()] == [78]
    assert {user.metadata.private["n"] for user in (await place.users()).values() if user.metadata.private} == set(
        range(120)
    )


async def test_importing_a_file_again_changes_nothing(place: Place, import_: Import) -> None:
    people = many(230)
    assert counts(await import_(*people)) == (230, 230, 0, 0)
    before = await place.users()
    place.clock.turn(seconds=5)
    assert counts(await import_(*people)) == (230, 0, 0, 230)
    assert [row["errors"] for row in place.left()] == [[EXISTS]] * 230
    assert await place.users() == before


async def test_a_good_run_removes_the_rejected_rows_of_the_last(place: Place, import_: Import) -> None:
    await import_({"email": "x"})
    assert place.rejected.exists()
    await import_(ann())
    assert not place.rejected.exists()


async def test_an_upsert_renews_what_it_may_and_nothing_else(place: Place, import_: Import) -> None:
    await import_(
        ann(email_verified=True, name="Ann", given_name="Ann", nickname="annie", username="ann", password_hash=BCRYPT,
            user_metadata={"a": 1, "b": 2}, app_metadata={"keep": True}, blocked=True)
    )  # fmt: skip
    before = (await place.users())["ann@example.com"]
    place.clock.turn(seconds=5)
    report = await import_(
        ann(name="Ann B", family_name="B", picture="https://images.example.com/a.jpg", username="other", blocked=False,
            user_metadata={"c": 3}, phone_number="+12015550100", password_hash=BCRYPT.replace("QLG7", "QLG8"), user_id="9"),
        bob(),
        upsert=True,
    )  # fmt: skip
    assert (counts(report), place.rejected.exists()) == ((2, 1, 1, 0), False)
    after = (await place.users())["ann@example.com"]
    (address,) = after.emails
    assert (address.verified, address.verified_at) == (False, None)
    assert after == replace(
        before,
        version=2,
        updated_at=NOW + 5000,
        emails=[address],
        profile=replace(before.profile, name="Ann B", family_name="B", picture="https://images.example.com/a.jpg"),
        metadata=Metadata.of(unsafe={"c": 3}, private={"keep": True}),
    )
    assert sorted(await place.events()) == [
        ("user.created", "ann@example.com"),
        ("user.created", "bob@example.com"),
        ("user.updated", "ann@example.com"),
    ]


async def test_an_upsert_that_changes_nothing_makes_no_version_and_no_event(place: Place, import_: Import) -> None:
    row = ann(name="Ann", app_metadata={"a": 1})
    await import_(row)
    before = await place.users()
    place.clock.turn(seconds=5)
    assert counts(await import_(row, upsert=True)) == (1, 0, 1, 0)
    assert await place.users() == before
    assert await place.events() == [("user.created", "ann@example.com")]


async def test_a_custom_hash_is_renewed_until_its_user_has_signed_in(place: Place, import_: Import) -> None:
    custom = {"algorithm": "argon2", "hash": {"value": ARGON2}}
    await import_(ann(password_hash=BCRYPT), bob(password_hash=BCRYPT))
    user = (await place.users())["bob@example.com"]
    seen = Activity(id=user.id, version=1, logins=1, successes=1)
    await place.store.commit(Unit(place.into.tenant_id, [Change(None, seen)]))
    await import_(ann(custom_password_hash=custom), bob(custom_password_hash=custom), upsert=True)
    users = await place.users()
    hashes = {address: user.password.hash for address, user in users.items() if user.password is not None}
    assert hashes == {"ann@example.com": ARGON2, "bob@example.com": BCRYPT}


async def test_an_upsert_updates_a_user_once_and_reports_conflicts(place: Place, import_: Import) -> None:
    await import_(ann(username="ann"))
    place.clock.turn(seconds=5)
    report = await import_(ann(name="1"), ann(name="2"), bob(username="ann"), bob(), upsert=True)
    assert counts(report) == (4, 0, 1, 3)
    assert [(row["line"], row["errors"]) for row in place.left()] == [
        (2, [given_twice("email")]),
        (3, [{"code": "CONFLICT_USERNAME", "message": "The username provided is in use already.", "path": "username"}]),
        (4, [given_twice("email")]),
    ]


async def other_connection(place: Place, **members: Any) -> Connection:
    into = place.into

    async def make(tx: Any) -> None:
        tx.insert(Connection(id="0123456789abcdef", name="Other", created_at=NOW, **members))

    await into.runner.run(into.tenant_id, operator(), make)
    stored = await place.store.get(into.tenant_id, Connection, "0123456789abcdef")
    assert stored is not None
    return stored


async def test_users_of_another_connection_are_others(place: Place, import_: Import) -> None:
    realm = await other_connection(place)
    new = NewUser(origin=Origin(door="muster"), emails=[NewAddress("ann@example.com")])
    await place.into.runner.run(place.into.tenant_id, operator(), create_user, realm, new)
    assert counts(await import_(ann(), upsert=True)) == (1, 1, 0, 0)


async def test_a_connection_that_is_closed_meanwhile_ends_the_run(place: Place) -> None:
    open_ = replace(await other_connection(place, disabled=True), disabled=False)
    importer = place._replace(into=place.into._replace(realm=open_)).importer()
    with pytest.raises(Invalid, match="connection_disabled"):
        await importer.run(source(ndjson(many(3))), RejectedFile(place.rejected))
    assert (counts(importer.report), await place.users()) == ((0, 0, 0, 0), {})


# ---- runs that do not end well


async def test_what_stands_before_the_damage_is_kept_and_reported(place: Place) -> None:
    importer = place.importer()
    rejects = RejectedFile(place.rejected)
    content = b'{"email":"a@example.com"}\n{"email":"x"}\n{"email":"b@example.com"}\n{"email":'
    with pytest.raises(FileDamaged, match="row 4: the file ends in the middle of it"):
        await importer.run(source(content), rejects)
    rejects.close()
    assert (counts(importer.report), importer.report.line) == ((3, 2, 0, 1), 3)
    assert set(await place.users()) == {"a@example.com", "b@example.com"}
    assert [row["line"] for row in place.left()] == [2]


def source(content: bytes) -> Any:
    import io

    from muster.importers.reading import Source

    return Source(io.BytesIO(content))


class Failing:
    """A runner that refuses the n-th commit, once or for ever."""

    def __init__(self, place: Place, refusal: Exception, at: int, times: int = 1_000) -> None:
        self._runner = place.into.runner
        self.store, self.clock = place.store, place.clock
        self._refusal, self._at, self._times = refusal, at, times

    async def run(self, *args: Any, **kwargs: Any) -> Any:
        self._at -= 1
        if self._at < 0 < self._times:
            self._times -= 1
            raise self._refusal
        return await self._runner.run(*args, **kwargs)


def ndjson(people: list[dict[str, Any]]) -> bytes:
    import msgspec

    return b"".join(msgspec.json.encode(person) + b"\n" for person in people)


async def test_a_database_that_goes_away_leaves_whole_batches(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "LARGEST_BATCH", 50)
    failing = Failing(place, Unavailable("database_away", retry_after=1), at=2)
    importer = place._replace(into=place.into._replace(runner=failing)).importer()  # type: ignore[arg-type]
    with pytest.raises(Unavailable, match="database_away"):
        await importer.run(source(ndjson(many(130))), RejectedFile(place.rejected))
    assert importer.report.line == importer.report.inserted == len(await place.users()) < 130


async def test_a_busy_database_is_waited_for(place: Place) -> None:
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    failing = Failing(place, Unavailable("database_busy", retry_after=2), at=1, times=3)
    importer = place._replace(into=place.into._replace(runner=failing)).importer(pace=Pace(wait=wait))  # type: ignore[arg-type]
    report = await importer.run(source(ndjson(many(120))), RejectedFile(place.rejected))
    assert (counts(report), waits) == ((120, 120, 0, 0), [2, 2, 2])


async def test_a_run_that_is_cancelled_finishes_its_commit_and_tells(place: Place) -> None:
    done: list[int] = []

    def stop(report: Report) -> None:
        done.append(report.read)
        if len(done) == 2:
            task.cancel()

    importer = place.importer(on_progress=stop)
    task = asyncio.ensure_future(importer.run(source(ndjson(many(2_000))), RejectedFile(place.rejected)))
    report = await task
    assert report.interrupted
    assert report.inserted == report.line == len(await place.users())
    assert 0 < report.inserted < 2_000


async def test_only_a_database_connection_in_use_takes_people_and_only_from_those_who_may(
    place: Place, box: Any
) -> None:
    realm = place.into.realm
    for changed in (replace(realm, kind="social"), replace(realm, internal=True), replace(realm, disabled=True)):
        with pytest.raises(Invalid):
            place._replace(into=place.into._replace(realm=changed)).importer()
    nobody = Actor(kind="client", id="x", door="auth0", permissions=frozenset())
    with pytest.raises(NotAllowed):
        place._replace(into=place.into._replace(actor=nobody)).importer()


async def test_a_batch_is_never_larger_than_its_bytes(place: Place, import_: Import) -> None:
    sizes: list[int] = []
    people = [{"email": f"{n}@example.com", "app_metadata": {"x": "y" * 900_000}} for n in range(9)]
    await import_(
        *people,
        {"email": "z@example.com", "app_metadata": {"x": "y" * 1_048_400}},
        on_progress=lambda r: sizes.append(r.read),
    )
    assert sizes == [5, 10]
    (row,) = place.left()
    assert (row["line"], [error["code"] for error in row["errors"]]) == (10, ["MAX_LENGTH"])


def test_the_vendor_is_one(rows: Auth0Rows) -> None:
    from muster.importers.record import Vendor

    vendor: Vendor = rows
    assert vendor is rows


def test_a_full_disk_is_named_with_the_file_and_leaves_whole_rows(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    rejects = RejectedFile(tmp_path / "r.ndjson")
    rejects.write([Rejected(1, {}, [])])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, limits[1]))
    try:
        with pytest.raises(OSError, match=r"File too large: .*r\.ndjson"):
            rejects.write([Rejected(2, {}, [])])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        rejects.close()
    assert rejects.path.read_bytes() == b'{"line":1,"user":{},"errors":[]}\n'


async def marked(place: Place, **options: Any) -> Any:
    file = FileImport("users.ndjson", 1, "head", place.into.realm.id, "auth0")
    mark = await Mark.of(place.store, place.into.tenant_id, file)
    return place.importer(mark=mark, **options)


async def test_two_runs_of_one_import_never_both_bring_a_row(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_BATCH", "SMALLEST_BATCH", "LARGEST_BATCH"):
        monkeypatch.setattr(pace, name, 20)  # neither ends before the other has seen its mark
    one, other = await marked(place), await marked(place)
    rejects = [RejectedFile(tmp_path / name) for name in ("a", "b")]
    runs = [run.run(source(ndjson(many(400))), file) for run, file in zip((one, other), rejects, strict=True)]
    ended = await asyncio.gather(*runs, return_exceptions=True)
    for file in rejects:
        file.close()
    assert sorted(type(end).__name__ for end in ended) == ["Conflict", "Report"]
    assert len(await place.users()) == 400
    assert (one.report.rejected, other.report.rejected) == (0, 0)


async def test_a_batch_can_be_made_ready_in_another_process(place: Place) -> None:
    import pickle

    maker = Maker(place.into.task(place.vendor, upsert=False), source(ndjson([*many(3), bob(email="x")])))
    batch = await maker.next(10, NOW)
    assert batch is not None
    again = pickle.loads(pickle.dumps(batch))

    class Once:
        async def skip(self, line: int) -> str:
            raise AssertionError

        async def next(self, size: int, now: int) -> Any:
            nonlocal again
            batch, again = again, None
            return batch

    with contextlib.closing(RejectedFile(place.rejected)) as rejects:
        report = await place.importer().run(Once(), rejects)
    assert counts(report) == (4, 3, 0, 1)
    assert set(await place.users()) == {f"user{n}@example.com" for n in range(3)}


def test_addresses_are_known_again_however_many() -> None:
    seen = Seen()
    assert all(seen.first(f"user{n}@example.com") for n in range(5_000))
    assert not any(seen.first(f"user{n}@example.com") for n in range(5_000))
    assert seen.first("another@example.com")
