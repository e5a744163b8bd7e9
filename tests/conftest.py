"""The engines every test run uses: SQLite always, and a PostgreSQL server that the run starts and ends itself.

Ask for `database_url` (an empty database) or `migrated_url` (today's schema) and a test runs once per engine; ask for
`engine_kind` to know which. Without PostgreSQL its half is skipped and the whole run ends with exit status 2, as it does
without the programs that `tests.programs` names.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests import node, postgres, programs
from tests.databases import Databases, PostgresDatabases, SqliteDatabases

ENGINES = ("sqlite", "postgres")
SHARED_SERVER = "MUSTER_TEST_POSTGRES"  # the folder of the server that all workers of a run share
MISSING = "PostgreSQL is missing: "
INCOMPLETE = 2

# Two workers on a busy machine make any deadline a coin toss; examples found are not kept between runs.
settings.register_profile("muster", deadline=None, database=None)
settings.load_profile("muster")


# ------------------------------------------------------------------------------------------------------- one test's own


@pytest.fixture(params=ENGINES)
def engine_kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def databases(engine_kind: str, request: pytest.FixtureRequest) -> Databases:
    found: Databases = request.getfixturevalue(f"{engine_kind}_databases")
    return found


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """A fresh, empty database."""
    url = databases.empty()
    yield url
    databases.drop(url)


@pytest.fixture
def migrated_url(databases: Databases) -> Iterator[str]:
    """A database with today's schema and nothing in it."""
    url = databases.migrated()
    yield url
    databases.drop(url)


# --------------------------------------------------------------------------------------------------- one worker's engines


@pytest.fixture(scope="session")
def sqlite_databases(tmp_path_factory: pytest.TempPathFactory) -> Databases:
    return SqliteDatabases(tmp_path_factory.mktemp("sqlite"))


@pytest.fixture(scope="session")
def postgres_databases(postgres_server: postgres.Server) -> Iterator[Databases]:
    databases = PostgresDatabases(postgres_server)
    yield databases
    databases.close()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    """The run's server: the one that the controller started for all workers, else one of our own."""
    shared = os.environ.get(SHARED_SERVER)
    server = postgres.Server(Path(shared)) if shared else start_or_skip()
    server.wait_until_ready()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def durable_postgres_server() -> Iterator[postgres.Server]:
    """A server with production's durability (fsync, synchronous commits), for the tests that are about it."""
    server = start_or_skip(durable=True)
    server.wait_until_ready()
    yield server
    server.stop()


def start_or_skip(*, durable: bool = False) -> postgres.Server:
    try:
        return postgres.start(durable=durable)
    except postgres.PostgresMissing as missing:
        pytest.skip(f"{MISSING}{missing}")


@pytest.fixture(scope="session")
def auth0_node_client() -> Path:
    """The folder from which node finds the vendor's own client; a test that asks for it is skipped without node."""
    folder = node.auth0_client()
    if folder is None:
        pytest.skip(node.NEEDED)
    return folder


@pytest.fixture(scope="session")
def chromium() -> str:
    """The browser's program; a test that asks for it is skipped, and the run incomplete, where there is none."""
    return _program(programs.CHROMIUM)


@pytest.fixture(scope="session")
def xmlsec() -> str:
    """The program `xmlsec1`, in the same way."""
    return _program(programs.XMLSEC)


def _program(program: programs.Program) -> str:
    found = program.find()
    if found is None:
        pytest.skip(f"{programs.MISSING}{program.package}")
    return found


# -------------------------------------------------------------------------------------------------------- the whole run


class PostgresOfTheRun:
    """Starts the shared server while the workers are still starting, and stops it however the run ends."""

    def __init__(self, server: postgres.Server) -> None:
        self._server = server

    def pytest_unconfigure(self) -> None:
        os.environ.pop(SHARED_SERVER, None)
        self._server.stop()


def pytest_configure(config: pytest.Config) -> None:
    is_worker = hasattr(config, "workerinput")
    if is_worker or not config.getoption("numprocesses", None) or config.option.collectonly:
        return  # a worker uses the run's server; a run in one process starts one when a test first asks
    try:
        server = postgres.start()
    except postgres.PostgresMissing:
        return  # each worker finds the same, and says so
    os.environ[SHARED_SERVER] = str(server.directory)
    config.pluginmanager.register(PostgresOfTheRun(server))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if cures(session.config) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = INCOMPLETE


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for what, command in cures(config).items():
        terminalreporter.section(f"{what} did not run", red=True)
        terminalreporter.line(f"Cure it with:  {command}")


def cures(config: pytest.Config) -> dict[str, str]:
    """Which tests were skipped for want of a program, and the command that cures it."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    skipped = reporter.stats.get("skipped", []) if isinstance(reporter, pytest.TerminalReporter) else []
    reasons = " ".join(str(report.longrepr) for report in skipped)
    found = {"PostgreSQL's half of the tests": postgres.cure()} if MISSING in reasons else {}
    for program in programs.PROGRAMS:
        if f"{programs.MISSING}{program.package}" in reasons:
            found[f"What needs {program.package}"] = programs.cure([program])
    return found
