from __future__ import annotations

from typing import Any

from muster.dialects.auth0.access import SCOPES
from tests.cli.conftest import Cli


def listed(muster: Cli) -> dict[str, dict[str, Any]]:
    return {key["client_id"]: key for key in muster("key", "list", "--json").json}


def test_a_key_is_made_listed_and_revoked(muster: Cli) -> None:
    made = muster("key", "create", "nightly sync", "--scopes", "read:users, update:users,read:users", "--json").json

    assert made == {
        "client_id": made["client_id"],
        "client_secret": made["client_secret"],
        "name": "nightly sync",
        "scopes": ["read:users", "update:users"],
    }
    assert len(made["client_secret"]) == 64
    key = listed(muster)[made["client_id"]]
    assert key == {
        "client_id": made["client_id"],
        "name": "nightly sync",
        "usable": True,
        "scopes": ["read:users", "update:users"],
        "created_at": key["created_at"],
    }
    assert made["client_secret"] not in muster("key", "list").out

    assert muster("key", "revoke", made["client_id"]).out == f"revoked {made['client_id']}\n"
    assert listed(muster)[made["client_id"]] == {**key, "usable": False, "scopes": []}


def test_all_is_every_scope_there_is(muster: Cli) -> None:
    made = muster("key", "create", "console", "--scopes", "all", "--json").json
    assert made["scopes"] == list(SCOPES)
    (row,) = [line for line in muster("key", "list").out.splitlines() if made["client_id"] in line]
    assert row.split()[1:4] == ["console", "yes", "all"]


def test_an_unknown_scope_is_named_beside_those_there_are(muster: Cli) -> None:
    answer = muster("key", "create", "sync", "--scopes", "read:users,read:everything")
    assert answer.code == 2
    assert answer.err.startswith("muster: No such scope: read:everything. There are: read:users, ")


def test_a_key_that_is_not_there_cannot_be_revoked(muster: Cli) -> None:
    answer = muster("key", "revoke", "nobody")
    assert (answer.code, answer.err) == (1, "muster: there is no such application\n")
