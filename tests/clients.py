"""The vendors' own clients that the tests install themselves: once, from a lock, into the checkout's cache."""

from __future__ import annotations

import fcntl
import hashlib
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent
DIALECTS = CHECKOUT / "tests" / "dialects"
PATIENCE = 300.0  # seconds an installation may take; it does so once


def installed(kind: str, lock: Path, install: Callable[[Path], None]) -> Path | None:
    """The folder that `install` made of a lock, now or some day before, or None where that cannot be had.

    Why not is printed, so that pytest shows it beside the skip. The folder is named by the lock's contents, so a
    changed lock is installed anew, and a finished one costs nothing. It is made beside its place and moved there at the
    end, so that a folder that exists is a whole one.
    """
    cache = CHECKOUT / ".cache" / kind
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("w") as door:
            fcntl.flock(door, fcntl.LOCK_EX)  # one worker installs, the others wait for it
            folder = cache / hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
            if not folder.exists():
                with tempfile.TemporaryDirectory(dir=cache) as temporary:
                    unfinished = Path(temporary) / "client"
                    install(unfinished)
                    unfinished.rename(folder)
    except (OSError, subprocess.SubprocessError) as failure:
        print(f"could not install {lock}: {failure}", file=sys.stderr)
        return None
    return folder
