"""The real `muster` as a process of its own, for tests: started, asked, and ended."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

import muster

PATIENCE = 120.0  # seconds until a test gives up; nothing here takes nearly as long on a machine of its own
READY = re.compile(r"muster ready (http://127\.0\.0\.1:([0-9]+)) (https://127\.0\.0\.1:([0-9]+))\n")
ANY_PORTS = ("--port", "0", "--tls-port", "0")


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without any setting of Muster's, or of a make that runs the tests, so that none leaks in."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "MAKE", "MFLAGS"))}
    sources = [str(Path(muster.__file__).parents[1]), kept.get("PYTHONPATH", "")]
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sources)), **(extra or {})}


def run(
    *arguments: str,
    extra: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    sent: str = "",
) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "muster", *arguments],
        env=environment(extra),
        cwd=cwd,
        input=sent,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


class Muster:
    """A `muster serve` on free ports. `url` and `tls_url` are its base addresses once it is ready."""

    def __init__(self, data_dir: Path, *options: str, database_url: str = "", extra: Mapping[str, str] | None = None):
        self.data_dir = data_dir
        self.database = ("--data-dir", str(data_dir), *(("--database-url", database_url) if database_url else ()))
        self.extra = dict(extra or {})
        self.url = self.tls_url = ""
        self.port = self.tls_port = 0
        self._log_file = data_dir.with_name(f"{data_dir.name}.log")
        with self._log_file.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "muster", "serve", *ANY_PORTS, *self.database, *options],
                env=environment(self.extra),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    @property
    def log(self) -> str:
        """Everything written to standard error in this folder, by earlier processes too."""
        return self._log_file.read_text("utf-8")

    def wait_until_ready(self) -> Muster:
        """Return when the line says that all workers answer; fail with the log when it never comes."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        found = READY.fullmatch(line)
        assert found is not None, f"no ready line but {line!r}\n{self.log}"
        self.url, self.tls_url = found[1], found[3]
        self.port, self.tls_port = int(found[2]), int(found[4])
        return self

    def run(self, *arguments: str, sent: str = "") -> subprocess.CompletedProcess[str]:
        """Another command on the same database."""
        return run(*arguments, *self.database, extra=self.extra, sent=sent)

    def credentials(self, tenant: str = "default") -> dict[str, Any]:
        answer = self.run("credentials", "--json", "--tenant", tenant)
        assert answer.returncode == 0, answer.stderr
        found: dict[str, Any] = json.loads(answer.stdout)
        return found

    def client(self, ca_file: str | None = None) -> httpx.Client:
        """A client of the TLS address that trusts only this server's authority."""
        context = ssl.create_default_context(cafile=ca_file or self.data_dir / "ca.pem")
        return httpx.Client(base_url=self.tls_url, verify=context, timeout=PATIENCE, trust_env=False)

    def token(self, credentials: Mapping[str, Any] | None = None) -> str:
        """A management token with every scope."""
        auth0 = (credentials or self.credentials())["auth0"]
        form = {name: auth0[name] for name in ("client_id", "client_secret", "audience")}
        with self.client() as client:
            answer = client.post("/oauth/token", json={"grant_type": "client_credentials", **form})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End the process and return its exit code; twice is harmless."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        if self.process.stdout is not None:
            self.process.stdout.close()
        return code


@contextmanager
def serving(
    data_dir: Path, *options: str, database_url: str = "", extra: Mapping[str, str] | None = None
) -> Iterator[Muster]:
    """A server that is ready, and stopped afterwards however the test ends."""
    server = Muster(data_dir, *options, database_url=database_url, extra=extra)
    try:
        yield server.wait_until_ready()
    finally:
        try:
            server.stop()
        finally:
            if server.process.poll() is None:
                server.process.kill()
                server.process.wait()
