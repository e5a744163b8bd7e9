"""The framework's own JavaScript client, unmodified, against the real process."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests import clients, node

STORY = Path(__file__).parent / "node" / "story.mjs"
OPERATIONS = clients.CHECKOUT / "docs" / "dialects" / "netwrix.csv"
STEPS = (
    *("add", "add again", "details", "update", "list", "reset", "preview", "apply", "validate", "reset2fa"),
    *("own password", "not own", "delete", "delete again"),
)


def refused(code: str, message: str, *fields: str) -> dict[str, Any]:
    return {"refused": code, "message": message, "fields": list(fields)}


NOT_SIGNED_IN = refused("Unauthorized", "Not Authenticated")


def operations() -> set[tuple[str, str]]:
    """Method and path of each, as the client asks for it: without a last slash."""
    with OPERATIONS.open(encoding="utf-8") as rows:
        return {(row["method"], row["path"].removesuffix("/")) for row in csv.DictReader(rows)}


def test_every_operation_by_each_of_its_verbs(credentials: dict[str, Any]) -> None:
    folder = node.client_of("netwrix")
    if folder is None:
        pytest.skip(node.NEEDED)
    given = credentials["netwrix"]
    word = uuid4().hex
    environment = {"BASE_URL": given["base_url"], "USER_NAME": given["username"], "PASSWORD": given["password"]}
    told = node.told(STORY, folder, environment, word)

    named = {
        (verb, re.sub("/users/(ada|bob)-[0-9a-f]+$", "/users/{UserName}", path))
        for verb, path, code in told["asked"]
        if code < 300
    }
    assert operations() - named == set()

    steps = told["steps"]
    signed_in = steps.pop("sign-in")
    assert (signed_in["UserName"], signed_in["UserId"].isdigit()) == ("admin", True)
    assert re.fullmatch("[A-Za-z0-9_-]{64}", signed_in["SessionId"])
    for verb, name in (("GET", f"bob-{word}"), ("POST", f"ada-{word}")):
        check_the_steps_of_one_verb({step: steps.pop(f"{step} by {verb}") for step in STEPS}, name)
    pending, elevated = steps.pop("status"), steps.pop("elevated")
    assert (elevated["UserName"], elevated.get("Meta")) == (f"ada-{word}", None)
    assert steps.pop("own by bearer token")["UserName"] == f"ada-{word}"
    assert steps == {
        "before": NOT_SIGNED_IN,
        "wrong password": refused("Unauthorized", "Invalid Username or Password"),
        "cookies": ["ss-id", "ss-opt", "ss-pid"],
        "no code": refused("NotEmpty", "'One Time Password' must not be empty.", "OneTimePassword"),
        "half signed in": refused("TwoFactorRequired", "Two-factor authentication is required to continue"),
        "wrong code": refused("Unauthorized", "Invalid One Time Password"),
        "registered": {"TwoFactorRequired": True, "TwoFactorRegistration": "Registered", "Version": 0},
        "sign-out": {},
        "after": NOT_SIGNED_IN,
    }
    assert pending.pop("SetupImageUrl").startswith("data:image/png;base64,")
    assert re.fullmatch("[A-Z2-7]{32}", pending.pop("SetupCode"))
    assert pending == {"TwoFactorRequired": True, "TwoFactorRegistration": "Pending", "Version": 0}


def check_the_steps_of_one_verb(steps: dict[str, Any], name: str) -> None:
    added, preview, applied, users = (steps.pop(step) for step in ("add", "preview", "apply", "list"))
    assert (added["UserName"], added["SecondName"], added["Groups"]) == (
        name,
        'Lovelace, "Countess" of {North}',
        ["North, upper"],
    )
    assert [user for user in users if user["UserName"] == name] == [added | {"Email": f"{name}@example.com"}]
    assert "admin" in [user["UserName"] for user in users]
    assert (applied["Password"], applied["Version"]) == (preview["Password"], 0)
    assert steps == {
        "add again": refused("ArgumentException", f"User '{name}' already exists"),
        "details": added,
        "update": None,
        "reset": None,
        "validate": None,
        "reset2fa": None,
        "own password": None,
        "not own": refused("Forbidden", "Invalid Permission"),
        "delete": None,
        "delete again": refused("NotFound", "User does not exist"),
    }
