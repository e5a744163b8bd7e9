"""A real server for people with browsers, on each engine: reached as `localhost`, since a passkey belongs to a name and no address."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests import clients, node
from tests.databases import Databases
from tests.process import Muster
from tests.relying_parties.person import ARGUMENTS, Person
from tests.served import served_on

NODE = Path(__file__).parent / "node"


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


def _served(databases: Databases, folder: Path) -> Iterator[Muster]:
    port = free_port()
    public_url = f"https://localhost:{port}/"
    with served_on(databases, folder, "--tls-port", str(port), "--public-url", public_url) as server:
        server.tls_url = public_url.rstrip("/")
        yield server


@pytest.fixture(scope="session")
def sqlite_house(sqlite_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    yield from _served(sqlite_databases, tmp_path_factory.mktemp("sqlite-house"))


@pytest.fixture(scope="session")
def postgres_house(postgres_databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    yield from _served(postgres_databases, tmp_path_factory.mktemp("postgres-house"))


@pytest.fixture
def house(engine_kind: str, request: pytest.FixtureRequest) -> Muster:
    """The server; others use it too, with people of their own."""
    running: Muster = request.getfixturevalue(f"{engine_kind}_house")
    return running


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


@pytest.fixture
async def person(browser: Browser, house: Muster) -> AsyncIterator[Person]:
    """Somebody with a browser of their own."""
    context = await browser.new_context(ignore_https_errors=True, locale="en-GB")
    yield Person(await context.new_page(), house)
    await context.close()


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """The folder in which node finds the relying parties' libraries."""
    lock = NODE / "package-lock.json"
    npm = node.find_npm()
    folder = clients.installed("node", lock, lambda place: node.install(npm, NODE, place)) if npm else None
    if folder is None:
        pytest.skip(node.NEEDED)
    return folder
