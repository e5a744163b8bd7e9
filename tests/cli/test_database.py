"""The database as a whole: migrated, backed up, restored, checked, and what waits in it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.databases import Databases


def test_migrating_twice_finds_nothing_to_do(cli: Cli, database_url: str) -> None:
    first = cli.plain("migrate", "--database-url", database_url)
    second = cli.plain("migrate", "--database-url", database_url)
    assert first.out.startswith("applied 0001_initial\n")
    assert second.out == "nothing to do\n"


def test_a_backup_comes_back_with_its_secrets(muster: Cli, databases: Databases, started: tuple[str, ...]) -> None:
    muster("user", "create", "--email", "kept@example.com")
    before = muster("credentials", "--json").json
    written = muster("backup", "all.backup")
    assert written.out == f"wrote all.backup ({Path('all.backup').stat().st_size:,} bytes)\n"

    url = databases.empty()
    other = ("--data-dir", "restored", "--database-url", url)
    restored = muster.plain("restore", "all.backup", *other)
    assert restored.out == "restored all.backup; put its master key in place before muster serve\n"
    without_key = muster.plain("credentials", *other)
    shutil.copy(Path(started[1]) / "master.key", "restored")
    after = muster.plain("credentials", "--json", *other).json
    users = muster.plain("user", "list", "--json", "--email", "kept@example.com", *other).json
    again = muster.plain("restore", "all.backup", *other)
    databases.drop(url)

    assert without_key.code == 1
    assert after == before
    assert len(users) == 1
    assert (again.code, again.err) == (
        1,
        "muster: the database already holds a tenant; restore into a new database\n",
    )


def test_a_damaged_backup_is_refused(cli: Cli, database_url: str) -> None:
    Path("broken.backup").write_bytes(b"\x1f\x8b\x08nothing")
    answer = cli.plain("restore", "broken.backup", "--database-url", database_url)
    assert answer.code == 1
    assert answer.err.startswith("muster: broken.backup is damaged or is no backup of Muster's")


def test_messages_that_wait_are_listed(muster: Cli) -> None:
    assert muster("outbox", "--json").json == []
    assert [line.split() for line in muster("outbox").out.splitlines()] == [["due", "kind", "to", "tenant", "tries"]]


def test_tenants_are_made_and_listed(muster: Cli) -> None:
    made = muster("tenant", "create", "acme")
    assert made.out == "made tenant acme; bind a host to it: muster serve --hosts users.example.com=acme\n"
    listed = muster("tenant", "list", "--json").json
    assert [tenant["name"] for tenant in listed] == ["default", "acme"]
    assert listed[1]["users"] == 0

    again = muster("tenant", "create", "acme")
    assert (again.code, again.err) == (1, "muster: there is a tenant acme already\n")
    nowhere = muster("credentials", "--tenant", "acme")
    assert (nowhere.code, nowhere.err) == (
        1,
        "muster: tenant acme has no address yet; start the server with --hosts users.example.com=acme\n",
    )
    named = muster("tenant", "create", "Not A Name")
    assert (named.code, named.err.partition(".")[0]) == (
        2,
        "muster: A tenant's name has 1 to 63 small letters, digits and hyphens",
    )


def test_check_tells_what_is_wrong_and_ends_with_1(cli: Cli, tmp_path: Path) -> None:
    missing = cli.plain("check")
    assert (missing.code, missing.out) == (1, "problem  data folder  there is no muster-data; muster serve makes it\n")

    assert cli.plain("migrate").code == 0
    lines = {line[9:].split("  ")[0]: line for line in cli.plain("check").out.splitlines()}
    assert lines["master key"].startswith("problem  master key    nothing was started on this database yet;")
    assert lines["certificate"].startswith("problem  certificate   ")
    assert lines["schema"].startswith("ok ")

    Path("muster-data").chmod(0o755)
    assert cli.plain("check").out.startswith("problem  data folder  muster-data is open to other accounts (mode 0755)")


def test_check_knows_a_key_that_does_not_fit(muster: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSTER_MASTER_KEY", "0123456789abcdef" * 4)
    found = {finding["name"]: finding for finding in _json(muster("check", "--json").out)}
    assert found["master key"]["ok"] is False
    assert found["master key"]["text"].startswith("the master key does not fit this database")


def test_check_says_when_the_database_cannot_be_reached(cli: Cli, tmp_path: Path) -> None:
    Path("muster-data").mkdir(mode=0o700)
    url = f"postgresql://nobody@/none?host={tmp_path}"
    found = {finding["name"]: finding for finding in _json(cli.plain("check", "--database-url", url, "--json").out)}
    assert found["database"] == {
        "name": "database",
        "ok": False,
        "text": "the database cannot be reached; look at --database-url, and run muster check",
    }


def test_demo_writes_a_file_for_the_import(cli: Cli) -> None:
    answer = cli.plain("demo", "--users", "3", "--seed", "7", "--out", "people.ndjson")
    assert answer.code == 0
    assert len(Path("people.ndjson").read_text("utf-8").splitlines()) == 3
    assert answer.out.startswith("wrote people.ndjson (3 users, ")


def _json(text: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(text)
    return found
