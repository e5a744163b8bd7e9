"""Who knows one vendor reads that vendor's folder and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import clients

SOURCES = clients.CHECKOUT / "src" / "muster" / "dialects"
DIALECTS = sorted(folder.name for folder in SOURCES.iterdir() if (folder / "app.py").exists())


def lines_about(pattern: str, folder: Path) -> list[str]:
    return [
        f"{file.relative_to(clients.CHECKOUT)}:{number}"
        for file in sorted(folder.rglob("*.py"))
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1)
        if re.search(pattern, line, re.IGNORECASE)
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_folder_names_no_other_vendor_and_its_tests_use_no_other(dialect: str) -> None:
    others = "|".join(other for other in DIALECTS if other != dialect)
    assert lines_about(others, SOURCES / dialect) == []
    assert lines_about(rf"(import|from).*dialects\.({others})", clients.DIALECTS / dialect) == []


def test_what_they_share_names_no_vendor() -> None:
    assert len(DIALECTS) == 5
    assert lines_about("|".join(DIALECTS), SOURCES / "kit") == []
