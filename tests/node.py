"""The vendors' own Node clients for the tests that drive them, installed from a lock into the checkout's cache."""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
DIALECTS = CHECKOUT / "tests" / "dialects"
OLDEST = (20, 19)
NEEDED = "needs node >= 20.19 and npm, and npm's registry or cache the first time"


def auth0_client() -> Path | None:
    """The client of that dialect's tests."""
    return client_of("auth0")


def client_of(dialect: str) -> Path | None:
    """A folder whose `node_modules` holds what the lock of a dialect's tests names, or None where that cannot be had.

    Why not is printed, so that pytest shows it beside the skip. The folder is named by the lock's contents, so a
    changed lock is installed anew, and a finished one costs nothing.
    """
    npm = shutil.which("npm")
    if npm is None or node_version() < OLDEST:
        return None
    manifest = DIALECTS / dialect / "node"
    lock = manifest / "package-lock.json"
    cache = CHECKOUT / ".cache" / "node"
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)  # one worker installs, the others wait for it
            folder = cache / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
            if not folder.exists():
                install(npm, manifest, folder)
    except (OSError, subprocess.SubprocessError) as failure:
        print(f"npm could not install {manifest}: {failure}", file=sys.stderr)
        return None
    return folder


def install(npm: str, manifest: Path, folder: Path) -> None:
    """Install beside `folder` and rename at the end, so that a folder that exists is a whole one."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as temporary:
        unfinished = Path(temporary) / "client"
        shutil.copytree(manifest, unfinished, ignore=lambda _, names: [n for n in names if not n.startswith("package")])
        # npm's own cache is kept here too: the home folder may not be ours to write.
        environment = os.environ | {
            "npm_config_cache": str(folder.parent / "npm"),
            "npm_config_update_notifier": "false",
        }
        command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        subprocess.run(command, cwd=unfinished, env=environment, stdout=sys.stderr, check=True, timeout=300)
        unfinished.rename(folder)


def node_version() -> tuple[int, ...]:
    """The version of the node on PATH; (0,) when there is none."""
    node = shutil.which("node")
    if node is None:
        return (0,)
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.fullmatch(r"v(\d+)\.(\d+)\.(\d+).*", answer.strip())
    return tuple(int(part) for part in found.groups()) if found else (0,)
