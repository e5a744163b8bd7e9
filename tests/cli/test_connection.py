from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Cli
from tests.outside.provider import SECRET
from tests.outside.saml_idp import IdentityProvider


@pytest.fixture
def secret(tmp_path: Path) -> str:
    file = tmp_path / "secret"
    file.write_text(f"{SECRET}\n")
    return str(file)


def listed(muster: Cli) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in muster("connection", "list", "--json").json}


def test_a_provider_is_added_listed_and_removed(muster: Cli, secret: str) -> None:
    added: Any = muster(
        "connection", "add", "google", "staff", "--client-id", "me", "--client-secret-file", secret, "--json"
    )
    made = added.json
    assert made == {
        "id": made["id"],
        "name": "staff",
        "provider": "google",
        "callback": f"https://127.0.0.1:8443/sign-in/callback/{made['id']}",
    }
    shown = {"id": made["id"], "name": "staff", "kind": "social", "provider": "google", "usable": "yes", "apps": "all"}
    assert listed(muster)["staff"] == shown
    assert SECRET not in added.out + muster("connection", "list").out
    again = muster("connection", "add", "github", "staff", "--client-id", "me", "--client-secret-file", secret)
    assert (again.code, again.err) == (1, "muster: there is a connection staff already\n")
    assert muster("connection", "remove", "staff").out == "removed staff\n"
    assert "staff" not in listed(muster)
    assert muster("connection", "remove", "staff").code == 1
    assert muster("connection", "remove", "Username-Password-Authentication").code == 1


def test_every_kind_says_what_it_needs(muster: Cli, secret: str, tmp_path: Path) -> None:
    key = tmp_path / "key.p8"
    key.write_text("PEM")
    whole = {
        "apple": ["--team-id", "T", "--key-id", "K", "--private-key", str(key)],
        "github": ["--host", "git.example.com"],
        "microsoft": ["--organisation", "11111111-2222-3333-4444-555555555555"],
        "oidc": ["--issuer", "https://id.example.com", "--trust-email", "--scopes", "openid,email"],
        "oauth2": [
            *("--authorization-url", "https://a.example.com", "--token-url", "https://t.example.com"),
            *("--userinfo-url", "https://u.example.com", "--member", "sub=id"),
        ],
    }
    for kind, options in whole.items():
        given = ["--client-id", "me", *(["--client-secret-file", secret] if kind != "apple" else []), *options]
        assert muster("connection", "add", kind, f"to-{kind}", *given).code == 0
    assert {name: row["provider"] for name, row in listed(muster).items() if name.startswith("to-")} == {
        f"to-{kind}": kind for kind in whole
    }
    refused = muster("connection", "add", "oidc", "other", "--client-id", "me")
    assert (refused.code, refused.err) == (
        2,
        "muster: oidc needs --issuer. See muster connection add --help\n",
    )
    wrong = ["--client-id", "me", "--client-secret-file", secret, *whole["oauth2"][:-1], "nothing"]
    assert muster("connection", "add", "oauth2", "other", *wrong).code == 2


def test_saml_takes_metadata_that_is_an_identity_providers(muster: Cli, tmp_path: Path) -> None:
    file = tmp_path / "metadata.xml"
    file.write_text(IdentityProvider(tmp_path).metadata())
    made = muster("connection", "add", "saml", "partner", "--metadata", str(file), "--json").json
    place = f"https://127.0.0.1:8443/sign-in/saml/{made['id']}"
    assert made == {
        "id": made["id"],
        "name": "partner",
        "provider": "saml",
        "metadata": f"{place}/metadata",
        "entity_id": f"{place}/metadata",
        "acs": f"{place}/acs",
    }
    file.write_text(json.dumps({}))
    refused = muster("connection", "add", "saml", "other", "--metadata", str(file))
    assert refused.code == 2
    assert "is no metadata of one SAML 2.0 identity provider" in refused.err
    assert muster("connection", "add", "saml", "other", "--metadata", str(tmp_path / "none")).code == 2
    inner = muster("connection", "add", "saml", "other", "--metadata", "http://127.0.0.1:1/metadata")
    assert "--outbound-allow" in inner.err
