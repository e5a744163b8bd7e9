from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from muster.storage.locks import DatabaseInUse, hold_schema_lock, hold_server_lock

HOLDER = """
import sys
from pathlib import Path
from muster.storage.locks import hold_server_lock
with hold_server_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_server_is_told_which_is_the_first(tmp_path: Path) -> None:
    file = tmp_path / "muster.db"
    with (
        hold_server_lock(file),
        pytest.raises(DatabaseInUse, match=f"by process {os.getpid()}\\."),
        hold_server_lock(file),
    ):
        pass
    with hold_server_lock(file):
        assert stat.S_IMODE((tmp_path / "muster.db.lock").stat().st_mode) == 0o600


def test_a_killed_server_holds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "muster.db"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(DatabaseInUse, match=f"by process {holder.pid}\\."), hold_server_lock(file):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with hold_server_lock(file):
        pass


async def test_the_schema_lock_is_waited_for(tmp_path: Path) -> None:
    file = tmp_path / "muster.db"
    inside = 0

    async def enter() -> None:
        nonlocal inside
        async with hold_schema_lock(file):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(5)))
