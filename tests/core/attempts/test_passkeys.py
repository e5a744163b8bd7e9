"""Signing in with a passkey at the engine: real signatures, by an authenticator in software."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.account.passkeys import OwnPasskeys
from muster.core.credentials.second_step import require_second_factor
from muster.core.errors import Conflict, NotAllowed
from muster.core.events import Context
from muster.core.passkeys.model import relying_party
from muster.core.sign_in.engine import Beginning
from muster.crypto.passkeys import WebAuthn
from tests.authenticator import Authenticator
from tests.core.sign_in_engine import ORIGIN, Browser, Engine


@pytest.fixture
async def engine(engine: Engine) -> Engine:
    """Ann's address is proved."""
    await engine.verify()
    return engine


async def enrolled(engine: Engine) -> Authenticator:
    """Ann's device with a passkey of hers."""
    session = (await engine.browser().sign_in_whole()).session
    party = relying_party(ORIGIN, "")
    assert party is not None
    own, user, tenant_id = (
        OwnPasskeys(engine.world.runner, WebAuthn()),
        await engine.world.user(),
        engine.world.tenant_id,
    )
    device = Authenticator(ORIGIN)
    answer = device.create(await own.begin(tenant_id, user, session.id, party, Context()))
    await own.add(tenant_id, user, session.id, party, answer, "Laptop", Context())
    return device


async def options(browser: Browser) -> dict[str, Any]:
    return await browser.sign_in.passkey_options(browser.tenant_id, browser.attempt_id, browser.secret)


async def test_a_passkey_needs_no_name_and_no_second_factor(engine: Engine) -> None:
    device = await enrolled(engine)
    await engine.enrol()
    await engine.set_up(lambda s: replace(s, rules=replace(s.rules, second_factor="required")))
    browser = engine.browser()
    await browser.begin()
    view = await browser.take("passkey", credential=device.get(await options(browser)))
    assert (view.step, view.attempt.user_id) == ("done", engine.world.ann)
    assert [method.name for method in (await browser.finish()).session.methods] == ["passkey"]
    await browser.begin()
    with pytest.raises(Conflict, match="not_now"):
        await options(browser)  # who is signed in is asked for none
    await engine.world.on_ann(require_second_factor, required=True)
    other = engine.browser()
    await other.begin()
    assert (await other.take("passkey", credential=device.get(await options(other)))).step == "second_factor"


async def test_one_that_saw_nobodys_finger_is_one_factor(engine: Engine) -> None:
    device = await enrolled(engine)
    await engine.enrol()
    browser = engine.browser()
    await browser.begin()
    view = await browser.take("passkey", credential=device.get(await options(browser), verified=False))
    assert (view.step, [method.name for method in view.attempt.methods]) == ("second_factor", ["security_key"])


async def test_an_answer_is_good_once_in_its_attempt_and_its_browser(engine: Engine) -> None:
    device = await enrolled(engine)
    browser = engine.browser()
    await browser.begin()
    assert await browser.refused("passkey", credential="{}") == "wrong_passkey"  # nothing was asked
    answer = device.get(await options(browser))
    thief = engine.browser()
    await thief.begin()
    await options(thief)
    assert await thief.refused("passkey", credential=answer) == "wrong_passkey"
    assert (
        await thief.refused("passkey", credential=device.get({"challenge": "", "rpId": "id.example.org"}))
        == "wrong_passkey"
    )
    foreign = device.get(await options(browser), origin="https://evil.example")
    assert await browser.refused("passkey", credential=foreign) == "wrong_passkey"
    assert await browser.refused("passkey", credential=answer) == "wrong_passkey"  # its challenge went with another
    for text in ("", "nonsense", '{"id": 1}', "\ud800"):
        await options(browser)
        assert await browser.refused("passkey", credential=text) == "wrong_passkey"


async def test_a_passkey_of_another_realm_is_not_taken(engine: Engine) -> None:
    device = await enrolled(engine)
    browser = engine.browser()
    await browser.begin(connection_id="operators")
    assert await browser.refused("passkey", credential=device.get(await options(browser))) == "wrong_passkey"


async def test_where_browsers_know_no_passkeys_none_is_offered(engine: Engine) -> None:
    browser = engine.browser()
    begun = await engine.sign_in.begin(browser.tenant_id, Beginning(origin="https://127.0.0.1:8443"), "", Context())
    browser.secret, browser.attempt_id = begun.browser, begun.attempt.id
    assert "passkey" not in (await browser.view()).first_factors
    with pytest.raises(NotAllowed, match="factor_not_offered"):
        await options(browser)
