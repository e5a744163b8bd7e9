"""A PostgreSQL server of the test run's own: on a Unix socket in a private folder, never on TCP, gone when the run ends.

A server is kept by a guardian process that waits for the end of its standard input. However the run ends, by success,
Ctrl-C or kill -9, that pipe closes, and the guardian stops the server and removes its folder.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parent.parent
PORT = "5432"  # only part of the socket's name
LONGEST_SOCKET_PATH = 100  # the kernel's limit is 107 bytes, the socket's own name included

# Most tests ask what the server answers, not what survives a power cut; one that does starts a durable server.
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off"}
DURABLE = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
COMMON = {
    "listen_addresses": "",
    "max_connections": "200",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "timezone": "UTC",
    "log_min_messages": "warning",
}


class PostgresMissing(Exception):
    """This machine has no PostgreSQL that we can run; the text says what cures it."""


class Server:
    """A running server. `directory` is private and holds the cluster, its log and the socket."""

    def __init__(self, directory: Path, guardian: subprocess.Popen[bytes] | None = None) -> None:
        self.directory = directory
        self._guardian = guardian

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@/{database}?host={self.directory}&port={PORT}"

    def wait_until_ready(self, seconds: float = 60) -> None:
        """Return when the server answers; raise RuntimeError with its log when it could not be started."""
        deadline = time.monotonic() + seconds
        while not (self.directory / "ready").exists():
            failed = self.directory / "failed"
            if failed.exists():
                raise RuntimeError(f"PostgreSQL could not be started:\n{failed.read_text('utf-8')}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL did not start within {seconds:.0f} s; its folder is {self.directory}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server and remove its folder. Only the process that started it may, and twice is harmless."""
        if self._guardian is not None:
            assert self._guardian.stdin is not None
            with contextlib.suppress(OSError):
                self._guardian.stdin.close()
            self._guardian.wait(timeout=120)


def start(*, durable: bool = False) -> Server:
    """Begin to start a server and return at once. `durable` keeps fsync and synchronous commits on, as in production."""
    if find_binaries() is None:
        raise PostgresMissing(cure())
    directory = private_directory()
    command = [sys.executable, "-m", "tests.postgres", "guard", str(directory), "durable" if durable else "fast"]
    # A session of its own, so that the terminal's Ctrl-C reaches only us, and we decide when the server stops.
    guardian = subprocess.Popen(command, cwd=CHECKOUT, stdin=subprocess.PIPE, start_new_session=True)
    return Server(directory, guardian)


# ------------------------------------------------------------------------------------------------- what the machine has


def find_binaries() -> Path | None:
    """The folder of `initdb` and `postgres`: the one on PATH, else the newest that Debian keeps."""
    candidates = [Path(found).resolve().parent for name in ("postgres", "initdb") if (found := shutil.which(name))]
    installed = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    candidates += sorted(installed, key=lambda path: int(path.parent.name), reverse=True)
    for folder in candidates:
        if all(os.access(folder / name, os.X_OK) for name in ("postgres", "initdb")):
            return folder
    return None


def cure() -> str:
    """The command that gives this machine a PostgreSQL."""
    if shutil.which("apt-get"):
        return "apt-get install postgresql" if os.geteuid() == 0 else "sudo apt-get install postgresql"
    return "install PostgreSQL 13 or newer so that `postgres` and `initdb` are on PATH"


def provide() -> None:
    """As root on Debian, install PostgreSQL where it is missing, without a cluster of its own; elsewhere do nothing."""
    if find_binaries() is not None or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    print("muster: the tests need PostgreSQL; installing Debian's package (no cluster is made or started)", flush=True)
    # In run level 1 no package's script starts a service, which is what a single-user machine looks like to it.
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}

    def apt_get(*arguments: str) -> None:
        subprocess.run(["apt-get", "--quiet", "--quiet", "--yes", *arguments], env=environment, check=True)

    # The common package brings the setting that decides whether the next one makes a cluster. It is put back afterwards.
    setting = Path("/etc/postgresql-common/createcluster.conf")
    try:
        apt_get("update")
        apt_get("install", "--no-install-recommends", "postgresql-common")
        before = setting.read_text("utf-8") if setting.exists() else None
        setting.write_text(f"{before or ''}\ncreate_main_cluster = false\n", "utf-8")
        try:
            apt_get("install", "--no-install-recommends", "postgresql")
        finally:
            if before is None:
                setting.unlink()
            else:
                setting.write_text(before, "utf-8")
    except (OSError, subprocess.CalledProcessError) as failure:
        print(f"muster: PostgreSQL could not be installed ({failure}); its tests will be skipped", flush=True)


