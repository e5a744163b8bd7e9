"""`muster import auth0` as an operator runs it: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from muster.cli.app import run
from muster.core.actor import operator
from muster.core.tenants.actions import furnish
from muster.core.users.model import User
from muster.settings import Settings
from muster.wiring import opened
from tests.databases import Databases

MASTER_KEY = bytes(range(100, 132)).hex()


@pytest.fixture
def database(migrated_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A database with a tenant, named in the environment as a container's would be, and the working folder an empty one."""
    settings = Settings(data_dir=tmp_path, database_url=migrated_url)
    furnished(settings)
    monkeypatch.delenv("MUSTER_TEST_POSTGRES", raising=False)
    monkeypatch.setenv("MUSTER_DATABASE_URL", migrated_url)
    monkeypatch.setenv("MUSTER_MASTER_KEY", MASTER_KEY)
    monkeypatch.chdir(tmp_path)
    return settings


def furnished(settings: Settings) -> None:
    async def make() -> None:
        async with opened(settings) as found:
            tenant = await found.store.create_tenant("default", 1)
            await found.runner.run(tenant.number, operator(), furnish)

    asyncio.run(make())


def stored(settings: Settings) -> list[User]:
    async def all_users() -> list[User]:
        async with opened(settings) as found:
            return [user async for user in found.store.export_users(1)]

    return asyncio.run(all_users())


def ndjson(*people: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(person).encode() + b"\n" for person in people)


def first_words(text: str) -> str:
    """The summary without its time."""
    return text.rpartition(" in ")[0]


ANN = {"email": "ann@example.com", "mfa_factors": [{"totp": {"secret": "JBSWY3DPEHPK3PXP"}}]}


