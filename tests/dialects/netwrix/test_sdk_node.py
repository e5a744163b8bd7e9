"""The framework's own JavaScript client, unmodified, over a real socket."""

from __future__ import annotations

import asyncio
import json
import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from tests import node
from tests.dialects.netwrix.service import ADMIN_PASSWORD, Netwrix, running
from tests.process import PATIENCE

STORY = Path(__file__).parent / "node" / "story.mjs"
PREFIX = b"/netwrix"


@asynccontextmanager
async def listening(netwrix: Netwrix) -> AsyncIterator[str]:
    """The dialect's address below its prefix, for as long as the block lasts."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["raw_path"].startswith(PREFIX + b"/"):
            scope["raw_path"] = scope["raw_path"].removeprefix(PREFIX)
        await netwrix(scope, receive, send)

    door = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_config=None))
    serving = asyncio.create_task(server.serve(sockets=[door]))
    try:
        # What connects before the server accepts waits in the socket's queue.
        yield f"http://127.0.0.1:{door.getsockname()[1]}/netwrix/api"
    finally:
        server.should_exit = True
        await serving
        door.close()


async def told(base_url: str, folder: Path) -> dict[str, Any]:
    """What the story's steps came to. The script comes by standard input, so that it finds the client in its folder."""
    environment = os.environ | {"BASE_URL": base_url, "USER_NAME": "admin", "PASSWORD": ADMIN_PASSWORD}
    process = await asyncio.create_subprocess_exec(
        "node",
        "--input-type=module",
        "-",
        cwd=folder,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, errors = await asyncio.wait_for(process.communicate(STORY.read_bytes()), PATIENCE)
    assert process.returncode == 0, errors.decode()
    steps: dict[str, Any] = json.loads(out)
    return steps


def refused(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {"refused": code, "message": message, "fields": list(fields)}


async def test_the_story(migrated_url: str) -> None:
    folder = node.client_of("netwrix")
    if folder is None:
        pytest.skip(node.NEEDED)
    async with running(migrated_url, real_hashes=True) as netwrix, listening(netwrix) as base_url:
        steps = await told(base_url, folder)

    signed_in, added, preview = steps.pop("sign-in"), steps.pop("add"), steps.pop("preview")
    assert (signed_in["UserName"], signed_in["UserId"].isdigit()) == ("admin", True)
    assert re.fullmatch("[A-Za-z0-9_-]{64}", signed_in["SessionId"])
    assert (added["UserName"], added["SecondName"], added["Groups"]) == ("ada", "Lovelace, Countess of", ["North"])
    changed = added | {"Email": "ada@example.com"}
    listed = steps.pop("list")
    assert [user["UserName"] for user in listed] == ["admin", "ada"]
    assert listed[1] == changed
    applied = steps.pop("apply")
    assert (applied["Password"], applied["Version"]) == (preview["Password"], 0)
    own = steps.pop("own")
    assert own.items() >= (changed | {"ChangePasswordByUtc": applied["ChangeByDateUtc"]}).items()
    not_signed_in = refused("Unauthorized", "Not Authenticated")
    assert steps == {
        "before": not_signed_in,
        "wrong password": refused("Unauthorized", "Invalid Username or Password"),
        "cookies": ["ss-id", "ss-opt", "ss-pid"],
        "add again": refused("ArgumentException", "User 'ada' already exists"),
        "details": added,
        "details by post": added,
        "update": None,
        "reset": None,
        "validate": None,
        "status": {
            "ChangePasswordByUtc": applied["ChangeByDateUtc"],
            "TwoFactorRequired": False,
            "TwoFactorRegistration": "None",
            "Version": 0,
        },
        "no code": refused("NotEmpty", "'One Time Password' must not be empty.", "OneTimePassword"),
        "reset2fa": None,
        "not own": refused("Forbidden", "Invalid Permission"),
        "own password": None,
        "delete": None,
        "delete again": refused("NotFound", "User does not exist"),
        "sign-out": {},
        "after": not_signed_in,
    }
