"""/account/addresses: nobody has an address by typing it, and nobody learns whose it is."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from muster.core.users.model import Address
from tests.core.people import kinds_sent, last_code, proved
from tests.signin.account_house import EMAIL, AccountHouse, opened_account_house

NEW = "new@example.org"
SENT = ["If it can be added, we have sent a code there. Enter it below."]


@pytest.fixture
async def house(migrated_url: str) -> AsyncIterator[AccountHouse]:
    async with opened_account_house(migrated_url) as house:
        yield house


async def addresses(house: AccountHouse, user_id: str) -> list[tuple[str, bool, bool]]:
    user = await house.user(user_id)
    return [(each.value, each.verified, each.primary) for each in (*user.emails, *user.phones)]


async def test_an_address_is_added_by_its_code_made_primary_and_removed(house: AccountHouse) -> None:
    browser, started = await house.somebody()
    user_id = started.session.user_id
    page = await browser.open("/account/addresses")
    page = await browser.send(page.form("/account/address-add", kind="email"), identifier="  New@Example.ORG ")
    assert page.told == SENT
    assert f"A code is on its way to {NEW}" in page.text
    assert await addresses(house, user_id) == [(EMAIL, True, True)]
    prove = page.form("/account/address-prove")
    assert page.focused == f"code-{prove.fields['id']}"

    page = await browser.send(prove, code="000000")
    assert (page.status, page.told) == (400, ["This code is not right. Check it and try again."])
    page = await browser.send(prove, code=await last_code(house.world, NEW))
    assert page.told == ["The address is proved and yours."]
    page = await browser.send(page.form("/account/address-primary"))
    assert await addresses(house, user_id) == [(NEW, True, True), (EMAIL, True, False)]
    page = await browser.send(page.form("/account/address-remove", id=(await house.user(user_id)).emails[1].id))
    assert await addresses(house, user_id) == [(NEW, True, True)]
    page = await browser.send(page.form("/account/address-add", kind="phone"), identifier="+43 660 1234567")
    page = await browser.send(page.form("/account/address-prove"), code=await last_code(house.world, "+436601234567"))
    assert await addresses(house, user_id) == [(NEW, True, True), ("+436601234567", True, True)]
    told = await kinds_sent(house.world)
    assert ("address_added", EMAIL) in told
    assert ("address_changed", EMAIL) in told
    assert ("address_removed", EMAIL) in told
    # Whoever replays the form that proved it finds nothing.
    assert (await browser.send(prove, code="000000")).status == 404


async def test_whose_an_address_is_nobody_is_told(house: AccountHouse) -> None:
    await house.somebody("bob@example.org")
    browser, _ = await house.somebody()
    seen = []
    for wanted in ("bob@example.org", "not@example.org"):
        page = await browser.open("/account/addresses")
        page = await browser.send(page.form("/account/address-add", kind="email"), identifier=wanted)
        assert page.status == 200
        seen.append(page.text.replace(wanted, "ADDRESS"))
        cancelled = await browser.send(page.form("/account/address-cancel"))
        assert cancelled.told == ["Cancelled. Nothing was added."]
    assert seen[0] == seen[1]
    assert ("address_in_use", "bob@example.org") in await kinds_sent(house.world)


async def test_what_cannot_be_added_is_said_at_the_field(house: AccountHouse) -> None:
    browser, _ = await house.somebody()
    form = (await browser.open("/account/addresses")).form("/account/address-add", kind="email")
    page = await browser.send(form, identifier="no address")
    assert (page.status, page.focused, page.input("identifier")["value"]) == (422, "new-email", "no address")
    page = await browser.send(form, identifier=EMAIL)
    assert (page.status, page.told) == (422, ["You have this already."])
    page = await browser.send(form, kind="wallet", identifier="x")
    assert page.status == 404
    page = await browser.send(form, identifier=NEW)
    page = await browser.send(form, identifier=NEW)
    assert page.status == 429
    assert page.told == ["A code was sent just now. You can ask for another one in 30 seconds."]


async def test_an_own_address_without_proof_and_the_last_proved_one(house: AccountHouse) -> None:
    open_one = proved("open@example.org", primary=False, verified=False, verified_at=None)
    browser, started = await house.somebody(emails=[proved(EMAIL), open_one])
    page = await browser.open("/account/addresses")
    mine = (await house.user(started.session.user_id)).emails[0]
    refused = await browser.send(page.form("/account/address-remove", id=mine.id))
    assert refused.status == 409
    assert refused.told[0].startswith("This is your last proved address")
    page = await browser.send(page.form("/account/address-add", identifier="open@example.org"))
    page = await browser.send(
        page.form("/account/address-prove"), code=await last_code(house.world, "open@example.org")
    )
    assert [each.verified for each in (await house.user(started.session.user_id)).emails] == [True, True]


async def test_an_address_that_somebody_holds_without_proof_is_taken_over_knowingly(house: AccountHouse) -> None:
    held: Address = proved("held@example.org", verified=False, verified_at=None)
    squatter = await house.world.add("held@example.org", emails=[held])
    browser, started = await house.somebody()
    page = await browser.open("/account/addresses")
    page = await browser.send(page.form("/account/address-add", kind="email"), identifier="held@example.org")
    prove, code = page.form("/account/address-prove"), await last_code(house.world, "held@example.org")
    page = await browser.send(prove, code=code)
    assert page.status == 409
    assert "Take the address over" in page.text
    assert (await house.user(squatter)).emails == [held]
    page = await browser.send(prove, code=code, release="yes")
    assert page.told == ["The address is proved and yours."]
    assert ("held@example.org", True, False) in await addresses(house, started.session.user_id)
    assert (await house.user(squatter)).emails == []
