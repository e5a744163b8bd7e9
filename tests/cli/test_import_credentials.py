"""`muster import mattr-credentials` as an operator runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from muster.cli.app import run
from muster.settings import Settings
from tests.cli.importing import first_words, ndjson, stored

UNKNOWN = "0c3fad74-a8df-4a2d-8e75-f2d356b413ba"


def test_records_come_in_by_file(database: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    Path("users.ndjson").write_bytes(ndjson({"email": "ann@example.com"}))
    assert run(["import", "auth0", "users.ndjson"]) == 0
    digits = stored(database)[0].id
    user = f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
    row = {"userId": user, "id": "c", "type": "T", "profile": "mobile"}
    capsys.readouterr()

    Path("issued.ndjson").write_bytes(ndjson(row))
    assert run(["import", "mattr-credentials", "issued.ndjson"]) == 0
    assert first_words(capsys.readouterr().out) == "read 1, inserted 1, updated 0, rejected 0"

    Path("issued.json").write_text(json.dumps([row, {**row, "id": "d", "userId": UNKNOWN}]), "utf-8")
    assert run(["import", "mattr-credentials", "issued.json"]) == 3
    said = "read 2, inserted 0, updated 1, rejected 1 (issued.json.rejected.ndjson)"
    assert first_words(capsys.readouterr().out) == said
    refused = json.loads(Path("issued.json.rejected.ndjson").read_text("utf-8"))
    assert (refused["line"], refused["errors"][0]["code"]) == (2, "no_such_user")

    Path("cut.json").write_text('[{"userId":', "utf-8")
    assert run(["import", "mattr-credentials", "cut.json"]) == 1
    assert run(["import", "mattr-credentials", "nowhere.json"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in told] == ["muster", "muster"]
