"""The machine that is measured on: its cores, what its processes use, and the facts that a figure means nothing without."""

from __future__ import annotations

import contextlib
import os
import platform
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

CHECKOUT = Path(__file__).resolve().parent.parent
LIBRARIES = ("starlette", "uvicorn", "uvloop", "httptools", "msgspec", "asyncpg")
MEMORY_FILESYSTEMS = ("tmpfs", "ramfs")
TICK = os.sysconf("SC_CLK_TCK")
MEGABYTE = 1_000_000


class CannotMeasure(Exception):
    """What keeps this machine from being measured, and what would cure it."""


class Cores(NamedTuple):
    """The core of the measured server (and of its PostgreSQL), and that of the load."""

    server: int
    load: int


class Memory(NamedTuple):
    """What a process and its descendants hold, in millions of bytes. PSS counts a page shared by n processes as 1/n."""

    processes: int
    rss: float
    pss: float


def choose_cores() -> Cores:
    """Two cores that we may use and that are not two threads of one, where there are such."""
    if not hasattr(os, "sched_getaffinity"):
        raise CannotMeasure("processes can only be held to a core on Linux")
    usable = sorted(os.sched_getaffinity(0))
    if len(usable) < 2:
        raise CannotMeasure("two cores are needed, one for the server and one for the load")
    server = usable[0]
    others = [core for core in usable if core not in _threads_of_core(server)] or usable[1:]
    return Cores(server, others[-1])


def _threads_of_core(core: int) -> set[int]:
    """The numbers under which the kernel knows the physical core of `core`."""
    try:
        text = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list").read_text("ascii")
    except OSError:
        return {core}
    ranges = [part.split("-") for part in text.strip().split(",")]
    return {number for ends in ranges for number in range(int(ends[0]), int(ends[-1]) + 1)}


@contextlib.contextmanager
def pinned(*cores: int) -> Iterator[None]:
    """Whatever is started within runs on these cores, and so does all that it starts."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# ------------------------------------------------------------------------------------------------------------ processes


def family(pid: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            children.setdefault(int(_stat(int(folder.name))[1]), []).append(int(folder.name))
    found = [pid]
    for each in found:
        found += children.get(each, [])
    return found


def processor_seconds(pids: list[int]) -> float:
    """The time that these processes have had on a core since they began."""
    spent = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = _stat(pid)
            spent += int(fields[11]) + int(fields[12])
    return spent / TICK


def memory(pid: int) -> Memory:
    """What a process and its descendants hold now."""
    kilobytes = {"Rss:": 0, "Pss:": 0}
    pids = family(pid)
    for each in pids:
        for line in Path(f"/proc/{each}/smaps_rollup").read_text("ascii").splitlines():
            name, _, rest = line.partition(" ")
            if name in kilobytes:
                kilobytes[name] += int(rest.split()[0])
    return Memory(len(pids), *(round(kilobytes[name] * 1024 / MEGABYTE, 1) for name in ("Rss:", "Pss:")))


def forget_peak(pid: int) -> None:
    """From now on `peak` tells of what comes."""
    for each in family(pid):
        Path(f"/proc/{each}/clear_refs").write_text("5", "ascii")


def peak(pid: int) -> float:
    """The most that a process and its descendants held at once since `forget_peak`, in millions of bytes of RSS."""
    kilobytes = 0
    for each in family(pid):
        for line in Path(f"/proc/{each}/status").read_text("utf-8", "replace").splitlines():
            if line.startswith("VmHWM:"):
                kilobytes += int(line.split()[1])
    return round(kilobytes * 1024 / MEGABYTE, 1)


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may itself hold blanks and brackets: state, parent, ..."""
    return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()


# ---------------------------------------------------------------------------------------------------------------- facts


def facts() -> dict[str, Any]:
    """What a reader must know to compare figures. No name of a machine, an account or a folder."""
    return {
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "kernel": platform.release(),
        "architecture": platform.machine(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_average_before": round(os.getloadavg()[0], 2),
        "versions": {name: metadata.version(name) for name in ("muster", *LIBRARIES)},
        "commit": _commit(),
    }


def filesystem(folder: Path) -> str:
    """The kind of the filesystem that holds `folder`, such as ext4."""
    best, kind = 0, "unknown"
    for line in Path("/proc/mounts").read_text("utf-8").splitlines():
        _, place, type_, *_ = line.split()
        mount = Path(place.encode().decode("unicode_escape"))
        if folder.resolve().is_relative_to(mount) and len(mount.parts) >= best:
            best, kind = len(mount.parts), type_
    return kind


def syncs_per_second(folder: Path, seconds: float = 0.5) -> int:
    """How often 8 KB can be written and made durable, one after the other: the yardstick of every durable write."""
    file = folder / "syncs"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        block, done = os.urandom(8192), 0
        begin = time.perf_counter()
        while (elapsed := time.perf_counter() - begin) < seconds:
            os.pwrite(descriptor, block, 8192 * (done % 512))
            os.fdatasync(descriptor)
            done += 1
        return round(done / elapsed)
    finally:
        os.close(descriptor)
        file.unlink()


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return "unknown"


def _commit() -> str | None:
    """The commit that is checked out, with a + when files differ from it."""

    def git(*arguments: str) -> str:
        command = ["git", "--no-optional-locks", "-C", str(CHECKOUT), *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    try:
        return git("rev-parse", "--short=12", "HEAD") + ("+" if git("status", "--porcelain", "--", "src") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def python(*arguments: str) -> list[str]:
    """A command of this very Python."""
    return [sys.executable, *arguments]
