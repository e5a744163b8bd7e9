"""Imports that were stopped by force, and go on: nobody twice, nobody lost, and every rejected row told of once."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from muster.cli.app import run
from muster.core.facts import Fact
from muster.core.users.model import User
from muster.importers import beside
from muster.importers.mark import PREFIX
from muster.settings import Settings
from muster.wiring import opened
from tests.cli.importing import MASTER_KEY, first_words, furnished, ndjson, stored
from tests.databases import Databases

ROWS = 1_500


def people(n: int = ROWS) -> list[dict[str, Any]]:
    """Every tenth is no address, every fifteenth is named a second time."""
    return [
        {"email": "x" if i % 10 == 3 else f"user{i - 1 if i % 15 == 5 else i}@example.com", "name": f"N {i}"}
        for i in range(n)
    ]


def fitting(rows: list[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(row["email"] for row in rows if row["email"] != "x"))


def marks(settings: Settings) -> list[str]:
    async def found() -> list[str]:
        async with opened(settings) as db:
            return [fact.id for fact in await db.store.records(1, Fact) if fact.id.startswith(PREFIX)]

    return asyncio.run(found())


def addresses(users: list[User]) -> list[str]:
    return [user.emails[0].value for user in users]


def environment(url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    return kept | {"MUSTER_DATABASE_URL": url, "MUSTER_MASTER_KEY": MASTER_KEY}


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.parametrize("second_process", [False, True])
def test_kill_9_at_any_moment_loses_nothing_and_doubles_nothing(
    request: pytest.FixtureRequest, tmp_path: Path, engine: str, *, second_process: bool
) -> None:
    databases: Databases = request.getfixturevalue(f"{engine}_databases")
    url = databases.migrated()
    settings = Settings(data_dir=tmp_path, database_url=url)
    furnished(settings)
    rows = people()
    (tmp_path / "users.ndjson").write_bytes(ndjson(*rows))
    code = "import sys, muster.importers.beside as b; b.WORTH_IT = int(sys.argv.pop(1)); from muster.__main__ import main; main()"
    worth_it = 0 if second_process else beside.WORTH_IT
    command = [sys.executable, "-c", code, str(worth_it), "import", "auth0", "users.ndjson"]
    good = fitting(rows)
    told = f"read {ROWS}, inserted {len(good)}, updated 0, rejected {ROWS - len(good)} (users.ndjson.rejected.ndjson)"
    rng, kills = random.Random(4), 0
    while True:
        wanted = len(stored(settings)) + rng.randrange(1, 200) if kills < 4 else ROWS
        with subprocess.Popen(
            command, cwd=tmp_path, env=environment(url), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            deadline = time.monotonic() + 60
            while process.poll() is None and len(stored(settings)) < wanted:
                assert time.monotonic() < deadline
            process.kill()
            out, err = process.communicate(timeout=60)
        if process.returncode != -signal.SIGKILL:
            assert (process.returncode, first_words(out.decode())) == (3, told), err.decode()
            break
        kills += 1
        if len(stored(settings)) == len(good) and not marks(settings):
            break  # it had finished, and was only not gone yet
    assert kills > 0
    assert addresses(stored(settings)) == good
    left = [json.loads(line) for line in (tmp_path / "users.ndjson.rejected.ndjson").read_bytes().splitlines()]
    assert [row["line"] for row in left] == [
        n for n, row in enumerate(rows, 1) if row["email"] == "x" or row["email"] in addresses_before(rows, n)
    ]
    assert {row["errors"][0]["code"] for row in left} == {"FORMAT", "DUPLICATED_USER"}
    assert marks(settings) == []


def addresses_before(rows: list[dict[str, Any]], n: int) -> set[str]:
    return {row["email"] for row in rows[: n - 1]}


@pytest.fixture
def stopped(database: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Settings:
    """An import of 600 rows that a full disk ended after some."""
    Path("users.ndjson").write_bytes(ndjson(*people(600)))
    with monkeypatch.context() as patched:
        stop_after(patched, 100)
        assert run(["import", "auth0", "users.ndjson"]) == 1
    assert 0 < len(stored(database)) < len(fitting(people(600)))
    capsys.readouterr()
    return database


def stop_after(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    from muster.core.errors import Unavailable
    from muster.importers.run import Importer

    commit = Importer._commit

    async def failing(self: Importer, *args: Any) -> None:
        if self.report.read >= rows:
            raise Unavailable("database_full", retry_after=1)
        await commit(self, *args)

    monkeypatch.setattr(Importer, "_commit", failing)


def test_an_import_goes_on_and_says_so(stopped: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "auth0", "users.ndjson"]) == 3
    printed = capsys.readouterr()
    good = fitting(people(600))
    assert addresses(stored(stopped)) == good
    assert first_words(printed.out) == (
        f"read 600, inserted {len(good)}, updated 0, rejected {600 - len(good)} (users.ndjson.rejected.ndjson)"
    )
    assert printed.err.startswith("muster: users.ndjson: going on after row 1")
    assert len(Path("users.ndjson.rejected.ndjson").read_bytes().splitlines()) == 600 - len(good)
    assert marks(stopped) == []


def test_a_file_that_was_moved_is_known_again(stopped: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.ndjson").rename("moved.ndjson")
    Path("users.ndjson.rejected.ndjson").rename("moved.ndjson.rejected.ndjson")
    assert run(["import", "auth0", "moved.ndjson"]) == 3
    assert "going on after row" in capsys.readouterr().err
    assert addresses(stored(stopped)) == fitting(people(600))


def test_what_was_rejected_and_not_marked_is_not_told_twice(stopped: Settings) -> None:
    with Path("users.ndjson.rejected.ndjson").open("ab") as file:
        file.write(b'{"line":599,"user":{},"errors":[]}\n{"line"')
    assert run(["import", "auth0", "users.ndjson"]) == 3
    lines = Path("users.ndjson.rejected.ndjson").read_bytes().splitlines()
    assert len(lines) == 600 - len(fitting(people(600)))
    assert all(json.loads(line)["errors"] for line in lines)


@pytest.mark.parametrize("change", ["longer", "within"])
def test_a_changed_file_is_noticed(stopped: Settings, capsys: pytest.CaptureFixture[str], change: str) -> None:
    before = stored(stopped)
    file = Path("users.ndjson")
    content = file.read_bytes()
    file.write_bytes(
        content + ndjson({"email": "z@example.com"}) if change == "longer" else content[:9] + b"X" + content[10:]
    )
    assert run(["import", "auth0", "users.ndjson"]) == 1
    told = capsys.readouterr().err
    assert "muster: users.ndjson: the file has changed: an import of the former one stopped after row 1" in told
    assert "--restart begins at the first row" in told
    assert stored(stopped) == before


def test_a_change_far_behind_the_beginning_is_noticed(
    database: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = [{"email": f"u{i}@example.com", "name": "n" * 1_000} for i in range(900)]
    Path("users.ndjson").write_bytes(ndjson(*rows))
    with monkeypatch.context() as patched:
        stop_after(patched, 100)
        assert run(["import", "auth0", "users.ndjson"]) == 1
    rows[80]["name"] = "m" * 1_000
    Path("users.ndjson").write_bytes(ndjson(*rows))
    before = stored(database)
    capsys.readouterr()
    assert run(["import", "auth0", "users.ndjson"]) == 1
    assert "the file has changed" in capsys.readouterr().err
    assert stored(database) == before


def test_other_options_are_another_import(stopped: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "auth0", "users.ndjson", "--upsert"]) == 1
    assert "an import with other options (auth0) stopped after row 1" in capsys.readouterr().err


def test_a_restart_begins_at_the_first_row(stopped: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    was = len(stored(stopped))
    assert run(["import", "auth0", "users.ndjson", "--restart"]) == 3
    good = fitting(people(600))
    printed = capsys.readouterr()
    assert first_words(printed.out).startswith(f"read 600, inserted {len(good) - was}, updated 0, rejected ")
    assert printed.err == ""
    assert addresses(stored(stopped)) == good
    assert marks(stopped) == []


def test_lost_rejected_rows_are_asked_for(stopped: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.ndjson.rejected.ndjson").unlink()
    assert run(["import", "auth0", "users.ndjson"]) == 1
    assert "users.ndjson.rejected.ndjson holds rows rejected before the import stopped" in capsys.readouterr().err


def test_an_upsert_that_goes_on_still_updates_everybody_once(
    database: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = [{"email": f"u{i % 350}@example.com", "name": f"N {i}"} for i in range(400)]
    Path("users.ndjson").write_bytes(ndjson(*rows))
    with monkeypatch.context() as patched:
        stop_after(patched, 100)
        assert run(["import", "auth0", "users.ndjson", "--upsert"]) == 1
    assert run(["import", "auth0", "users.ndjson", "--upsert"]) == 3
    assert [user.profile.name for user in stored(database)] == [f"N {i}" for i in range(350)]
    left = [json.loads(line)["line"] for line in Path("users.ndjson.rejected.ndjson").read_bytes().splitlines()]
    assert left == list(range(351, 401))
