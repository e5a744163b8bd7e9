"""Filters of known passwords: what is in the list is always found, what is not hardly ever, and damage is noticed."""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

import pytest

from muster.crypto import breached
from muster.crypto.breached import BUILT_IN, Filter, FilterRefused, build, known_passwords


def made(folder: Path, *lines: str | bytes, name: str = "list.txt", end: bytes = b"\n") -> Filter:
    text = b"".join((line if isinstance(line, bytes) else line.encode()) + end for line in lines)
    source = folder / name
    source.write_bytes(gzip.compress(text) if name.endswith(".gz") else text)
    build(source, folder / "out.filter")
    return Filter(folder / "out.filter")


@pytest.mark.parametrize("password", ["password", "123456", "qwerty", "iloveyou", "trustno1"])
def test_the_built_in_list_has_the_most_common_passwords(password: str) -> None:
    assert password in Filter(BUILT_IN)
    assert known_passwords()(password)


def test_the_built_in_list_has_nothing_else() -> None:
    filter_ = Filter(BUILT_IN)
    assert len(filter_) == 19_640
    assert BUILT_IN.stat().st_size == 83_504
    # Deterministic, so that 50,000 tries at 2e-7 either find nothing for ever or show that the arithmetic is wrong.
    assert [text for number in range(50_000) if (text := f"nobody has {number}") in filter_] == []
    assert "\ud800" not in filter_
    assert "" not in filter_


def test_everything_of_a_list_is_found_and_nothing_near_it(tmp_path: Path) -> None:
    words = [f"pass-{number}" for number in range(5000)]
    filter_ = made(tmp_path, *words)
    assert len(filter_) == 5000
    assert [word for word in words if word not in filter_] == []
    assert [word for word in words if word + "x" in filter_] == []


@pytest.mark.parametrize(("name", "end"), [("list.txt", b"\n"), ("list.txt", b"\r\n"), ("list.txt.gz", b"\n")])
def test_lines_end_in_any_way_and_may_be_packed(tmp_path: Path, name: str, end: bytes) -> None:
    filter_ = made(tmp_path, "hunter2", "", "пароль", b"\xff\xfe", " blank ", name=name, end=end)
    assert len(filter_) == 4
    assert all(password in filter_ for password in ("hunter2", "пароль", " blank "))
    assert "blank" not in filter_


def test_lines_of_sha1_and_count_make_the_same_filter_as_the_passwords(tmp_path: Path) -> None:
    words = ["hunter2", "пароль", "letmein"]
    plain = made(tmp_path, *words).path.read_bytes()
    lines = [f"{hashlib.sha1(word.encode()).hexdigest().upper()}:{number}" for number, word in enumerate(words)]
    filter_ = made(tmp_path, *lines)
    assert filter_.path.read_bytes() == plain
    assert "letmein" in filter_
    assert lines[0] not in filter_


def test_a_list_makes_the_same_file_every_time_and_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(breached, "_TELL_EVERY", 10)
    first = made(tmp_path, *map(str, range(100))).path.read_bytes()
    told: list[int] = []
    assert build(tmp_path / "list.txt", tmp_path / "again.filter", told.append) == 100
    assert (tmp_path / "again.filter").read_bytes() == first
    assert told == sorted(told)
    assert told[-1] == (tmp_path / "list.txt").stat().st_size


SHA1 = f"{hashlib.sha1(b'x').hexdigest()}:5"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ([], "has no passwords"),
        (["", ""], "has no passwords"),
        ([SHA1, "hunter2"], "line 2 is not SHA1:count as the first line is"),
        (["x" * 70_000], "line 1 is too long for a password"),
    ],
)
def test_a_list_that_is_none_leaves_nothing_behind(tmp_path: Path, lines: list[str], text: str) -> None:
    with pytest.raises(FilterRefused, match=text):
        made(tmp_path, *lines)
    assert [path.name for path in tmp_path.iterdir()] == ["list.txt"]


def test_half_a_gzip_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "list.gz").write_bytes(gzip.compress(b"hunter2\n" * 1000)[:-8])
    with pytest.raises(FilterRefused, match="not a whole gzip file"):
        build(tmp_path / "list.gz", tmp_path / "out.filter")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is no password filter"),
        (b"hello" * 100, "is no password filter"),
        (BUILT_IN.read_bytes()[:-1], "damaged"),
        (BUILT_IN.read_bytes() + b"\0", "damaged"),
        (BUILT_IN.read_bytes()[:8] + b"\x02" + BUILT_IN.read_bytes()[9:], "another version"),
        (BUILT_IN.read_bytes()[:12] + b"\xff" + BUILT_IN.read_bytes()[13:], "damaged"),
        (BUILT_IN.read_bytes()[:16] + bytes(8) + BUILT_IN.read_bytes()[24:32], "damaged"),
    ],
)
def test_a_damaged_filter_is_refused_when_the_server_starts(tmp_path: Path, content: bytes, text: str) -> None:
    (tmp_path / "own.filter").write_bytes(content)
    with pytest.raises(FilterRefused, match=text):
        known_passwords(str(tmp_path / "own.filter"))


def test_a_missing_filter_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FilterRefused, match="cannot be read: No such file"):
        known_passwords(str(tmp_path / "none"))


def test_an_operators_own_list_stands_beside_the_built_in_one(tmp_path: Path) -> None:
    is_known = known_passwords(str(made(tmp_path, "our-company-1").path))
    assert is_known("our-company-1")
    assert is_known("password")
    assert not is_known("another-company")
