"""Passkeys with Chromium's virtual authenticator: added in the account, and used to come in without a password."""

from __future__ import annotations

import pytest

from tests.process import Muster
from tests.relying_parties.applications import PASSWORD, new_user
from tests.relying_parties.person import Person

pytestmark = pytest.mark.slow

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


async def test_a_passkey_is_added_and_opens_the_account(house: Muster, person: Person) -> None:
    email = new_user(house)
    page = person.page
    devices = await page.context.new_cdp_session(page)
    await devices.send("WebAuthn.enable")
    authenticator = (await devices.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR}))[
        "authenticatorId"
    ]

    async def kept() -> int:
        found = await devices.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})
        return len(found["credentials"])

    await person.goes_to("/account/security")
    await person.signs_in(email, PASSWORD)
    await page.wait_for_url("**/account/security")
    await person.submits("/account/passkey")
    await page.locator("form[data-passkey=create] button").click()
    await page.wait_for_url("**/account/security*")
    assert await kept() == 1

    # Chromium offers it below the field without being asked, and this authenticator agrees at once.
    await page.context.clear_cookies()
    await person.goes_to("/account")
    await page.wait_for_url("**/account")
    assert email in await person.reads()

    # A browser that offers nothing by itself has the button.
    await page.add_init_script("PublicKeyCredential.isConditionalMediationAvailable = async () => false")
    await page.context.clear_cookies()
    await person.goes_to("/account")
    await page.locator("form[data-passkey] button").click()
    await page.wait_for_url("**/account")
    assert email in await person.reads()

    # The device forgets it: nobody comes in, and nothing else is said than that it did not work.
    await devices.send("WebAuthn.clearCredentials", {"authenticatorId": authenticator})
    await page.context.clear_cookies()
    await person.goes_to("/account")
    await page.locator("form[data-passkey] button").click()
    await page.locator("form[data-passkey] [role=alert]:visible").wait_for()
