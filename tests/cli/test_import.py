"""`muster import auth0` as an operator runs it: what it prints, what it leaves, and how it ends."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from muster.cli.app import run
from muster.settings import Settings
from tests.cli.importing import MASTER_KEY, first_words, furnished, ndjson, stored
from tests.databases import Databases

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


def test_rejected_rows_that_cannot_be_written_end_with_1_and_nothing_half_done(
    database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("users.ndjson").write_bytes(ndjson(ANN, {"email": "x"}))
    Path("users.ndjson.rejected.ndjson").mkdir()
    assert run(["import", "auth0", "users.ndjson"]) == 1
    assert capsys.readouterr() == ("", "muster: users.ndjson.rejected.ndjson: Is a directory\n")
    assert stored(database) == []
    Path("users.ndjson.rejected.ndjson").rmdir()
    assert run(["import", "auth0", "users.ndjson"]) == 3
    assert len(stored(database)) == 1


def test_a_disk_that_fills_with_rejected_rows_is_named_and_the_import_goes_on_later(
    database: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    resource = pytest.importorskip("resource")
    Path("users.ndjson").write_bytes(ndjson(ANN, *({"email": "x", "name": "n" * 900} for _ in range(3_000))))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, limits[1]))
    try:
        assert run(["import", "auth0", "users.ndjson"]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    told = capsys.readouterr().err
    assert told == (
        "muster: users.ndjson: stopped after row 2000\nmuster: users.ndjson.rejected.ndjson: File too large\n"
    )
    assert run(["import", "auth0", "users.ndjson"]) == 3
    assert first_words(capsys.readouterr().out) == (
        "read 3001, inserted 1, updated 0, rejected 3000 (users.ndjson.rejected.ndjson)"
    )
    assert len(Path("users.ndjson.rejected.ndjson").read_bytes().splitlines()) == 3_000


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("utf16.ndjson", ndjson(ANN).decode().encode("utf-16"), "it is UTF-16 or UTF-32, not UTF-8; convert it with iconv -t UTF-8"),
        ("bare16.ndjson", ndjson(ANN).decode().encode("utf-16-le"), "it is UTF-16 or UTF-32, not UTF-8; convert it with iconv -t UTF-8"),
        ("latin.json", b'[{"email":"ann@example.com","name":"\xe9"}]', "row 1: it, or what follows it, is not UTF-8"),
        ("cut.ndjson.gz", gzip.compress(ndjson(ANN, ANN) * 500)[:-20], "row "),
        ("empty.ndjson", b"", "the file is empty"),
    ],
)  # fmt: skip
def test_a_file_of_another_kind_is_named(
    database: Settings,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    told: str,
) -> None:
    Path(name).write_bytes(content)
    for worth_it in (1 << 30, 0):
        monkeypatch.setattr("muster.importers.beside.WORTH_IT", worth_it)
        assert run(["import", "auth0", name, "--restart"]) == 1
        assert f"muster: {name}: {told}" in capsys.readouterr().err


def test_a_row_of_latin_1_is_rejected_alone(database: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.ndjson").write_bytes(b'{"email":"a@example.com","name":"\xe9"}\n' + ndjson(ANN))
    assert run(["import", "auth0", "users.ndjson"]) == 3
    assert first_words(capsys.readouterr().out).startswith("read 2, inserted 1, updated 0, rejected 1")


@pytest.mark.slow
def test_a_line_of_two_gigabytes_is_never_held_in_memory(sqlite_databases: Databases, tmp_path: Path) -> None:
    url = sqlite_databases.migrated()
    furnished(Settings(data_dir=tmp_path, database_url=url))
    with (tmp_path / "users.ndjson").open("wb") as file:
        file.write(b'{"email":"')
        file.seek(2 << 30)  # a hole: it takes no room on the disk
        file.write(b"\n" + ndjson(ANN))
    # The limit is on both processes. How much memory this one had at most the kernel tells.
    code = """
import resource, sys
from pathlib import Path
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
from muster.__main__ import main
try:
    main()
finally:
    print(*(line for line in Path("/proc/self/status").read_text().splitlines() if "VmHWM" in line), file=sys.stderr)
"""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    done = subprocess.run(
        [sys.executable, "-c", code, "import", "auth0", "users.ndjson"],
        cwd=tmp_path,
        env=kept | {"MUSTER_DATABASE_URL": url, "MUSTER_MASTER_KEY": MASTER_KEY},
        capture_output=True,
        timeout=300,
        check=False,
    )
    (tmp_path / "users.ndjson").unlink()
    assert (done.returncode, first_words(done.stdout.decode())) == (
        3,
        "read 2, inserted 1, updated 0, rejected 1 (users.ndjson.rejected.ndjson)",
    ), done.stderr.decode()
    most = re.search(rb"VmHWM:\s+([0-9]+) kB", done.stderr)
    assert most is not None
    assert int(most[1]) < 150 * 1024


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
        wait_for_users(url.removeprefix("sqlite:///"), 40)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(ndjson({"email": "last@example.com"}), timeout=30)
    assert process.returncode == 130
    done = len(stored(settings))
    assert done >= 40
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
    monkeypatch.setattr("muster.cli.import_progress.SECONDS_BETWEEN_LINES", 0.0)
    Path("users.ndjson").write_bytes(ndjson(*({"email": f"{n}@example.com"} for n in range(60))))
    assert run(["import", "auth0", "users.ndjson"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert re.fullmatch(r"40 rows, [0-9,]+/s, 0 rejected, 66% of the file, about [0-9]+ s left", lines[0])


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
