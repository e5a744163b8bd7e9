"""Records of issued credentials: brought in by the command, shown by the API, gone with their user."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from muster.core.actor import operator
from muster.core.issued_credentials import actions
from muster.core.issued_credentials.model import IssuedCredential
from muster.core.users.model import ForeignId, User
from muster.dialects.mattr.wire.credential_rows import read_row
from muster.importers.mattr_credentials import import_credentials
from muster.importers.reading import open_source
from muster.importers.report import RejectedFile, Report
from tests.dialects.mattr.service import Mattr

FULL = {
    "type": "org.iso.18013.5.1.mDL",
    "profile": "mobile",
    "offerId": "b0877ef9-deaf-4c88-8765-2b5aad2913d9",
    "sessionId": "4da5bce7-39d0-482e-8972-c674c688e01a",
    "credentialConfigurationId": "3948c40e-6e19-4ffc-933c-91f643f24264",
    "devicePublicKey": {"kty": "EC", "crv": "P-256", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    "namespaces": {"org.iso.18013.5.1": {"given_name": {"digestID": 0, "digest": "8GWbUyIRA2xATs5I"}}},
    "msoHash": "OsPO++ARsvvJYswmuzN8E3rxN+jAkbWbxhqVIOfM1Go",
    "issuedDate": "2025-06-28T12:34:56.000Z",
    "validFrom": "2025-06-30T12:00:00.000Z",
    "validUntil": "2025-07-30T12:00:00.000Z",
    "status": "valid",
}
FEW = {"type": "T", "profile": "web-semantic"}


async def imported(mattr: Mattr, folder: Path, *rows: Any) -> tuple[tuple[int, int, int], list[Any]]:
    """What became of a file of these rows: the counts, and those that were refused."""
    file = folder / "rows.ndjson"
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    report, rejects = Report(), RejectedFile.beside(str(file))
    with open_source(str(file)) as source:
        tenant_id = mattr.site.tenant_id
        await import_credentials(mattr.runner, tenant_id, operator(), source, read_row, rejects, report)
    rejects.close()
    refused = rejects.path.read_text().splitlines() if rejects.path.exists() else []
    return (report.inserted, report.updated, report.rejected), [json.loads(line) for line in refused]


async def test_records_come_in_and_are_shown(mattr: Mattr, http: httpx.AsyncClient, tmp_path: Path) -> None:
    user = (await http.post("/v1/users", json={})).json()["id"]
    rows = [{"userId": user, "id": f"c-{n}", **(FULL if n == 0 else FEW)} for n in range(3)]
    assert await imported(mattr, tmp_path, *rows) == ((3, 0, 0), [])
    shown = [{name: value for name, value in row.items() if name != "userId"} for row in rows]
    path = f"/core/v1/users/{user}/credentials"
    first = (await http.get(path, params={"limit": 2})).json()
    assert first == {"nextCursor": first["nextCursor"], "data": shown[:2]}
    second = (await http.get(path, params={"limit": 2, "cursor": first["nextCursor"]})).json()
    assert second["data"] == shown[2:]
    assert (await http.get(path, params={"cursor": second["nextCursor"]})).json() == {"data": []}

    mattr.clock.turn(seconds=1)
    revoked = [{**rows[0], "status": "revoked"}, rows[1]]
    assert await imported(mattr, tmp_path, *revoked) == ((0, 2, 0), [])
    assert [each.get("status") for each in (await http.get(path)).json()["data"]] == ["revoked", None, None]

    await http.delete(f"/v1/users/{user}")
    assert (await http.get(path)).json() == {"data": []}
    assert await mattr.store.get(mattr.site.tenant_id, IssuedCredential, "c-0") is None


async def test_rows_that_are_refused_say_why(mattr: Mattr, http: httpx.AsyncClient, tmp_path: Path) -> None:
    user, other = [(await http.post("/v1/users", json={})).json()["id"] for _ in range(2)]
    good = {"userId": user, "id": "c", **FEW}
    counts, refused = await imported(
        mattr,
        tmp_path,
        good,
        {**good, "userId": other},
        {**good, "userId": "0c3fad74-a8df-4a2d-8e75-f2d356b413ba"},
        {**good, "id": "", "profile": 5, "validFrom": "soon"},
        {"id": "c"},
        [],
        "{",
        {**good, "id": "large", "msoHash": "x" * 70_000},
        "",
        {**good, "status": "valid"},
    )
    assert counts == (1, 1, 7)
    assert [[(error["code"], error.get("path", "")) for error in row["errors"]] for row in refused] == [
        [("other_holder", "id")],
        [("no_such_user", "userId")],
        [("invalid", "id"), ("invalid", "profile"), ("invalid", "validFrom")],
        [("invalid", "userId"), ("invalid", "type"), ("invalid", "profile")],
        [("invalid", "")],
        [("unreadable", "")],
        [("too_large", "")],
    ]


async def test_a_user_answers_to_the_id_that_the_vendor_gave(
    mattr: Mattr, http: httpx.AsyncClient, tmp_path: Path
) -> None:
    given = "0c3fad74-a8df-4a2d-8e75-f2d356b413ba"
    own = (await http.post("/v1/users", json={"claims": {"a": 1}})).json()["id"]

    async def give(tx: Any) -> None:
        user = await tx.need(User, own.replace("-", ""))
        tx.save(replace(user, foreign_ids=[ForeignId(kind="mattr", value=given)]))

    await mattr.act(give)
    user = {"id": given, "claims": {"a": 1}}
    for id_ in (given, own):
        assert (await http.get(f"/v1/users/{id_}")).json() == user
        row = {"userId": id_, "id": id_, **FEW}
        assert (await imported(mattr, tmp_path, row))[0] == (1, 0, 0)
    assert (await http.get("/v1/users")).json()["data"] == [user]
    assert len((await http.get(f"/v1/users/{given}/credentials")).json()["data"]) == 2
    assert (await http.put(f"/v1/users/{given}", json={"claims": {}})).json() == {"id": given, "claims": {}}
    assert (await http.delete(f"/v1/users/{given}")).status_code == 204


async def test_a_user_has_no_more_than_can_be_listed(
    mattr: Mattr, http: httpx.AsyncClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MOST_OF_ONE_USER", 2)
    user = (await http.post("/v1/users", json={})).json()["id"]
    counts, refused = await imported(mattr, tmp_path, *({"userId": user, "id": str(n), **FEW} for n in range(3)))
    assert (counts, refused[0]["errors"][0]["code"]) == ((2, 0, 1), "too_many")
