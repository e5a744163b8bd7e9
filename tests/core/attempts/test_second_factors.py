"""When a second factor is asked for, which ones, and that nothing goes around it."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from muster.core.actor import SYSTEM
from muster.core.credentials.attempts import CredentialRefused
from muster.core.credentials.second_factors import make_codes
from muster.core.credentials.second_step import require_second_factor
from muster.core.errors import Conflict, Invalid, NotAllowed
from muster.core.sign_in.model import RememberedBrowser
from muster.core.sign_in.view import Offer
from muster.core.tickets.actions import issue_ticket
from muster.core.users.model import Factor, MustChange, User
from tests.core.sign_in import NOW, RIGHT
from tests.core.sign_in_engine import Engine, totp_at

DAY = 86_400_000


async def rule(engine: Engine, second_factor: str, **more: Any) -> None:
    await engine.set_up(lambda s: replace(s, rules=replace(s.rules, second_factor=second_factor, **more)))


async def ticket_for(engine: Engine) -> str:
    async def act(tx: Any) -> str:
        user = await tx.need(User, engine.world.ann)
        return (await issue_ticket(tx, user, "sign_in", lifetime=DAY))[1]

    return str(await engine.world.act(act))


async def test_whoever_has_one_is_asked_for_it_and_a_code_is_taken_once(engine: Engine) -> None:
    secret = await engine.enrol()
    browser = engine.browser()
    view = await browser.by_password()
    assert (view.step, [offer.kind for offer in view.second_factors]) == ("second_factor", ["totp"])
    assert view.may_remember
    with pytest.raises(Conflict, match="not_now"):
        await browser.finish()
    assert await engine.sessions() == []
    assert await browser.refused("second_factor", kind="totp", code="000000") == "wrong_code"
    code = totp_at(secret, engine)
    assert (await browser.take("second_factor", kind="totp", code=code)).step == "done"
    session = (await browser.finish()).session
    assert [(method.name, method.second) for method in session.methods] == [("password", False), ("totp", True)]
    assert session.elevated_at == NOW

    again = engine.browser()
    await again.by_password()
    assert await again.refused("second_factor", kind="totp", code=code) == "wrong_code"
    for kind in ("phone", "email", "backup", "push", ""):
        with pytest.raises(NotAllowed, match="factor_not_offered"):
            await again.take("second_factor", kind=kind, code=code)


async def test_wrong_codes_lock_the_account_whatever_the_password(engine: Engine) -> None:
    await engine.enrol()
    await engine.set_up(lambda s: replace(s, lockout=replace(s.lockout, enabled=False)))
    await engine.change(activity=replace(await engine.world.activity(), failures=98))
    browser = engine.browser()
    for tried in (1, 2):
        browser = engine.browser(f"198.51.100.{tried}")
        await browser.by_password()  # which forgets no failure
        assert (await engine.world.activity()).lock is None
        assert await browser.refused("second_factor", kind="totp", code="000000") == "wrong_code"
    assert await browser.refused("second_factor", kind="totp", code="000000") == "locked"
    stranger = engine.browser()
    await stranger.begin()
    await stranger.take("identify", identifier="ann@example.org")
    assert await stranger.refused("password", password=RIGHT) == "locked"


@pytest.mark.parametrize("second_factor", ["never", "optional", "required"])
async def test_the_tenants_rule(engine: Engine, second_factor: str) -> None:
    await rule(engine, second_factor)
    without = (await engine.browser().by_password()).step
    await engine.enrol()
    with_one = (await engine.browser().by_password()).step
    asked = (await engine.browser().by_password(second_factor=True)).step
    assert (without, with_one, asked) == {
        "never": ("done", "done", "second_factor"),
        "optional": ("done", "second_factor", "second_factor"),
        "required": ("enrol_factor", "second_factor", "second_factor"),
    }[second_factor]
    await engine.change(factors=[])
    await engine.world.on_ann(require_second_factor, required=True)
    assert (await engine.browser().by_password()).step == "enrol_factor"


async def test_one_who_has_none_enrols_an_app_on_the_way(on_both: Engine) -> None:
    await rule(on_both, "required")
    browser = on_both.browser()
    assert (await browser.by_password()).enrolment is None
    with pytest.raises(Conflict, match="nothing_to_confirm"):
        await browser.take("confirm_totp", code="123456")
    view = await browser.take("begin_totp")
    assert view.enrolment is not None
    secret = view.enrolment.secret
    assert secret not in repr(view)
    assert view.enrolment.uri.startswith("otpauth://totp/id.example.org:ann")
    again = await browser.take("begin_totp")
    assert again.enrolment is not None
    assert again.enrolment.secret == secret
    assert await browser.refused("confirm_totp", code="000000") == "wrong_code"
    assert (await browser.take("confirm_totp", code=totp_at(secret, on_both))).step == "done"
    assert (await browser.finish()).session.elevated_at == NOW
    assert (await on_both.browser().by_password()).step == "second_factor"


async def test_codes_by_text_message_and_mail(engine: Engine) -> None:
    await engine.verify()
    phone = Factor(
        id="f1", dev="d1", kind="phone", confirmed=True, target="+4915112345678", channel="sms", created_at=NOW
    )
    mail = Factor(id="f2", dev="d2", kind="email", confirmed=True, default=True, created_at=NOW)
    voice = replace(phone, id="f3", channel="voice")
    push = Factor(id="f4", dev="d4", kind="push", confirmed=True, created_at=NOW)
    await engine.change(factors=[phone, mail, voice, push, replace(mail, id="f5", confirmed=False)])
    browser = engine.browser()
    view = await browser.by_password()
    assert view.second_factors == [Offer("email", "f2", "a•••@example.org"), Offer("phone", "f1", "•••• 5678")]
    for factor_id in ("f3", "f4", "f5", ""):
        with pytest.raises(NotAllowed, match="factor_not_offered"):
            await browser.take("send_second", factor_id=factor_id)
    assert await browser.refused("second_factor", kind="phone", code="123456") == "code_over"
    assert (await browser.take("send_second", factor_id="f1")).sent == "•••• 5678"
    [message] = await engine.messages()
    assert (message.kind, message.to, message.data["purpose"]) == (
        "verification_code",
        "+4915112345678",
        "second_factor",
    )
    code = await engine.last_code()
    # A code for the telephone does not prove the mailbox.
    assert await browser.refused("second_factor", kind="email", code=code) == "wrong_code"
    assert (await browser.take("second_factor", kind="phone", code=code)).step == "done"
    assert [method.name for method in (await browser.finish()).session.methods] == ["password", "phone"]
    use = (await engine.world.activity()).factors["f1"]
    assert (use.at, use.step) == (NOW, None)


async def test_a_mail_is_no_second_factor_after_a_mail(engine: Engine) -> None:
    await engine.verify()
    mail = Factor(id="f2", dev="d2", kind="email", confirmed=True, created_at=NOW)
    await engine.change(factors=[mail])
    browser = engine.browser()
    await browser.begin()
    await browser.take("identify", identifier="ann@example.org")
    await browser.take("send_code", channel="email")
    view = await browser.take("code", code=await engine.last_code())
    assert (view.step, view.second_factors) == ("second_factor", [])
    with pytest.raises(NotAllowed, match="factor_not_offered"):
        await browser.take("send_second", factor_id="f2")
    assert (await browser.take("restart")).step == "identify"


async def test_codes_for_a_rainy_day_are_used_up(engine: Engine) -> None:
    await engine.enrol()
    _, codes = await engine.world.on_ann(make_codes, "backup", actor=SYSTEM)
    browser = engine.browser()
    view = await browser.by_password()
    assert [offer.kind for offer in view.second_factors] == ["totp", "backup"]
    assert await browser.refused("second_factor", kind="totp", code=codes[0]) == "wrong_code"
    assert (await browser.take("second_factor", kind="backup", code=codes[0])).step == "done"
    again = engine.browser()
    await again.by_password()
    assert await again.refused("second_factor", kind="backup", code=codes[0]) == "wrong_code"


async def test_a_remembered_browser_is_not_asked_again_for_a_while(on_both: Engine) -> None:
    secret = await on_both.enrol()
    browser = on_both.browser()
    await browser.by_password()
    await browser.take("second_factor", kind="totp", code=totp_at(secret, on_both), remember="on")
    await browser.finish()
    [remembered] = await on_both.world.store.owned(on_both.world.tenant_id, RememberedBrowser, on_both.world.ann)
    assert (remembered.expires_at, remembered.user_agent) == (NOW + 30 * DAY, "browser")
    browser.token = ""
    assert (await browser.by_password()).step == "done"
    assert (await on_both.browser().by_password()).step == "second_factor"  # any other browser is
    assert (
        await browser.by_password(second_factor=True)
    ).step == "second_factor"  # and so is this one, if an application asks
    await browser.begin()
    assert (await browser.take("ticket", ticket=await ticket_for(on_both))).step == "second_factor"
    await rule(on_both, "optional", remember_browser=0)
    assert (await browser.by_password()).step == "second_factor"
    await rule(on_both, "optional", remember_browser=30 * DAY)
    on_both.world.clock.turn(ms=30 * DAY)
    assert (await browser.by_password()).step == "second_factor"


async def test_nothing_is_remembered_unasked_nor_after_a_new_password(engine: Engine) -> None:
    secret = await engine.enrol()
    browser = engine.browser()
    await browser.by_password()
    await browser.take("second_factor", kind="totp", code=totp_at(secret, engine))
    await browser.finish()
    browser.token = ""
    engine.world.clock.turn(ms=60_000)
    assert (await browser.by_password()).step == "second_factor"
    await browser.take("second_factor", kind="totp", code=totp_at(secret, engine), remember="on")
    await browser.finish()
    await engine.change(must_change=MustChange(by=NOW, why="admin"))
    browser.token = ""
    assert (await browser.by_password()).step == "change_password"
    await browser.take("change_password", password="staple battery")
    # The browser is remembered no more, and this very sign-in is asked for the factor that it was spared.
    assert (await browser.view()).step == "second_factor"


async def test_a_ticket_is_a_first_factor_and_no_more(engine: Engine) -> None:
    secret = await engine.enrol()
    text = await ticket_for(engine)
    browser = engine.browser()
    await browser.begin()
    assert await browser.refused("ticket", ticket="x") == "ticket_over"
    assert (await browser.take("ticket", ticket=text)).step == "second_factor"
    other = engine.browser()
    await other.begin()
    assert await other.refused("ticket", ticket=text) == "ticket_over"
    assert (await browser.take("second_factor", kind="totp", code=totp_at(secret, engine))).step == "done"
    assert [method.name for method in (await browser.finish()).session.methods] == ["ticket", "totp"]


async def test_a_ticket_for_another_realms_user_opens_nothing_here(engine: Engine) -> None:
    text = await ticket_for(engine)
    browser = engine.browser()
    await browser.begin(connection_id="operators")
    assert await browser.refused("ticket", ticket=text) == "ticket_over"
    await browser.begin()
    assert (await browser.take("ticket", ticket=text)).step == "done"  # it was not used up by that
    await engine.change(suspended=True)
    await browser.begin()
    assert await browser.refused("ticket", ticket=await ticket_for(engine)) == "suspended"


async def test_a_first_factor_cannot_be_given_again_in_the_middle(engine: Engine) -> None:
    """Whoever proved to be Ann does not turn into Bob, nor Bob's second factor into Ann's."""
    await engine.enrol()
    await engine.world.add("bob@example.org")
    browser = engine.browser()
    await browser.by_password()
    for action, given in (("identify", {"identifier": "bob@example.org"}), ("password", {"password": RIGHT})):
        with pytest.raises(Conflict, match="not_now"):
            await browser.take(action, **given)
    await browser.take("restart")
    await browser.take("identify", identifier="bob@example.org")
    assert (await browser.take("password", password=RIGHT)).step == "done"
    assert (await browser.finish()).session.user_id != engine.world.ann


async def test_a_new_password_comes_after_the_second_factor(engine: Engine) -> None:
    secret = await engine.enrol()
    await engine.change(must_change=MustChange(by=NOW, why="temporary"))
    browser = engine.browser()
    assert (await browser.by_password()).step == "second_factor"
    with pytest.raises(Conflict, match="not_now"):
        await browser.take("change_password", password="staple battery")
    assert (await browser.take("second_factor", kind="totp", code=totp_at(secret, engine))).step == "change_password"
    with pytest.raises(Invalid, match="password_policy"):
        await browser.take("change_password", password="ann")
    assert (await browser.take("change_password", password="staple battery")).step == "done"


async def test_a_user_who_is_gone_ends_the_attempt(engine: Engine) -> None:
    await engine.enrol()
    browser = engine.browser()
    await browser.by_password()

    async def delete(tx: Any) -> None:
        tx.delete(await tx.need(User, engine.world.ann))

    await engine.world.act(delete)
    with pytest.raises(CredentialRefused, match="attempt_over"):
        await browser.view()
    assert await browser.refused("second_factor", kind="totp", code="1") == "attempt_over"
