"""The user id and the first identity of somebody who was born of an identity elsewhere."""

from __future__ import annotations

from typing import Literal

import pytest

from muster.core.connections.model import Connection
from muster.core.external.model import ExternalIdentity
from muster.core.external.people import new_link
from muster.core.ids import new_user_id
from muster.core.users.model import Origin, User
from muster.dialects.auth0.wire.births import birth_ids
from muster.dialects.auth0.wire.users import show_user

NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("kind", "provider", "user_id"),
    [
        ("social", "google", "google-oauth2|s|1"),
        ("social", "github", "github|s|1"),
        ("social", "oidc", "oidc|s|1"),
        ("enterprise", "oidc", "oidc|partner|s|1"),
        ("enterprise", "saml", "samlp|partner|s|1"),
        ("enterprise", "entra", "waad|partner|s|1"),
    ],
)
def test_the_id_equals_the_first_identity(kind: Literal["social", "enterprise"], provider: str, user_id: str) -> None:
    connection = Connection(id="c", name="partner", kind=kind)
    identity = ExternalIdentity(connection_id="c", provider=provider, subject="s|1", profile={"email": "a@example.org"})
    user = User(
        id=new_user_id(NOW),
        realm="r",
        origin=Origin(door="muster", via="external"),
        foreign_ids=birth_ids(connection, identity),
        links=[new_link(connection, identity, "l", None, NOW)],
        created_at=NOW,
        updated_at=NOW,
    )
    shown = show_user(user, {"c": connection})
    name, _, own = user_id.partition("|")
    assert (shown["user_id"], shown["email"], shown["email_verified"]) == (user_id, "a@example.org", False)
    assert shown["identities"] == [
        {"connection": "partner", "user_id": own, "provider": name, "isSocial": kind == "social"}
    ]


def test_an_id_that_would_be_too_long_is_none() -> None:
    connection = Connection(id="c", name="partner", kind="social")
    identity = ExternalIdentity(connection_id="c", provider="oidc", subject="s" * 300)
    assert birth_ids(connection, identity) == []
