"""/account/data and /account/delete: all of it and nothing else, and then nothing at all."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.apps.model import Application
from muster.core.events import Context
from muster.core.sessions.grants import issue_grant
from muster.core.sessions.model import Grant, Session
from muster.core.users.actions import set_metadata
from muster.core.users.model import Allow, Code, Factor, Link, Metadata, Passkey, User
from tests.core.people import keep
from tests.core.sign_in import NOW, QUICK_HASH
from tests.signin.account_house import EMAIL, AccountHouse, opened_account_house

SECRETS = ("SEALED", "TOKENS", "HASH", "KEYMATERIAL", "INTERNAL", QUICK_HASH)


@pytest.fixture
async def house(migrated_url: str) -> AsyncIterator[AccountHouse]:
    async with opened_account_house(migrated_url) as house:
        yield house


async def test_everything_about_a_person_and_no_secret(house: AccountHouse) -> None:
    browser, started = await house.somebody(
        metadata=Metadata.of(public={"plan": "gold"}, private={"note": "INTERNAL"}, unsafe={"colour": "blue"}),
        factors=[Factor(id="f", dev="d", kind="totp", confirmed=True, secret="SEALED", created_at=NOW)],
        codes=[Code(kind="backup", hash="HASH")],
        passkeys=[Passkey(id="p", dev="d", credential_id="c", public_key="KEYMATERIAL", name="Phone", created_at=NOW)],
        links=[
            Link(
                id="l",
                kind="social",
                connection_id="c",
                provider="elsewhere",
                subject="77",
                profile={"nickname": "evie"},
                tokens="TOKENS",
                created_at=NOW,
                updated_at=NOW,
            )
        ],
        claims={"licence": "B"},
        vendor={"muster": {"kept": "INTERNAL"}},
    )
    world, user_id = house.world, started.session.user_id
    await keep(world, Application(id="ledger", name="Ledger", created_at=NOW))

    async def grant(tx: Any) -> None:
        user = await tx.need(User, user_id)
        await issue_grant(tx, user, Grant(id="", user_id="", kind="refresh_token", app_id="ledger", scopes=["openid"]))

    async def told(tx: Any) -> None:
        await set_metadata(tx, await tx.need(User, user_id), "public", {"plan": "silver"}, "replace")

    await world.act(grant)
    # An operator's own address is theirs, whatever they did.
    await world.runner.run_from(Context(ip="203.0.113.9", user_agent="OPERATOR"), world.tenant_id, SYSTEM, told)

    page = await browser.open("/account/data")
    found = await browser.send(page.form("/account/data-download"))
    assert found.answer.headers["content-disposition"] == 'attachment; filename="account.json"'
    assert found.answer.headers["cache-control"] == "no-store"
    text = found.answer.text
    for secret in (*SECRETS, started.token, started.session.token_hash, "203.0.113.9", "OPERATOR"):
        assert secret not in text
    data = json.loads(text)
    assert data["user"]["id"] == user_id
    assert [each["value"] for each in data["user"]["emails"]] == [EMAIL]
    assert data["user"]["claims"] == {"licence": "B"}
    assert data["metadata"] == {"public": {"plan": "silver"}, "unsafe": {"colour": "blue"}}
    assert data["security"]["passkeys"][0]["name"] == "Phone"
    assert data["security"]["unused_codes"] == 1
    assert data["identities"][0]["profile"] == {"nickname": "evie"}
    assert [each["id"] for each in data["sessions"]] == [started.session.id]
    assert [(each["app"], each["scopes"]) for each in data["grants"]] == [("Ledger", ["openid"])]
    assert {each["kind"] for each in data["events"]} >= {"sign_in.succeeded", "session.started", "user.updated"}
    assert data["events_complete"] is True


async def test_the_account_is_deleted_by_the_word(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    other, _ = await house.somebody("bob@example.org")
    world, user_id = house.world, started.session.user_id
    form = (await browser.open("/account/delete")).form("/account/delete")
    page = await browser.send(form, word="yes")
    assert (page.status, page.told) == (422, ["Please type the word exactly as it is shown."])
    assert await world.store.get(world.tenant_id, User, user_id) is not None
    page = await browser.send(form, word=" delete ")
    assert (page.status, page.path) == (200, "/account/deleted")
    assert "__Host-muster_session" not in browser.client.cookies
    assert await world.store.get(world.tenant_id, User, user_id) is None
    assert await world.store.owned(world.tenant_id, Session, user_id) == []
    assert (await house.signed_in(started).open("/account")).path.startswith("/sign-in")
    events = await world.store.events.of_user(world.tenant_id, user_id)
    assert next(each for each in events if each.kind == "user.deleted").actor_id == user_id
    # The other one is as before, and has no business with that farewell.
    assert (await other.open("/account/deleted")).path == "/account"


async def test_who_may_not_delete_is_not_offered_to(house: AccountHouse) -> None:
    browser, started = await house.somebody(allow=replace(Allow(), delete_self=False))
    assert "/account/delete" not in [each.get("href") for each in (await browser.open("/account/data")).all("a")]
    page = await browser.open("/account/delete")
    assert "cannot be deleted here" in page.text
    csrf = page.form("/account/sign-out").fields["csrf"]
    answer = await browser.post("/account/delete", {"csrf": csrf, "word": "DELETE"})
    assert answer.status_code == 403
    assert await house.world.store.get(house.world.tenant_id, User, started.session.user_id) is not None
