from __future__ import annotations

from pathlib import Path

import pytest

from muster.storage.address import PostgresServer, SqliteFile, parse
from muster.storage.opening import open_engine
from muster.storage.postgres_connections import connect


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///muster.db", "muster.db"),
        ("sqlite:///data/muster.db", "data/muster.db"),
        ("sqlite:////var/lib/muster/muster.db", "/var/lib/muster/muster.db"),
        ("sqlite:////tmp/a%20b%3F.db", "/tmp/a b?.db"),
    ],
)
def test_a_file(url: str, path: str) -> None:
    assert parse(url) == SqliteFile(Path(path))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://db/muster", "postgresql://db/muster"),
        ("postgres://me:hunter2@db:5433/muster", "postgresql://me@db:5433/muster"),
        ("postgresql://me:hunter2@/muster?host=/run/pg&password=hunter2", "postgresql://me@/muster"),
        ("postgresql://me:hunter2@[::1]:5433/muster", "postgresql://me@[::1]:5433/muster"),
        ("postgresql://me:@hunter2/@db/muster", "postgresql://me@db/muster"),
        ("postgresql://me:?hunter2@db/muster", "postgresql://(malformed)"),
        ("postgresql://me:hunter2", "postgresql://(malformed)"),
    ],
)
def test_a_server_is_shown_without_its_password(url: str, shown: str) -> None:
    where = parse(url)
    assert isinstance(where, PostgresServer)
    assert str(where) == shown
    assert "hunter2" not in repr(where)
    assert where.dsn == url.replace("postgres://", "postgresql://")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "muster.db",
        "sqlite:",
        "sqlite://",
        "sqlite:///",
        "sqlite://muster.db",
        "mysql://me:hunter2@db/x",
        "postgresql://",
    ],
)
def test_anything_else_is_refused_with_the_forms_and_without_the_password(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:////absolute/path\.db.*postgresql://") as refused:
        open_engine(url)
    assert "hunter2" not in str(refused.value)


def test_options_for_a_file_are_refused() -> None:
    with pytest.raises(ValueError, match="takes no options"):
        parse("sqlite:///muster.db?mode=ro")


async def test_a_malformed_server_address_does_not_give_the_password_away() -> None:
    with pytest.raises(ValueError, match="malformed") as refused:
        await connect(PostgresServer("postgresql://me:hunter2@db:hunter2/muster?port=hunter2"))
    assert "hunter2" not in str(refused.value)
    assert refused.value.__cause__ is None
