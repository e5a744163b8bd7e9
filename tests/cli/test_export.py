"""`muster export` as an operator runs it, and everything coming back through `muster import`, byte for byte."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from muster.cli.app import run
from muster.core.actor import operator
from muster.core.connections.model import Connection
from muster.core.ids import UserId, new_id
from muster.core.tenants.actions import furnish
from muster.core.transaction import Transaction
from muster.core.users.actions import HashedPassword, NewAddress, NewUser, born
from muster.core.users.model import (
    Activity,
    Code,
    DatabaseAccount,
    Factor,
    ForeignId,
    GroupMembership,
    Link,
    Lock,
    Metadata,
    Origin,
    Passkey,
    Profile,
    Seen,
    User,
)
from muster.crypto.sealing import Sealer
from muster.settings import Settings
from muster.wiring import opened, sealer
from tests.databases import Databases
from tests.importers.conftest import ARGON2, BCRYPT

NOW = 1_700_000_000_000
SEED = "JBSWY3DPEHPK3PXP"
KEYS = bytes(range(100, 132)).hex(), bytes(range(50, 82)).hex()
ANN, BOB, CYD, DAN = (UserId(new_id(NOW + n)) for n in range(4))


def people(realm: str, other: str, social: str, box: Sealer) -> list[User]:
    ann = born(
        NewUser(
            origin=Origin(door="auth0"),
            id=ANN,
            foreign_ids=[ForeignId(kind="auth0", value="auth0|old-1"), ForeignId(kind="clerk", value="user_x")],
            external_id="e-1",
            emails=[NewAddress("ann@example.com", verified=True), NewAddress("a@example.com")],
            phones=[NewAddress("+12015550100", verified=True)],
            username="Ann",
            profile=Profile(name="Ann", custom={"shoe": 38}),
            metadata=Metadata.of(private={"plan": "é😀", "n": 1.0}, unsafe={}, public={"b": [None]}),
            password=HashedPassword(BCRYPT, "bcrypt"),
            factors=[
                Factor(
                    id="f1", dev="d" * 16, kind="totp", confirmed=True, created_at=NOW,
                    secret=box.seal(SEED.encode(), purpose=f"totp:{ANN}"),
                ),
                Factor(id="f2", dev="e" * 16, kind="phone", confirmed=True, target="+12015550101", created_at=NOW),
                Factor(id="f3", dev="g" * 16, kind="email", confirmed=False, target="x@example.com", created_at=NOW),
            ],
            suspended=True,
            vendor={"netwrix": {"a": 1}},
            created_at=NOW - 5,
        ),
        realm,
        NOW,
    )  # fmt: skip
    links = [
        Link(id="l1", kind="social", connection_id=social, provider="google", subject="g|1", created_at=NOW, updated_at=NOW,
             tokens=box.seal(b"tokens", purpose="link_tokens:l1"), profile={"email": "g@example.com"}),
        Link(id="l2", kind="database", connection_id=other, provider="auth0", subject="z", created_at=NOW, updated_at=NOW,
             account=DatabaseAccount(email="merged@example.com", username="merged")),
    ]  # fmt: skip
    passkey = Passkey(id="p1", dev="h" * 16, credential_id="c", public_key="k", created_at=NOW)
    seen = Activity(logins=3, last_login=Seen(at=NOW, ip="10.0.0.1"), lock=Lock(at=NOW, cause="manual"))
    ann = replace(ann, links=links, passkeys=[passkey], codes=[Code(kind="backup", hash="s")], activity=seen)
    # Groups, organizations and roles are records of their own, which a file of users does not hold: a user names them by id.
    ann = replace(
        ann, groups=[GroupMembership(group_id="g" * 32, joined_at=NOW)], organizations=["o" * 32], hub_roles=["Editors"]
    )
    bob = NewUser(origin=Origin(door="clerk"), id=BOB, emails=[NewAddress("bob@example.com")], suspended=False,
                  password=HashedPassword(ARGON2, "argon2"))  # fmt: skip
    cyd = NewUser(origin=Origin(door="mattr"), id=CYD, profile=Profile(name="Cyd"))
    dan = NewUser(origin=Origin(door="muster"), id=DAN, emails=[NewAddress("ann@example.com")])
    return [ann, born(bob, realm, NOW + 1), born(cyd, realm, NOW + 2), born(dan, other, NOW + 3)]


def furnished(settings: Settings, key: str, *, with_people: bool) -> None:
    """A tenant with a second database connection and a social one; ids are this database's own."""

    async def make() -> None:
        async with opened(settings) as found:
            tenant = await found.store.create_tenant("default", 1)
            realm, _ = await found.runner.run(tenant.number, operator(), furnish)
            other, social = new_id(NOW)[:16], new_id(NOW + 9)[8:24]

            async def fill(tx: Transaction) -> None:
                tx.insert(Connection(id=other, name="Other", created_at=2))
                tx.insert(Connection(id=social, name="google", kind="social", strategy="google-oauth2", created_at=2))
                for user in people(realm.id, other, social, Sealer.of(bytes.fromhex(key))) if with_people else []:
                    tx.insert(user)

            await found.runner.run(tenant.number, operator(), fill)

    asyncio.run(make())


