"""A database that was started once for a module's tests, and the command line run in this process upon it."""

from __future__ import annotations

import asyncio
import io
import json
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from muster.cli.app import run
from muster.first_start import Addresses, prepare
from muster.settings import Settings
from tests.cli.importing import MASTER_KEY, furnished
from tests.conftest import ENGINES

ADDRESSES = Addresses(host="127.0.0.1", port=8400, tls_port=8443, ca_file="/ca.pem", pid=1)


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


class Cli:
    """Runs commands and reads what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, database: tuple[str, ...]):
        self._capsys = capsys
        self._monkeypatch = monkeypatch
        self.database = database

    def __call__(self, *arguments: str, sent: str = "") -> Answer:
        """One command on the module's database."""
        return self.plain(*arguments, *self.database, sent=sent)

    def plain(self, *arguments: str, sent: str = "") -> Answer:
        """One command as it stands."""
        self._capsys.readouterr()
        self._monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(sent.encode())))
        code = run(arguments)
        captured = self._capsys.readouterr()
        return Answer(code, captured.out, captured.err)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Cli:
    """The command line in an empty folder, where nothing was started."""
    monkeypatch.chdir(tmp_path)
    for name in (
        "MUSTER_DATA_DIR",
        "MUSTER_DATABASE_URL",
        "MUSTER_MASTER_KEY",
        "MUSTER_CONFIG",
        "MUSTER_TEST_POSTGRES",
    ):
        monkeypatch.delenv(name, raising=False)
    return Cli(capsys, monkeypatch, ())


@pytest.fixture(scope="module", params=ENGINES)
def started(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ...]]:
    """The options of a database that a server was started on."""
    databases = request.getfixturevalue(f"{request.param}_databases")
    url = databases.empty()
    folder = tmp_path_factory.mktemp("started")
    key = folder / "master.key"
    key.write_text(secrets.token_hex(32))
    key.chmod(0o600)
    asyncio.run(prepare(Settings(data_dir=folder, database_url=url), ADDRESSES))
    yield ("--data-dir", str(folder), "--database-url", url)
    databases.drop(url)


@pytest.fixture
def muster(cli: Cli, started: tuple[str, ...]) -> Cli:
    """The command line on the module's database."""
    cli.database = started
    return cli


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
