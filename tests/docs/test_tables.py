"""The tables of what works are the routes themselves, and `make check` fails when they are not."""

import shutil
import subprocess
from pathlib import Path

import pytest

from scripts import tables


def test_the_tables_of_what_works_are_the_routes() -> None:
    for page, (start, table) in tables.TABLES.items():
        text = page.read_text(encoding="utf-8")
        assert tables.filled_in(text, start, table()) == text, f"{page.name} is out of date: run make docs"


@pytest.mark.skipif(shutil.which("make") is None, reason="needs make")
def test_the_chores_are_these() -> None:
    def steps(chore: str) -> str:
        command = ["make", "--dry-run", "PYTHON=python3", chore]
        return subprocess.run(command, cwd=tables.HERE, capture_output=True, text=True, check=True).stdout

    assert "scripts/tables.py --check" in steps("check")
    assert "scripts/tables.py --report" in steps("coverage-report")


@pytest.mark.parametrize(("true", "false"), [("| works |", "| not yet |"), ("| not yet |", "| works |")])
def test_a_wrong_row_fails_the_check_and_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, true: str, false: str
) -> None:
    page = next(page for page in tables.TABLES if page.name == "clerk.md")
    right = page.read_text(encoding="utf-8")
    copy = tmp_path / page.name
    copy.write_text(right.replace(true, false, 1), encoding="utf-8")
    monkeypatch.setattr(tables, "HERE", tmp_path)
    monkeypatch.setattr(tables, "TABLES", {copy: tables.TABLES[page]})

    assert tables.main(check=True) == 1
    assert copy.read_text(encoding="utf-8") != right
    assert tables.main(check=False) == 0
    assert copy.read_text(encoding="utf-8") == right
    assert tables.main(check=True) == 0


def test_the_report_counts_what_the_tables_show() -> None:
    lines = list(tables.report())
    rows = [row for row in tables.works() if row.startswith("| [")]
    assert len(lines) == len(rows) + 1 + sum(len(vendor.missing()) for vendor in tables.VENDORS)
    for row, line, vendor in zip(rows, lines, tables.VENDORS, strict=False):
        _, works, of, besides, *_ = (cell.strip() for cell in row.strip("|").split("|"))
        assert line.split()[-6:] == f"{works} of {of}, and {besides} besides".split()
        assert int(of) - int(works) == len(vendor.missing())