def private_directory() -> Path:
    """A new folder only the server's user can enter, with a path short enough for a socket."""
    for parent in (Path("/tmp"), Path(tempfile.gettempdir()), Path("/var/tmp")):
        if len(os.fsencode(parent)) <= LONGEST_SOCKET_PATH - 30 and os.access(parent, os.W_OK | os.X_OK):
            owner = server_user()
            directory = Path(tempfile.mkdtemp(prefix="muster-pg-", dir=parent))
            if owner is not None:
                os.chown(directory, owner.pw_uid, owner.pw_gid)
            return directory
    raise PostgresMissing("PostgreSQL needs a folder for its socket: make /tmp writable")


def server_user() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root, so root lends it an account; anybody else is served as is."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise PostgresMissing("PostgreSQL cannot run as root: add an account for it (useradd --system postgres)")


# --------------------------------------------------------------------------------------------------------- the guardian


def guard(directory: Path, settings: Mapping[str, str]) -> None:
    """Make and run a cluster in `directory` until standard input ends, then remove every trace of it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    server: subprocess.Popen[bytes] | None = None
    try:
        try:
            server = run_cluster(directory, settings)
            (directory / "ready").touch()
        except Exception as failure:  # noqa: BLE001 — whatever it was, those who wait must be told
            log = directory / "log"
            text = f"{failure}\n{log.read_text('utf-8', 'replace') if log.exists() else ''}"
            (directory / "failed.new").write_text(text, "utf-8")
            (directory / "failed.new").rename(directory / "failed")
        sys.stdin.buffer.read()
    finally:
        if server is not None:
            server.send_signal(signal.SIGQUIT)  # immediate: nothing in it is wanted again
            server.wait()
        shutil.rmtree(directory, ignore_errors=True)


def run_cluster(directory: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    binaries = find_binaries()
    if binaries is None:
        raise PostgresMissing(cure())
    owner = server_user()
    # An operator's PGDATA, PGHOST or PGOPTIONS must not lead this server astray.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    process: dict[str, Any] = {"env": environment, "cwd": directory, "stdin": subprocess.DEVNULL}
    if owner is not None:
        process |= {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
    cluster, log = directory / "cluster", directory / "log"
    # "trust" is safe here: the socket's folder admits only the server's own user, and root.
    initdb = [str(binaries / "initdb"), "-D", str(cluster), "--no-sync", "-E", "UTF8", "--locale=C", "-U", "postgres"]
    options = [f"--{name}={value}" for name, value in (COMMON | dict(settings)).items()]
    postgres = [str(binaries / "postgres"), "-D", str(cluster), "-k", str(directory), "-p", PORT, *options]
    with log.open("wb") as output:
        subprocess.run([*initdb, "-A", "trust"], stdout=output, stderr=output, check=True, **process)
        server: subprocess.Popen[bytes] = subprocess.Popen(postgres, stdout=output, stderr=output, **process)
    pid_file = cluster / "postmaster.pid"
    while True:
        if server.poll() is not None:
            raise RuntimeError(f"postgres ended with exit status {server.returncode}")
        # The last line of the file is the server's state; it becomes "ready" when connections are accepted.
        if pid_file.exists() and pid_file.read_text("utf-8").rstrip().endswith("ready"):
            return server
        time.sleep(0.01)


def main(arguments: list[str]) -> None:
    match arguments:
        case ["guard", directory, kind]:
            guard(Path(directory), DURABLE if kind == "durable" else FAST)
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