def test_a_good_file_ends_with_0(database: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.ndjson").write_bytes(ndjson(ANN, {"email": "bob@example.com"}))
    assert run(["import", "auth0", "users.ndjson"]) == 0
    printed = capsys.readouterr()
    assert (first_words(printed.out), printed.err) == ("read 2, inserted 2, updated 0, rejected 0", "")
    assert [user.emails[0].value for user in stored(database)] == ["ann@example.com", "bob@example.com"]
    assert "JBSWY3DPEHPK3PXP" not in repr(stored(database))


def test_rejected_rows_end_with_3(database: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.json").write_text(json.dumps([ANN, {"email": "x"}]), "utf-8")
    assert run(["import", "auth0", "users.json"]) == 3
    assert first_words(capsys.readouterr().out) == (
        "read 2, inserted 1, updated 0, rejected 1 (users.json.rejected.ndjson)"
    )
    assert json.loads(Path("users.json.rejected.ndjson").read_text("utf-8"))["line"] == 2


def test_a_second_run_updates_with_upsert(database: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.ndjson.gz").write_bytes(gzip.compress(ndjson(ANN)))
    assert run(["import", "auth0", "users.ndjson.gz"]) == 0
    assert run(["import", "auth0", "users.ndjson.gz", "--upsert"]) == 0
    assert run(["import", "auth0", "users.ndjson.gz"]) == 3
    assert [first_words(line) for line in capsys.readouterr().out.splitlines()] == [
        "read 1, inserted 1, updated 0, rejected 0",
        "read 1, inserted 0, updated 1, rejected 0",
        "read 1, inserted 0, updated 0, rejected 1 (users.ndjson.gz.rejected.ndjson)",
    ]


def test_a_cut_file_is_named_with_its_row_and_keeps_what_was_whole(
    database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("users.ndjson").write_bytes(ndjson({"email": "bob@example.com"}) + b'{"email":')
    assert run(["import", "auth0", "users.ndjson"]) == 1
    printed = capsys.readouterr()
    assert first_words(printed.out) == "read 1, inserted 1, updated 0, rejected 0"
    assert printed.err == "muster: users.ndjson: row 2: the file ends in the middle of it\n"
    assert len(stored(database)) == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["none.ndjson"], "muster: none.ndjson: No such file or directory\n"),
        (["users.ndjson", "--tenant", "x"], "muster: there is no tenant x; there are: default\n"),
        (
            ["users.ndjson", "--connection", "X"],
            "muster: there is no connection X; there are: Username-Password-Authentication\n",
        ),
        (
            ["users.ndjson", "--connection", "muster-internal"],
            "muster: there is no connection muster-internal; there are: Username-Password-Authentication\n",
        ),
    ],
)
def test_what_cannot_begin_says_why_and_ends_with_1(
    database: Settings, capsys: pytest.CaptureFixture[str], arguments: list[str], told: str
) -> None:
    Path("users.ndjson").write_bytes(ndjson(ANN))
    assert run(["import", "auth0", *arguments]) == 1
    assert (capsys.readouterr(), stored(database)) == (("", told), [])


def test_a_wrong_master_key_seals_nothing(
    database: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("users.ndjson").write_bytes(ndjson(ANN))
    assert run(["import", "auth0", "users.ndjson"]) == 0
    monkeypatch.setenv("MUSTER_MASTER_KEY", bytes(range(50, 82)).hex())
    Path("more.ndjson").write_bytes(ndjson({**ANN, "email": "bob@example.com"}))
    assert run(["import", "auth0", "more.ndjson"]) == 1
    assert "the master key does not fit this database" in capsys.readouterr().err
    assert len(stored(database)) == 1


def test_rejected_rows_that_cannot_be_written_end_with_1_and_the_counts(
    database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("users.ndjson").write_bytes(ndjson(ANN, {"email": "x"}))
    Path("users.ndjson.rejected.ndjson").mkdir()
    assert run(["import", "auth0", "users.ndjson"]) == 1
    printed = capsys.readouterr()
    assert first_words(printed.out) == "read 2, inserted 1, updated 0, rejected 1 (users.ndjson.rejected.ndjson)"
    assert printed.err == (
        "muster: users.ndjson: stopped after row 2\nmuster: users.ndjson.rejected.ndjson: Is a directory\n"
    )


@pytest.mark.slow
def test_an_interrupt_finishes_the_commit_prints_the_counts_and_ends_with_130(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    url = sqlite_databases.migrated()
    settings = Settings(data_dir=tmp_path, database_url=url)
    furnished(settings)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    environment |= {"MUSTER_DATABASE_URL": url, "MUSTER_MASTER_KEY": MASTER_KEY}
    command = [sys.executable, "-m", "muster", "import", "auth0", "-"]
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(ndjson(*({"email": f"{n}@example.com"} for n in range(60))))
        process.stdin.flush()
        wait_for_users(url.removeprefix("sqlite:///"), 50)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(ndjson({"email": "last@example.com"}), timeout=30)
    assert process.returncode == 130
    done = len(stored(settings))
    assert done >= 50
    assert first_words(out.decode()) == f"read {done}, inserted {done}, updated 0, rejected 0"
    assert err.decode() == f"muster: -: interrupted after row {done}\n"


def wait_for_users(file: str, wanted: int) -> None:
    deadline = time.monotonic() + 30
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as reader:
        while reader.execute("SELECT count(*) FROM users").fetchone()[0] < wanted:
            assert time.monotonic() < deadline
            time.sleep(0.02)
    reader.close()


def test_progress_without_a_terminal_is_a_line_now_and_then(
    database: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("muster.cli.import_.SECONDS_BETWEEN_LINES", 0.0)
    Path("users.ndjson").write_bytes(ndjson(*({"email": f"{n}@example.com"} for n in range(60))))
    assert run(["import", "auth0", "users.ndjson"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("50 rows, ")
    assert ", 0 rejected, 83% of the file, about 0 s left" in lines[0]


def test_a_terminal_gets_a_bar(
    database: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    Path("users.ndjson").write_bytes(ndjson(ANN))
    assert run(["import", "auth0", "users.ndjson"]) == 0
    assert "rows" in terminal.getvalue()
