"""Files as they come: lines, arrays, gzip, and whatever is broken about them."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from muster.importers.reading import DEEPEST, LONGEST_ROW, FileDamaged, Row, Source, open_source


def read(content: bytes) -> list[tuple[int, Any, str]]:
    return [(row.line, row.sent, row.fault) for row in Source(io.BufferedReader(io.BytesIO(content))).rows()]


def nested(levels: int) -> bytes:
    return b'{"a":' + b"[" * (levels - 1) + b"]" * (levels - 1) + b"}"


TOO_LONG = b'{"a":"' + b"x" * (2 * LONGEST_ROW) + b'"}'


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b'{"a":1}\n{"a":2}\n', [(1, {"a": 1}, ""), (2, {"a": 2}, "")]),
        (b'{"a":1}\n\n  \r\n{"a":2}', [(1, {"a": 1}, ""), (4, {"a": 2}, "")]),
        (b'\n\n{"a":1}\n', [(3, {"a": 1}, "")]),
        ("\ufeff".encode() + b'{"a":1}\n', [(1, {"a": 1}, "")]),
        ('{"a":"日本 😀"}\n'.encode(), [(1, {"a": "日本 😀"}, "")]),
        (
            b'{"a":1.50,"b":123456789012345678901234567890}\n',
            [(1, {"a": 1.5, "b": 123456789012345678901234567890}, "")],
        ),
        (b'"text"\nnull\n', [(1, "text", ""), (2, None, "")]),
        (b'{"a":\n{"a":2}\n', [(1, None, "not_json"), (2, {"a": 2}, "")]),
        (b'{"a":NaN}\n{"a":1e999}\n', [(1, None, "not_json"), (2, None, "not_json")]),
        (b'{"a":"\\ud800"}\n{"a":"\xff"}\n{}\n', [(1, None, "not_json"), (2, None, "not_utf8"), (3, {}, "")]),
        (b'{"a":' + b"9" * 5000 + b"}\n{}\n", [(1, None, "not_json"), (2, {}, "")]),
        (TOO_LONG + b'\n{"a":2}\n', [(1, None, "too_long"), (2, {"a": 2}, "")]),
        (nested(DEEPEST + 1) + b"\n", [(1, None, "too_deep")]),
        (nested(100_000) + b"\n{}\n", [(1, None, "too_deep"), (2, {}, "")]),
        (b"[]", []),
        (b' [ {"a":1} ,\n{"a":"]"}\n] \n', [(1, {"a": 1}, ""), (2, {"a": "]"}, "")]),
        ("\ufeff[1,2]".encode(), [(1, 1, ""), (2, 2, "")]),
        (b'[{"a":"\\ud800"},{"a":1.0}]', [(1, None, "not_json"), (2, {"a": 1.0}, "")]),
    ],
    ids=range(18),
)
def test_rows_come_in_order_and_a_bad_one_ends_nothing(content: bytes, rows: list[Any]) -> None:
    assert read(content) == rows


def test_the_deepest_row_allowed_is_read() -> None:
    ((_, _, fault),) = read(nested(DEEPEST) + b"\n")
    assert fault == ""


@pytest.mark.parametrize(
    ("content", "before", "text"),
    [
        (b"", 0, "the file is empty"),
        (b" \n\n", 0, "the file is empty"),
        ('{"a":1}\n'.encode("utf-16"), 0, "it is UTF-16 or UTF-32, not UTF-8; convert it with iconv -t UTF-8"),
        ('{"a":1}\n'.encode("utf-16-le"), 0, "it is UTF-16 or UTF-32, not UTF-8; convert it with iconv -t UTF-8"),
        ('{"a":1}\n'.encode("utf-32-be"), 0, "it is UTF-16 or UTF-32, not UTF-8; convert it with iconv -t UTF-8"),
        (gzip.compress(b"{}"), 0, "it is compressed; give it a name that ends in .gz, or unpack it with gunzip"),
        (b"PK\x03\x04zip", 0, "it is a ZIP archive; unpack it first"),
        (b'{"a":1}\n{"a":', 1, "row 2: the file ends in the middle of it"),
        (b'{"a":1}\n{"a":"\xc3', 1, "row 2: the file ends in the middle of it"),
        (b'[{"a":1},{"a":', 1, "row 2: it is no JSON, or the file ends in the middle of it"),
        (b'[{"a":1}', 1, "row 2: it does not begin with a comma, or the array is cut off here"),
        (b'[{"a":1} {"a":2}]', 1, "row 2: it does not begin with a comma, or the array is cut off here"),
        (b'[{"a":1},]', 1, "row 2: it is no JSON, or the file ends in the middle of it"),
        (b'[{"a":1}] {}', 1, "row 2: something follows the end of the array"),
        (b'[{"a":1},{"a":"\xff"}]', 0, "row 1: it, or what follows it, is not UTF-8"),
        (b"[" + TOO_LONG + b"]", 0, f"row 1: it is no JSON, or longer than {LONGEST_ROW:,} bytes"),
        (b"[" * 200_000, 0, "row 1: it has more than 100 levels"),
    ],
    ids=range(17),
)
def test_what_cannot_be_read_on_is_named_with_its_row(content: bytes, before: int, text: str) -> None:
    read_before: list[Row] = []
    with pytest.raises(FileDamaged) as damage:
        read_before.extend(Source(io.BufferedReader(io.BytesIO(content))).rows())
    assert (len(read_before), str(damage.value)) == (before, text)


def test_an_array_is_cut_wherever_the_pieces_of_the_file_end(monkeypatch: pytest.MonkeyPatch) -> None:
    people = [{"a": 'ä"]},{[\\', "n": [12345, {"x": None}]}, 12, "é", {"b": "\u2028日"}, -1.5]
    content = json.dumps(people, ensure_ascii=False, indent=1).encode()
    for piece in (1, 2, 3, 7):
        monkeypatch.setattr("muster.importers.reading._CHUNK", piece)
        assert [sent for _, sent, _ in read(content)] == people


def test_gzip_is_told_by_its_name_and_a_cut_one_by_its_row(tmp_path: Path) -> None:
    whole = gzip.compress(b'{"a":1}\n' * 20_000)
    good, cut, not_gzip = (tmp_path / name for name in ("good.ndjson.gz", "cut.ndjson.gz", "no.gz"))
    good.write_bytes(whole)
    cut.write_bytes(whole[:-20])
    not_gzip.write_bytes(b'{"a":1}\n')
    with open_source(str(good)) as source:
        assert sum(1 for _ in source.rows()) == 20_000
        assert (source.total, source.position()) == (len(whole), len(whole))
    for damaged in (cut, not_gzip):
        with (
            open_source(str(damaged)) as source,
            pytest.raises(FileDamaged, match=r"row \d+: .* cut off or damaged here"),
        ):
            list(source.rows())


def test_a_plain_file_knows_how_far_it_is(tmp_path: Path) -> None:
    file = tmp_path / "users.ndjson"
    file.write_bytes(b'{"a":1}\n{"a":2}\n')
    with open_source(str(file)) as source:
        places = [(row.line, source.position()) for row in source.rows()]
    assert (source.total, places) == (16, [(1, 8), (2, 16)])


def test_a_missing_file_is_the_systems_own_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_source(str(tmp_path / "none.ndjson")):
        raise AssertionError
