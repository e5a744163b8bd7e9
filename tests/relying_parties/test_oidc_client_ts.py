"""oidc-client-ts, unmodified, in a page of its own: a public client with PKCE, which calls the provider from the browser."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest

from tests.process import Muster
from tests.relying_parties.applications import PASSWORD, new_user, register
from tests.relying_parties.person import Person

pytestmark = [pytest.mark.node, pytest.mark.slow]


class Pages(BaseHTTPRequestHandler):
    """The library's file, and one page at every other path."""

    def __init__(self, library: Path, *arguments: Any) -> None:
        self._library = library
        super().__init__(*arguments)

    def do_GET(self) -> None:
        is_script = urlsplit(self.path).path.endswith(".js")
        file = self._library if is_script else Path(__file__).parent / "spa.html"
        self.send_response(200)
        self.send_header("content-type", "text/javascript" if is_script else "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(file.read_bytes())

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def app(node_clients: Path) -> Iterator[str]:
    library = node_clients / "node_modules/oidc-client-ts/dist/browser/oidc-client-ts.min.js"
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Pages, library)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


async def test_a_page_signs_its_person_in(house: Muster, app: str, person: Person) -> None:
    email = new_user(house)
    options = ("--redirect-uri", f"{app}/callback", "--logout-uri", f"{app}/bye")
    known = register(house, "--type", "spa", *options)
    assert known.client_secret == ""
    await person.goes_to(f"{app}/login?authority={quote(house.tls_url)}&client_id={known.client_id}")
    await person.signs_in(email, PASSWORD)
    told = await person.reads_json(f"{app}/callback*")
    assert told["profile"]["email"] == email

    await person.goes_to(f"{app}/refresh")
    assert await person.reads_json(f"{app}/refresh") == {"rotated": True, "sub": told["profile"]["sub"]}

    await person.goes_to(f"{app}/logout")
    assert await person.reads_json(f"{app}/bye*") == {"bye": "goodbye"}
