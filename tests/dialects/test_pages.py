"""The programs of the dialects' pages, exactly as they are printed, against the real process: they print what the page says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests import clients, node
from tests.process import PATIENCE, Muster

PAGES = clients.CHECKOUT / "docs" / "dialects"
PROGRAM = re.compile(r"^```(python|javascript)\n(.*?)^```\n\n```text\n(.*?)^```$", re.DOTALL | re.MULTILINE)
PROGRAMS = [
    pytest.param(page.stem, *found, id=f"{page.stem}-{found[0]}")
    for page in sorted(PAGES.glob("*.md"))
    for found in PROGRAM.findall(page.read_text("utf-8"))
]


def test_every_page_has_a_program() -> None:
    assert {str(each.values[0]) for each in PROGRAMS} == {page.stem for page in PAGES.glob("*.md")}


@pytest.mark.parametrize("engine_kind", ["sqlite"])
@pytest.mark.parametrize(("dialect", "language", "program", "output"), PROGRAMS)
def test_a_program_prints_what_its_page_says(
    server: Muster, credentials: dict[str, Any], tmp_path: Path, dialect: str, language: str, program: str, output: str
) -> None:
    folder = tmp_path
    if language == "javascript" and dialect != "mattr":  # whose program needs node alone
        installed = node.client_of(dialect)
        if installed is None:
            pytest.skip(node.NEEDED)
        folder = installed
    command = [sys.executable, "-W", "ignore", "-"] if language == "python" else ["node", "--input-type=module", "-"]
    answer = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | surroundings(dialect, credentials),
        input=program.replace('"@clerk/backend"', '"clerk-3"'),  # as it is called beside the older one
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (answer.returncode, answer.stdout) == (0, output), answer.stderr


def surroundings(dialect: str, credentials: dict[str, Any]) -> dict[str, str]:
    """The variables of `muster credentials`, by the names that programs know them by."""
    shown = {f"{dialect}_{name}".upper(): str(value) for name, value in credentials[dialect].items()}
    if dialect == "clerk":
        shown["CLERK_API_URL"] = shown.pop("CLERK_BASE_URL")
    return shown | dict.fromkeys(("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), credentials["ca_file"])
