"""Generations of the vendors' Python clients that cannot share an environment with the one the tests import."""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path

from tests import clients

NEEDED = "needs pip, and its index or cache the first time"


def client_of(dialect: str) -> Path | None:
    """A folder for PYTHONPATH with what the lock of a dialect's tests names, or None where that cannot be had."""
    lock = clients.DIALECTS / dialect / "python" / "requirements.txt"
    return clients.installed("pypi", lock, partial(install, lock))


def install(lock: Path, folder: Path) -> None:
    """What `lock` names and nothing that it depends on, in the new `folder`."""
    chosen = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", str(lock)]
    command = [sys.executable, "-m", "pip", "install", "--quiet", *chosen, "--target", str(folder)]
    environment = os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}
    subprocess.run(command, env=environment, stdout=sys.stderr, check=True, timeout=clients.PATIENCE)
