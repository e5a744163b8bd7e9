"""The requests of the vendor's Postman collections, sent by Postman's own runner over a real socket.

`node/requests.json` holds what the two generations send (method, path, body), the status that must come back, and, where a
later request needs it, under which name the answer's id is kept. Their token script is kept too: the token is asked for as
the first request and borne by the others.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests import node
from tests.dialects.mattr.service import AUDIENCE, Mattr
from tests.process import PATIENCE

REQUESTS: dict[str, list[list[Any]]] = json.loads((Path(__file__).parent / "node" / "requests.json").read_text("utf-8"))
KEEP = "pm.collectionVariables.set({name}, pm.response.json().{member});"


@pytest.fixture(scope="session")
def newman() -> Path:
    """The folder in which node finds the runner."""
    folder = node.client_of("mattr")
    if folder is None:
        pytest.skip(node.NEEDED)
    return folder


def collection(version: str, base: str, token_request: dict[str, str]) -> dict[str, Any]:
    """A collection as the runner reads it (format v2.1)."""
    rows = [["POST", "/oauth/token", token_request, 200, "bearerToken"], *REQUESTS[version]]
    items = []
    for number, (method, path, body, status, *kept) in enumerate(rows):
        script = [f"pm.test('status', () => pm.response.to.have.status({status}));"]
        if kept:
            member = "access_token" if kept[0] == "bearerToken" else "id"
            script.append(KEEP.format(name=json.dumps(kept[0]), member=member))
        headers = [{"key": "Accept", "value": "application/json"}]
        request: dict[str, Any] = {"method": method, "url": base + path, "header": headers}
        if body is not None:
            headers.append({"key": "Content-Type", "value": "application/json"})
            request["body"] = {"mode": "raw", "raw": json.dumps(body)}
        if number == 0:
            request["auth"] = {"type": "noauth"}
        tests = {"listen": "test", "script": {"type": "text/javascript", "exec": script}}
        items.append({"name": f"{method} {path}", "request": request, "event": [tests]})
    return {
        "info": {"name": version, "schema": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{bearerToken}}", "type": "string"}]},
        "item": items,
    }


@pytest.mark.parametrize("version", REQUESTS)
async def test_the_vendors_requests(mattr: Mattr, newman: Path, tmp_path: Path, version: str) -> None:
    listening = socket.create_server(("127.0.0.1", 0))  # so that whoever connects early waits
    server = uvicorn.Server(uvicorn.Config(mattr, lifespan="off", log_level="error"))
    serving = asyncio.create_task(server.serve([listening]))
    try:
        port = listening.getsockname()[1]
        client = mattr.clients[mattr.site.tenant_id]
        token = {"grant_type": "client_credentials", "audience": AUDIENCE, **client._asdict()}
        (tmp_path / "collection.json").write_text(json.dumps(collection(version, f"http://127.0.0.1:{port}", token)))
        answers = await run(newman, tmp_path)
    finally:
        server.should_exit = True
        await serving
    wanted = [("POST /oauth/token", 200), *((f"{row[0]} {row[1]}", row[3]) for row in REQUESTS[version])]
    assert answers == wanted


async def run(newman: Path, folder: Path) -> list[tuple[str, int]]:
    """The status of every request, in order; fails with what the runner says when one of its own checks does."""
    report = folder / "report.json"
    process = await asyncio.create_subprocess_exec(
        "node",
        str(newman / "node_modules" / "newman" / "bin" / "newman.js"),
        *("run", str(folder / "collection.json"), "--reporters", "json", "--reporter-json-export", str(report)),
        cwd=newman,
        env=os.environ | {"HOME": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await asyncio.wait_for(process.communicate(), PATIENCE)
    found = json.loads(report.read_text("utf-8"))["run"]
    assert process.returncode == 0, (said, [failure["error"]["message"] for failure in found["failures"]])
    return [(each["item"]["name"], each["response"]["code"]) for each in found["executions"]]
