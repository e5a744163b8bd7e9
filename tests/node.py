"""The vendors' own Node clients for the tests that drive them, and the programs that use them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from tests import clients
from tests.process import PATIENCE

OLDEST = (20, 19)
NEEDED = "needs node >= 20.19 and npm, and npm's registry or cache the first time"


def auth0_client() -> Path | None:
    """The client of that dialect's tests."""
    return client_of("auth0")


def client_of(dialect: str) -> Path | None:
    """A folder whose `node_modules` holds what the lock of a dialect's tests names, or None where that cannot be had."""
    npm = find_npm()
    if npm is None:
        return None
    manifest = clients.DIALECTS / dialect / "node"
    return clients.installed("node", manifest / "package-lock.json", partial(install, npm, manifest))


def find_npm() -> str | None:
    """npm, where it and a node that is new enough are at hand."""
    npm = shutil.which("npm")
    return npm if npm is not None and node_version() >= OLDEST else None


def install(npm: str, manifest: Path, folder: Path) -> None:
    """What the lock of `manifest` names, in the new `folder`."""
    shutil.copytree(manifest, folder, ignore=lambda _, names: [n for n in names if not n.startswith("package")])
    # npm's own cache is kept here too: the home folder may not be ours to write.
    environment = os.environ | {
        "npm_config_cache": str(clients.CHECKOUT / ".cache" / "node" / "npm"),
        "npm_config_update_notifier": "false",
    }
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    subprocess.run(command, cwd=folder, env=environment, stdout=sys.stderr, check=True, timeout=clients.PATIENCE)


def told(script: Path, folder: Path, environment: Mapping[str, str], *arguments: str) -> Any:
    """The JSON that a program prints. It comes by standard input, so that it finds the client in `folder`."""
    answer = subprocess.run(
        ["node", "--input-type=module", "-", *arguments],
        cwd=folder,
        env={**os.environ, **environment},
        input=script.read_text("utf-8"),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def node_version() -> tuple[int, ...]:
    """The version of the node on PATH; (0,) when there is none."""
    node = shutil.which("node")
    if node is None:
        return (0,)
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+).*", answer.strip())
    return tuple(int(part) for part in found.groups()) if found else (0,)