class Place:
    """One database, and the command line upon it."""

    def __init__(self, url: str, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.url, self.key, self._monkeypatch = url, key, monkeypatch

    def __call__(self, *arguments: str) -> int:
        self._monkeypatch.setenv("MUSTER_DATABASE_URL", self.url)
        self._monkeypatch.setenv("MUSTER_MASTER_KEY", self.key)
        return run(arguments)


@pytest.fixture
def places(
    request: pytest.FixtureRequest, engine: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Place, Place]:
    """A database with people, and one without that has another master key."""
    databases: Databases = request.getfixturevalue(f"{engine}_databases")
    monkeypatch.delenv("MUSTER_TEST_POSTGRES", raising=False)
    monkeypatch.chdir(tmp_path)
    found = []
    for key, filled in zip(KEYS, (True, False), strict=True):
        url = databases.migrated()
        furnished(Settings(data_dir=tmp_path, database_url=url), key, with_people=filled)
        found.append(Place(url, key, monkeypatch))
    return found[0], found[1]


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def lines(file: str) -> list[Any]:
    return [json.loads(line) for line in Path(file).read_bytes().splitlines()]


def test_ndjson_comes_back_whole_in_another_database_under_another_key(
    places: tuple[Place, Place], capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, empty = places
    assert full("export", "ndjson", "--output", "a.ndjson") == 0
    assert capsys.readouterr().err == (
        "muster: a.ndjson holds password hashes and secrets; keep it from others\nmuster: wrote 4 users to a.ndjson\n"
    )
    assert Path("a.ndjson").stat().st_mode & 0o777 == 0o600
    ann, bob, cyd, dan = lines("a.ndjson")
    assert (ann["factors"][0]["secret"], ann["links"][0]["tokens"], ann["password"]["hash"]) == (SEED, "tokens", BCRYPT)
    assert [link["connection"] for link in ann["links"]] == ["google", "Other"]
    assert [user["connection"] for user in (bob, cyd, dan)] == [*["Username-Password-Authentication"] * 2, "Other"]
    assert empty("import", "ndjson", "a.ndjson") == 0
    assert empty("export", "ndjson", "--output", "b.ndjson") == 0
    assert Path("b.ndjson").read_bytes() == Path("a.ndjson").read_bytes()
    (stored,) = [user for user in users(empty, tmp_path) if user.id == ANN]
    assert stored.factors[0].secret is not None
    box = sealer(Settings(data_dir=tmp_path, database_url=empty.url))
    assert box.open(stored.factors[0].secret, purpose=f"totp:{ANN}") == SEED.encode()


def users(place: Place, folder: Path) -> list[User]:
    async def found() -> list[User]:
        async with opened(Settings(data_dir=folder, database_url=place.url)) as database:
            return [user async for user in database.store.export_users(1)]

    return asyncio.run(found())


def test_the_auth0_form_comes_back_as_far_as_it_holds(
    places: tuple[Place, Place], capsys: pytest.CaptureFixture[str]
) -> None:
    full, empty = places
    assert full("export", "auth0", "--output", "a.ndjson") == 3
    assert capsys.readouterr().err.splitlines()[1:] == [
        "muster: wrote 2 users to a.ndjson",
        "muster: left out 1 users without an e-mail address, which this form needs",
    ]
    ann, bob = lines("a.ndjson")
    assert ann == {
        "user_id": "old-1",
        "email": "ann@example.com",
        "email_verified": True,
        "phone_number": "+12015550100",
        "phone_verified": True,
        "username": "Ann",
        "name": "Ann",
        "blocked": True,
        "user_metadata": {},
        "app_metadata": {"plan": "é😀", "n": 1.0},
        "custom_password_hash": {"algorithm": "bcrypt", "hash": {"value": BCRYPT, "encoding": "utf8"}},
        "mfa_factors": [{"totp": {"secret": SEED}}, {"phone": {"value": "+12015550101"}}],
    }
    assert (bob["user_id"], bob["custom_password_hash"]["algorithm"]) == (BOB, "argon2")
    del ann["username"]  # this form's connection does not take user names by default
    Path("b.ndjson").write_bytes(b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in (ann, bob)))
    assert empty("import", "auth0", "b.ndjson") == 0
    assert empty("export", "auth0", "--output", "c.ndjson") == 0
    assert lines("c.ndjson") == [ann, bob]
    assert empty("export", "auth0", "--output", "d.ndjson") == 0
    assert Path("c.ndjson").read_bytes() == Path("d.ndjson").read_bytes()


def test_one_connection_alone(places: tuple[Place, Place], capsys: pytest.CaptureFixture[str]) -> None:
    full, _ = places
    assert full("export", "ndjson", "--connection", "Other", "--output", "a.ndjson") == 0
    assert [user["id"] for user in lines("a.ndjson")] == [DAN]
    assert full("export", "csv", "--connection", "None", "--output", "a.csv") == 1
    assert "there is no connection None; there are: " in capsys.readouterr().err
    assert not Path("a.csv").exists()


def test_csv_needs_no_master_key_and_holds_no_secret(
    places: tuple[Place, Place], capsys: pytest.CaptureFixture[str]
) -> None:
    full, _ = places
    full.key = "no key"
    assert full("export", "csv", "--fields", "id,private_metadata.plan,connection") == 0
    printed = capsys.readouterr()
    assert printed.out.splitlines()[:2] == [
        "id,private_metadata.plan,connection",
        f"{ANN},é😀,Username-Password-Authentication",
    ]
    assert printed.err == "muster: wrote 4 users to what is written\n"
    assert full("export", "csv", "--fields", "id,passwrd") == 2
    assert "there is no field passwrd; there are: connection, id, email" in capsys.readouterr().err


@pytest.mark.parametrize("form", ["ndjson", "auth0"])
def test_secrets_need_the_master_key(
    places: tuple[Place, Place], capsys: pytest.CaptureFixture[str], form: str
) -> None:
    full, empty = places
    assert full("export", form, "--output", "right.ndjson") in (0, 3)
    full.key = empty.key
    assert full("export", form, "--output", "a.ndjson") == 1
    assert "master key does not fit" in capsys.readouterr().err
    assert not Path("a.ndjson").exists()


def test_secrets_are_not_printed_on_a_terminal(
    places: tuple[Place, Place], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    full, _ = places
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert full("export", "ndjson") == 2
    printed = capsys.readouterr()
    assert (printed.out, "give --output FILE" in printed.err) == ("", True)


def test_a_disk_that_fills_leaves_nothing_half_written(
    places: tuple[Place, Place], capsys: pytest.CaptureFixture[str]
) -> None:
    resource = pytest.importorskip("resource")
    full, _ = places
    Path("out").mkdir()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        code = full("export", "csv", "--output", "out/a.csv", "--fields", ",".join(["name", "id"] * 5_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, list(Path("out").iterdir())) == (1, [])
    assert "muster: out/a.csv: File too large" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "code", "path"),
    [
        ({"connection": "Nowhere"}, "no_such_connection", "connection"),
        ({"emails": [{"id": "x", "value": "ANN@example.com", "primary": True, "created_at": 1, "updated_at": 1}]},
         "identifier_malformed", ""),
        ({"emails": [{"id": "x", "value": "a@example.com", "created_at": 1, "updated_at": 1}]}, "primary_not_one", ""),
        ({"id": "42"}, "invalid", "id"),
        ({"internal": True}, "invalid", "internal"),
        ({"nickname": "x"}, "unknown_member", "nickname"),
        ({"seq": 5}, "unknown_member", "seq"),
        ({"created_at": "today"}, "invalid", "created_at"),
        ({"factors": [{"secret": "\ud800"}]}, "unreadable", ""),
        ({"username": {"id": "u", "value": "Ann", "key": "bob"}}, "invalid", "username.key"),
        ({"links": [{"id": "l", "connection": "gone"}]}, "no_such_connection", "links[0].connection"),
    ],
)  # fmt: skip
def test_a_row_that_is_no_user_is_rejected_with_the_reason(
    places: tuple[Place, Place], change: dict[str, Any], code: str, path: str
) -> None:
    full, empty = places
    assert full("export", "ndjson", "--output", "a.ndjson") == 0
    bob = lines("a.ndjson")[1]
    Path("b.ndjson").write_text(json.dumps({**bob, **change}) + "\n", "utf-8")
    assert empty("import", "ndjson", "b.ndjson") == 3
    (left,) = lines("b.ndjson.rejected.ndjson")
    assert [(error["code"], error.get("path", "")) for error in left["errors"]] == [(code, path)]
    assert ARGON2 not in Path("b.ndjson.rejected.ndjson").read_text("utf-8")


def test_everybody_can_be_put_into_one_connection(places: tuple[Place, Place]) -> None:
    full, empty = places
    assert full("export", "ndjson", "--connection", "Username-Password-Authentication", "--output", "a.ndjson") == 0
    assert empty("import", "ndjson", "a.ndjson", "--connection", "Other") == 0
    assert empty("export", "ndjson", "--output", "b.ndjson") == 0
    assert {user["connection"] for user in lines("b.ndjson")} == {"Other"}
