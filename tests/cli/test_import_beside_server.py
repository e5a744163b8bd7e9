"""An import into the file that a real server serves: nobody who writes through the server is refused, or waits for long."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.importing import ndjson
from tests.databases import Databases
from tests.process import environment
from tests.served import served_on

ROWS = 3_000
LONGEST_WAIT = 3.0
"""Seconds; a commit of the import takes some 50 ms, and a machine that runs other tests makes all of it slower."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("engine", "second_process"), [("sqlite", False), ("sqlite", True), ("postgres", True)], ids=str
)
def test_writes_through_the_server_go_on_during_an_import(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    engine: str,
    *,
    second_process: bool,
    record_property: Callable[[str, object], None],
) -> None:
    databases: Databases = request.getfixturevalue(f"{engine}_databases")
    (tmp_path / "users.ndjson").write_bytes(
        ndjson(*({"email": f"user{i}@example.com", "app_metadata": {"n": i, "t": f"text {i}"}} for i in range(ROWS)))
    )
    code = "import sys, muster.importers.beside as b; b.WORTH_IT = int(sys.argv.pop(1)); from muster.__main__ import main; main()"
    with served_on(databases, tmp_path) as server, server.client() as client:
        client.headers["authorization"] = f"Bearer {server.token()}"
        body = {
            "email": "ann@example.com",
            "password": "Correct-Horse-9",
            "connection": "Username-Password-Authentication",
        }
        ann = client.post("/api/v2/users", json=body).json()["user_id"]
        command = [
            sys.executable,
            "-c",
            code,
            "0" if second_process else str(1 << 30),
            "import",
            "auth0",
            "users.ndjson",
        ]
        with subprocess.Popen(
            [*command, *server.database], cwd=tmp_path, env=environment(server.extra), stderr=subprocess.PIPE
        ) as importing:
            waits: list[float] = []
            kept: dict[str, int] = {}
            n = 0
            while importing.poll() is None:
                n += 1
                changed = {f"k{n % 50}": n}
                began = time.monotonic()
                answer = client.patch(f"/api/v2/users/{ann}", json={"user_metadata": changed})
                waits.append(time.monotonic() - began)
                assert answer.status_code == 200, answer.text
                kept |= changed
                read = client.get(f"/api/v2/users/{ann}")
                assert (read.status_code, read.json()["user_metadata"]) == (200, kept)
            _, err = importing.communicate()
        assert importing.returncode == 0, err.decode()
        listed = client.get("/api/v2/users", params={"include_totals": "true", "per_page": "1"}).json()
        assert client.get(f"/api/v2/users/{ann}").json()["user_metadata"] == kept
    assert listed["total"] == ROWS + 1
    p99 = statistics.quantiles(waits, n=100)[98]
    record_property("patch_p99_ms", round(p99 * 1000))
    assert p99 < LONGEST_WAIT
    # How long its commits may take is tested by a clock of its own (tests/importers/test_pace.py); here it says how long they took.
    told = re.search(rb"the server waited ([0-9]+) ms at most for one commit\n", err)
    assert (told is not None) is (engine == "sqlite"), err.decode()
    if told is not None:
        record_property("longest_commit_ms", int(told[1]))
