from __future__ import annotations

from typing import Any

import pytest

from muster.cli.keys import KINDS
from tests.cli.conftest import Cli

SECRETS = {"auth0": "client_secret", "clerk": "secret_key", "monocloud": "api_key", "mattr": "client_secret"}
IDS = {"auth0": "client_id", "clerk": "key_id", "monocloud": "key_id", "mattr": "client_id"}
SOME = {
    "auth0": ["read:users", "update:users"],
    "clerk": ["users:read", "orgs:read"],
    "monocloud": ["users:read", "groups:read"],
    "mattr": ["issuer", "auditor"],
}


def listed(muster: Cli) -> dict[str, dict[str, Any]]:
    return {key["id"]: key for key in muster("key", "list", "--json").json}


@pytest.mark.parametrize("dialect", KINDS)
def test_a_key_of_every_dialect_is_made_listed_and_revoked(muster: Cli, dialect: str) -> None:
    scopes = SOME[dialect]
    written = ", ".join([*scopes, scopes[0]])
    made = muster("key", "create", "nightly sync", "--dialect", dialect, "--scopes", written, "--json").json

    id_, secret = made[IDS[dialect]], made[SECRETS[dialect]]
    assert made == {
        "dialect": dialect,
        IDS[dialect]: id_,
        SECRETS[dialect]: secret,
        "name": "nightly sync",
        "scopes": scopes,
    }
    assert len(secret) >= 40
    key = listed(muster)[id_]
    assert key == {
        "dialect": dialect,
        "id": id_,
        "name": "nightly sync",
        "usable": True,
        "scopes": key["scopes"],
        "created_at": key["created_at"],
    }
    assert sorted(key["scopes"]) == sorted(scopes)
    shown = muster("key", "list").out + muster("key", "list", "--json").out
    assert secret not in shown

    assert muster("key", "revoke", id_).out == f"revoked {id_}\n"
    left = listed(muster).get(id_)
    assert left is None if dialect in ("clerk", "monocloud") else not left["usable"]  # type: ignore[index]
    again = muster("key", "revoke", "nobody")
    assert (again.code, again.err) == (1, "muster: there is no such key\n")


@pytest.mark.parametrize("dialect", KINDS)
def test_all_is_everything_that_there_is(muster: Cli, dialect: str) -> None:
    made = muster("key", "create", "console", "--dialect", dialect, "--scopes", "all", "--json").json
    assert made["scopes"] == list(KINDS[dialect].scopes)
    (row,) = [line for line in muster("key", "list").out.splitlines() if made[IDS[dialect]] in line]
    assert row.split()[:5] == [dialect, made[IDS[dialect]], "console", "yes", "all"]


def test_the_first_keys_are_listed_and_revoked_like_any_other(muster: Cli) -> None:
    muster("tenant", "create", "first-keys")
    first = muster("key", "list", "--tenant", "first-keys", "--json").json
    assert sorted(key["dialect"] for key in first) == sorted(KINDS)
    assert all(key["usable"] for key in first)
    for key in first:
        muster("key", "revoke", key["id"], "--tenant", "first-keys")
    left = muster("key", "list", "--tenant", "first-keys", "--json").json
    assert {key["dialect"]: key["usable"] for key in left} == {"auth0": False, "mattr": False}


def test_one_tenant_s_keys_are_not_another_s(muster: Cli) -> None:
    muster("tenant", "create", "keys-apart")
    for id_ in listed(muster):
        assert muster("key", "revoke", id_, "--tenant", "keys-apart").err == "muster: there is no such key\n"
    assert not listed(muster).keys() & {
        key["id"] for key in muster("key", "list", "--tenant", "keys-apart", "--json").json
    }


@pytest.mark.parametrize("dialect", KINDS)
def test_an_unknown_scope_is_named_beside_those_there_are(muster: Cli, dialect: str) -> None:
    scopes = SOME[dialect]
    answer = muster("key", "create", "sync", "--dialect", dialect, "--scopes", f"{scopes[0]},read:everything")
    assert answer.code == 2
    assert answer.err.startswith(f"muster: No such scope: read:everything. There are: {KINDS[dialect].scopes[0]}, ")


def test_a_dialect_without_keys_says_how_its_programs_sign_in(muster: Cli) -> None:
    answer = muster("key", "create", "agent", "--dialect", "netwrix", "--scopes", "all")
    assert answer.code == 2
    assert answer.err.startswith("muster: netwrix has no keys: its programs sign in with a user's name and password.")
    answer = muster("key", "create", "agent", "--dialect", "okta", "--scopes", "all")
    assert answer.err.startswith("muster: No such dialect: okta. There are: auth0, clerk, monocloud, mattr.")


def test_a_rotation_says_what_signs_from_now_on(muster: Cli) -> None:
    made = muster("key", "rotate", "--purpose", "access", "--alg", "ES256", "--json").json
    assert (made["purpose"], made["algorithm"], len(made["key_id"]), len(made["replaces"])) == (
        "access",
        "ES256",
        22,
        1,
    )
    again = muster("key", "rotate", "--purpose", "access", "--alg", "ES256", "--at-once", "--json").json
    assert again["replaces"] == [*made["replaces"], made["key_id"]]
    assert "identity" in muster("key", "rotate", "--alg", "EdDSA").out
    assert muster("key", "rotate", "--purpose", "ticket").code == 2
    assert muster("key", "rotate", "--tenant", "nobody").code == 1
