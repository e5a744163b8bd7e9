from __future__ import annotations

import pytest

from tests.cli.conftest import Cli

URI = "https://shop.example.com/callback"


def test_an_application_is_made_listed_shown_and_deleted(muster: Cli) -> None:
    made = muster(
        "app",
        "create",
        "My shop",
        "--redirect-uri",
        URI,
        "--logout-uri",
        "https://shop.example.com/",
        "--third-party",
        "--json",
    ).json
    secret = made.pop("client_secret")
    assert len(secret) == 64
    assert made == {
        "client_id": made["client_id"],
        "issuer": made["issuer"],
        "name": "My shop",
        "first_party": False,
        "authentication": "client_secret",
        "signing_alg": "RS256",
        "grant_types": ["authorization_code", "refresh_token"],
        "redirect_uris": [URI],
        "logout_uris": ["https://shop.example.com/"],
        "backchannel_logout_uri": None,
        "created_at": made["created_at"],
    }
    assert made["issuer"] == muster("credentials", "--json").json["issuer"]
    shown = muster("app", "show", made["client_id"], "--json").json
    assert shown == made
    listed = muster("app", "list", "--json")
    assert {name: value for name, value in made.items() if name != "issuer"} in listed.json
    assert secret not in listed.out + muster("app", "list").out + muster("app", "show", made["client_id"]).out
    assert muster("app", "delete", made["client_id"]).out == f"deleted {made['client_id']}\n"
    again = muster("app", "delete", made["client_id"])
    assert (again.code, again.err) == (1, "muster: there is no such application\n")


def test_who_can_keep_no_secret_gets_none(muster: Cli) -> None:
    made = muster("app", "create", "My app", "--type", "native", "--redirect-uri", "com.example.app:/cb", "--json").json
    assert (made["client_secret"], made["authentication"]) == (None, "none")


def test_how_its_tokens_are_signed(muster: Cli) -> None:
    for alg in ("RS256", "ES256", "EdDSA"):
        made = muster("app", "create", "A job", "--type", "machine", "--signing-alg", alg, "--json").json
        assert made["signing_alg"] == alg


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--redirect-uri", "http://shop.example.com/cb"), "is plain http to another machine"),
        (("--redirect-uri", f"{URI}#x"), "has a fragment (#…)"),
        (("--redirect-uri", "shop.example.com"), "is no absolute URI"),
        (("--redirect-uri", "javascript:alert(1)"), "has a scheme that browsers run"),
        ((), "--redirect-uri"),
        (("--type", "machine", "--redirect-uri", URI), "A machine signs nobody in"),
        (("--type", "toaster"), "'toaster' is not one of"),
    ],
)
def test_what_is_refused_and_why(muster: Cli, arguments: tuple[str, ...], text: str) -> None:
    refused = muster("app", "create", "x", *arguments)
    assert refused.code == 2
    assert text in refused.err
