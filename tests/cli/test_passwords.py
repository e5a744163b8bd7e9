"""`muster passwords build-filter`, as it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from muster.cli.app import run
from muster.crypto.breached import Filter


def test_a_filter_is_made_beside_its_list(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "words.txt").write_text("alpha\nbeta\n")
    assert run(["passwords", "build-filter", str(tmp_path / "words.txt")]) == 0
    written = tmp_path / "words.txt.filter"
    assert capfd.readouterr() == (f"wrote {written}: 2 passwords, 48 bytes\n", "")
    assert "alpha" in Filter(written)


def test_a_filter_is_made_where_it_is_wanted(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("alpha\n")
    assert run(["passwords", "build-filter", str(tmp_path / "words.txt"), "--output", str(tmp_path / "own")]) == 0
    assert "alpha" in Filter(tmp_path / "own")


def test_what_cannot_be_done_is_told_in_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    words = tmp_path / "words.txt"
    words.write_text("\n")
    assert run(["passwords", "build-filter", str(words)]) == 1
    assert capfd.readouterr().err == f"muster: {words} has no passwords\n"
    words.write_text("alpha\n")
    assert run(["passwords", "build-filter", str(words), "--output", str(words)]) == 2
    assert capfd.readouterr().err.startswith("muster: the output would replace the list.")
    assert words.read_text() == "alpha\n"
    assert run(["passwords", "build-filter", str(words), "--output", str(tmp_path / "none" / "x")]) == 1
    assert "No such file" in capfd.readouterr().err
