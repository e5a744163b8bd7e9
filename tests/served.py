"""A real server on an empty database of one engine or the other, for tests that share it among them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.databases import Databases
from tests.process import Muster, serving


@contextmanager
def served_on(databases: Databases, folder: Path, *options: str) -> Iterator[Muster]:
    """A server that is ready; its keys and certificates are in `folder`, its users in a database of `databases`."""
    url = databases.empty()
    extra = {"MUSTER_MASTER_KEY": secrets.token_hex(32)}  # on PostgreSQL it must be given
    with serving(folder / "data", *options, database_url=url, extra=extra) as server:
        yield server
    databases.drop(url)
