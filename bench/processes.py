"""Servers that a measurement starts and ends: Muster as an operator runs it, and the bare application beside it."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.machine import CHECKOUT, CannotMeasure, pinned, python

READY = re.compile(rb"ready (http://\S+)")
SECONDS_TO_START = 60.0
SECONDS_TO_STOP = 20.0


class Server:
    """A server that answers at `url`. `start_seconds` is from its start as a process to its line that it is ready."""

    def __init__(self, process: subprocess.Popen[bytes], url: str, start_seconds: float) -> None:
        self._process = process
        self.url = url
        self.start_seconds = start_seconds

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_up(self) -> bool:
        return self._process.poll() is None

    def renew(self) -> None:
        """Have a bare server read its answers again, and wait until it has."""
        self._process.send_signal(signal.SIGHUP)
        assert self._process.stdout is not None
        if b"renewed" not in self._process.stdout.readline():
            raise CannotMeasure("the bare server ended")

    def stop(self) -> None:
        """End it as an operator does; what does not end in time is killed and told."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise CannotMeasure("the server did not end within 20 s of SIGTERM") from None
        if code:
            raise CannotMeasure(f"the server ended with exit code {code}")


@contextlib.contextmanager
def running(command: Sequence[str], cores: int | Sequence[int], log: Path) -> Iterator[Server]:
    """The server that `command` starts, on this core or these, until the end of the block."""
    before = log.stat().st_size if log.exists() else 0
    with log.open("ab") as errors, pinned(*([cores] if isinstance(cores, int) else cores)):
        begin = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=log.parent, env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
    too_late = threading.Timer(SECONDS_TO_START, process.kill)
    too_late.start()
    try:
        assert process.stdout is not None
        for line in process.stdout:
            if found := READY.search(line):
                server = Server(process, found[1].decode().rstrip("/"), time.perf_counter() - begin)
                break
        else:
            told = log.read_bytes()[before:].decode("utf-8", "replace").strip()[-1000:]
            raise CannotMeasure(f"the server ended before it was ready: {told}")
        too_late.cancel()
        yield server
        server.stop()
    finally:
        too_late.cancel()
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def serve(data_dir: Path, database: Sequence[str], *, profile: Path | None = None) -> list[str]:
    """The command of a Muster on ports that are free, with every setting at its default but one: here all people come from
    one network address, which is let in as often as it likes.
    """
    profiler = ["-m", "cProfile", "-o", str(profile)] if profile is not None else []
    return python(
        *profiler,
        *("-m", "muster", "serve", "--data-dir", str(data_dir), *database, "--port", "0", "--tls-port", "0"),
        *("--sign-ins-per-second", "0"),
    )


def muster(arguments: Sequence[str], folder: Path, *, shown: bool = False) -> str:
    """Run one of Muster's other commands to its end and return what it printed. `shown` lets its progress be seen."""
    done = subprocess.run(
        python("-m", "muster", *arguments),
        cwd=folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=None if shown else subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        said = f"{done.stdout}{done.stderr or ''}"[-2000:]
        raise CannotMeasure(f"muster {arguments[0]} ended with exit code {done.returncode}: {said}")
    return done.stdout


def environment() -> dict[str, str]:
    """This process's environment without an operator's own settings of Muster and PostgreSQL."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "PG"))}
    return kept | {"PYTHONPATH": str(CHECKOUT)}
