"""Programs of the machine that some tests need and pip cannot bring: a browser, and the checker of XML signatures.

    python -m tests.programs provide      install what is missing, where that is possible, PostgreSQL included

As root on Debian the system's own packages are installed, after saying so. Elsewhere their tests are skipped, and the
whole run ends with exit status 2 and the command that cures it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from typing import NamedTuple

from tests import postgres

MISSING = "missing: "


class Program(NamedTuple):
    """A program by its names on PATH, and the Debian package that has it."""

    names: tuple[str, ...]
    package: str
    why: str

    def find(self) -> str | None:
        """Where it is, or None."""
        return next((found for name in self.names if (found := shutil.which(name))), None)


CHROMIUM = Program(("chromium", "chromium-browser", "google-chrome"), "chromium", "drives the hosted pages")
XMLSEC = Program(("xmlsec1",), "xmlsec1", "checks the signatures of SAML")
PROGRAMS = (CHROMIUM, XMLSEC)


def missing() -> list[Program]:
    """Those that this machine does not have."""
    return [program for program in PROGRAMS if program.find() is None]


def cure(programs: Iterable[Program]) -> str:
    """The command that installs them."""
    packages = " ".join(program.package for program in programs)
    if shutil.which("apt-get"):
        return f"{'' if os.geteuid() == 0 else 'sudo '}apt-get install {packages}"
    return f"install {packages} so that they are on PATH"


def provide() -> None:
    """As root on Debian, install what is missing; elsewhere do nothing."""
    postgres.provide()
    wanted = missing()
    if not wanted or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    for program in wanted:
        print(f"muster: the tests need {program.package}, which {program.why}; installing Debian's package", flush=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    # With what they recommend: a browser without fonts shows no text.
    install = ["apt-get", "--quiet", "--quiet", "--yes", "install"]
    try:
        subprocess.run(["apt-get", "--quiet", "--quiet", "update"], env=environment, check=True)
        subprocess.run([*install, *(program.package for program in wanted)], env=environment, check=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        print(f"muster: they could not be installed ({failure}); their tests will be skipped", flush=True)


if __name__ == "__main__":
    if sys.argv[1:] != ["provide"]:
        sys.exit(__doc__)
    provide()
