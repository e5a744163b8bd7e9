"""Where an attempt begins: whose users may sign in, and by which other ways."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.credentials.attempts import CredentialRefused
from muster.core.errors import NotFound
from muster.core.external.config import OpenIdProvider
from muster.core.sign_in.engine import Beginning
from muster.core.sign_in.view import Elsewhere
from tests.core.sign_in import NOW, REALM
from tests.core.sign_in_engine import APP, Engine


async def connect(engine: Engine, id_: str, **members: Any) -> None:
    await engine.add(Connection(id=id_, name=id_.title(), created_at=NOW, updated_at=NOW, version=1, **members))


async def enable(engine: Engine, id_: str, *apps: str) -> None:
    async def act(tx: Any) -> None:
        tx.save(replace(await tx.need(Connection, id_), enabled_apps=list(apps)))

    await engine.world.act(act)


async def test_the_realm_is_the_named_one_or_the_applications_or_the_default(engine: Engine) -> None:
    browser = engine.browser()
    await connect(engine, "branch")
    await connect(engine, "closed", disabled=True)
    assert (await browser.begin()).attempt.realm == REALM
    assert (await browser.begin(connection_id="branch")).attempt.realm == "branch"
    await enable(engine, "branch", APP)
    assert (await browser.begin()).attempt.realm == "branch"
    await enable(engine, REALM, APP)
    assert (await browser.begin()).attempt.realm == REALM
    await enable(engine, REALM, "other")
    assert (await browser.begin(app_id="")).attempt.realm == REALM
    for gone in ("closed", "nowhere"):
        with pytest.raises(NotFound, match="connection"):
            await browser.begin(connection_id=gone)


async def test_identity_providers_are_offered_to_the_applications_that_may_use_them(engine: Engine) -> None:
    provider = OpenIdProvider(provider="oidc", client_id="c", issuer="https://login.example.com")
    shop = {"kind": "social", "provider": provider, "enabled_apps": [APP]}
    await connect(engine, "maps", display_name="Maps Inc", **shop)
    await connect(engine, "work", **{**shop, "kind": "enterprise"})
    await connect(engine, "off", disabled=True, **shop)
    await connect(engine, "bare", **{**shop, "provider": None})
    await connect(engine, "others", **{**shop, "enabled_apps": ["other"]})
    await connect(engine, "every", **{**shop, "enabled_apps": [], "provider": replace(provider, every_app=True)})
    browser = engine.browser()
    await browser.begin()
    offered = (await browser.view()).connections
    assert sorted(offered) == [
        Elsewhere("every", "Every", "social"),
        Elsewhere("maps", "Maps Inc", "social"),
        Elsewhere("work", "Work", "enterprise"),
    ]
    await browser.begin(app_id="")
    assert sorted(each.id for each in (await browser.view()).connections) == ["every", "maps", "others", "work"]
    await browser.begin(connection_id="maps")
    view = await browser.view()
    assert (view.first_factors, [each.id for each in view.connections], view.may_sign_up) == ([], ["maps"], False)


async def test_codes_as_a_connection_of_their_own_are_the_realms(engine: Engine) -> None:
    await engine.verify()
    await connect(engine, "email", kind="passwordless")
    browser = engine.browser()
    begun = await browser.begin(connection_id="email")
    assert (begun.attempt.realm, begun.attempt.asked.connection_id) == (REALM, None)
    await browser.take("identify", identifier="ann@example.org")
    await browser.take("send_code", channel="email")
    assert (await browser.take("code", code=await engine.last_code())).step == "done"


async def test_a_browser_keeps_its_secret_and_gets_one_if_it_has_none_of_ours(engine: Engine) -> None:
    browser = engine.browser()
    first = await browser.begin()
    second = await browser.begin()
    assert first.browser == second.browser
    assert first.attempt.id != second.attempt.id
    assert first.browser not in repr(first)
    stored = await engine.attempt(first.attempt.id)
    assert stored is not None
    assert first.browser not in str(stored)
    for planted in ("", "short", "x" * 44, "é" * 43):
        begun = await engine.sign_in.begin(browser.tenant_id, Beginning(), planted, browser.context)
        assert begun.browser != planted


async def test_an_attempt_whose_realm_is_gone_is_over(engine: Engine) -> None:
    await connect(engine, "branch")
    browser = engine.browser()
    await browser.begin(connection_id="branch")

    async def delete(tx: Any) -> None:
        tx.delete(await tx.need(Connection, "branch"))

    await engine.world.act(delete)
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await browser.view()
