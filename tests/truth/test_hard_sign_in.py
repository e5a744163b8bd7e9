"""The hard case of signing in: with an address that nobody has proved."""

import pytest
from msgspec.structs import replace

from muster.core.connections.model import DEFAULT_NAME, Connection
from muster.core.records import Key
from muster.core.transaction import Transaction
from tests.signin.html_page import Page
from tests.truth.hard_cases import PASSWORD, Five, email

pytest_plugins = ("tests.truth.shared_house",)
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_h04_an_unproved_address_signs_in_as_the_realm_says(five: Five) -> None:
    """By default an unproved address that is shown signs in with a password, whichever API it came through; where the realm trusts
    only reserved addresses, or none, it does not until somebody has proved it. A code never goes by an unproved address.
    """
    in_auth0, in_clerk = email(), email()
    person = await five.born_in_auth0(email=in_auth0)
    other = await five.born_in_clerk(email_address=[in_clerk], password=PASSWORD)
    address = (await other.in_clerk())["email_addresses"][0]["id"]
    await five.clerk("PATCH", f"/email_addresses/{address}", {"verified": False})
    try:
        assert [await _signs_in(five, name) for name in (in_auth0, in_clerk)] == [True, True]
        for rule in ("reserved", "never"):
            await five.house.act("default", _trust, rule)
            assert [await _signs_in(five, name) for name in (in_auth0, in_clerk)] == [False, False]
        await person.patch_auth0(email_verified=True)
        await five.clerk("PATCH", f"/email_addresses/{address}", {"verified": True})
        assert [await _signs_in(five, name) for name in (in_auth0, in_clerk)] == [True, True]
    finally:
        await five.house.act("default", _trust, "primary")


async def _trust(tx: Transaction, rule: str) -> None:
    realm = await tx.find(Connection, Key("", "connection_name", DEFAULT_NAME))
    assert realm is not None
    tx.save(replace(realm, unverified_sign_in=rule))


async def _signs_in(five: Five, identifier: str) -> bool:
    """Whether the pages let somebody in with this name and the right password."""
    async with five.house.anonymous() as http:
        answer = await http.get("/account", follow_redirects=True)
        for action, typed in (("/identify", {"identifier": identifier}), ("/password", {"password": PASSWORD})):
            form = next(form for form in Page(answer.text).forms if form["action"].endswith(action))
            answer = await http.post(form["action"], data={**form.fields, **typed}, follow_redirects=True)
        return answer.url.path == "/account"
