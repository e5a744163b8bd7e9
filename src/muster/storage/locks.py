"""Locks between processes on files beside a SQLite database. The kernel lets go of them when their holder dies."""

import asyncio
import contextlib
import fcntl
import os
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Final

_BETWEEN_TRIES: Final = 0.02
_PATIENCE: Final = 120.0


class DatabaseInUse(Exception):
    """Another process holds the lock; the message is for the operator."""


@contextlib.contextmanager
def hold_server_lock(data_file: Path) -> Iterator[None]:
    """Be the only server on the file, by `<file>.lock`; `DatabaseInUse` names the process that already is."""
    with _opened(data_file, "lock") as lock:
        if not _try(lock):
            holder = os.pread(lock, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise DatabaseInUse(
                f"{data_file} is being served already, by process {holder}. Stop that one first, "
                "or use another --data-dir. Several servers on the same users need PostgreSQL."
            )
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode("ascii"), 0)
        yield


def is_served(data_file: Path) -> bool:
    """Whether a server holds its lock on the file; nothing is made by looking."""
    if not data_file.with_name(f"{data_file.name}.lock").exists():
        return False
    with _opened(data_file, "lock") as lock:
        return not _try(lock)


@contextlib.asynccontextmanager
async def hold_schema_lock(data_file: Path) -> AsyncIterator[None]:
    """Be the only one that migrates or restores the file, by `<file>.schema-lock`; waits for a turn."""
    with _opened(data_file, "schema-lock") as lock:
        end = time.monotonic() + _PATIENCE
        while not _try(lock):
            if time.monotonic() > end:
                raise DatabaseInUse(f"another process has been migrating {data_file} for {_PATIENCE:.0f} seconds")
            await asyncio.sleep(_BETWEEN_TRIES)
        yield


@contextlib.contextmanager
def _opened(data_file: Path, suffix: str) -> Iterator[int]:
    # The file stays: to remove it would let two processes hold two locks of the same name.
    descriptor = os.open(
        data_file.with_name(f"{data_file.name}.{suffix}"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _try(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
