"""The file of an export: whole and private, or not there at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from muster.exporters.writing import new_file


def test_a_file_appears_whole_and_private_in_the_place_of_an_old_one(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes(b"old")
    file.chmod(0o644)
    with new_file(str(file)) as write:
        write(b"new")
        assert file.read_bytes() == b"old"
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_whatever_goes_wrong_leaves_what_was_there(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        write_and_be_interrupted(file)
    assert [(path, path.read_bytes()) for path in tmp_path.iterdir()] == [(file, b"old")]


def test_a_full_disk_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, limits[1]))
    try:
        with (
            pytest.raises(OSError, match=r"File too large: .*users") as raised,
            new_file(str(tmp_path / "users")) as write,
        ):
            write(b"x" * 10_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert raised.value.filename == str(tmp_path / "users")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="none/users"), new_file(str(tmp_path / "none" / "users")):
        pass


def write_and_be_interrupted(file: Path) -> None:
    with new_file(str(file)) as write:
        write(b"new")
        raise KeyboardInterrupt
