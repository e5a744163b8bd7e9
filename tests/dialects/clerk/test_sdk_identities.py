"""Identities at other providers as the vendor's own Python client reads them; no call of this API makes them.

So this one test is in the server's own process, where it can put them beside the user.
"""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from clerk_backend_api import Clerk as Client
from clerk_backend_api.models import ClerkErrors
from msgspec.structs import replace

from muster.core.ids import new_id
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.core.users.model import Address, Link, Passkey, Verification
from muster.core.users.sealed import tokens_purpose
from muster.dialects.clerk.wire.ids import read_user_id
from tests.dialects.clerk.service import NOW, PUBLIC_URL, SECRETS, Clerk

pytestmark = pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")  # the client's own


async def test_identities_elsewhere(clerk: Clerk) -> None:
    """As the client reads them: a social account in its own shape, one in the common shape, and enterprise ones."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=clerk)) as http:
        await look(clerk, Client(bearer_auth=clerk.secret_key, server_url=f"{PUBLIC_URL}v1", async_client=http))


async def look(clerk: Clerk, sdk: Client) -> None:
    user = await sdk.users.create_async(email_address=["ann@example.com"])
    ids = [new_id(NOW + number) for number in range(4)]
    tokens = SECRETS.seal(b'{"access_token":"token-of-google","expires_at":1}', purpose=tokens_purpose(ids[0]))

    def link(number: int, kind: Any, provider: str, **more: Any) -> Link:
        return Link(
            id=ids[number],
            kind=kind,
            connection_id=f"connection-{number}",
            provider=provider,
            subject=f"subject-{number}",
            created_at=NOW,
            updated_at=NOW,
            **more,
        )

    links = [
        link(0, "social", "google", tokens=tokens, scopes=["email"], profile={"email": "a@x.yz", "given_name": "A"}),
        link(1, "social", "github"),
        link(2, "enterprise", "okta"),
        link(3, "enterprise", "oidc"),
    ]

    async def act(tx: Transaction) -> None:
        found = await find_user(tx, read_user_id(user.id))
        emails = [replace(address, links=[ids[0]]) for address in found.emails]
        passkey = Passkey(id=ids[3], dev="d" * 16, credential_id="c", public_key="k", created_at=NOW)
        wallet = Address(
            id=ids[2],
            value="0x" + "ab" * 20,
            primary=True,
            verified=True,
            verification=Verification(method="web3"),
            created_at=NOW,
            updated_at=NOW,
        )
        tx.save(replace(found, links=links, emails=emails, passkeys=[passkey], wallets=[wallet]))

    await clerk.act(act)
    shown = await sdk.users.get_async(user_id=user.id)
    assert [(each.object, each.provider) for each in shown.external_accounts] == [
        ("google_account", "oauth_google"),
        ("external_account", "oauth_github"),
    ]
    assert [each.provider for each in shown.saml_accounts] == ["saml_okta"]
    assert [(each.provider, each.protocol) for each in shown.enterprise_accounts] == [
        ("saml_okta", "saml"),
        ("oauth_custom_oidc", "oauth"),
    ]
    assert shown.email_addresses[0].linked_to[0].type == "oauth_google"
    assert [each.last_used_at for each in shown.passkeys] == [NOW]
    assert [each.web3_wallet for each in shown.web3_wallets] == ["0x" + "ab" * 20]
    passkey_id = shown.passkeys[0].id
    assert passkey_id is not None
    gone = await sdk.users.delete_passkey_async(user_id=user.id, passkey_identification_id=passkey_id)
    assert (gone.object, gone.id) == ("passkey", passkey_id)
    (token,) = await sdk.users.get_o_auth_access_token_async(user_id=user.id, provider="oauth_google")
    assert (token.token, token.scopes) == ("token-of-google", ["email"])
    found = await sdk.users.list_async(request={"provider": "oauth_google", "provider_user_id": ["subject-0"]})
    assert [each.id for each in found] == [user.id]
    email_id = shown.primary_email_address_id
    assert email_id is not None
    await sdk.phone_numbers.create_async(request={"user_id": user.id, "phone_number": "+15555550100"})
    with pytest.raises(ClerkErrors) as refused:
        await sdk.email_addresses.delete_async(email_address_id=email_id)
    assert refused.value.data.errors[0].code == "delete_linked_identification_disallowed"
    for account in shown.external_accounts:
        gone = await sdk.users.delete_external_account_async(user_id=user.id, external_account_id=account.id)
        assert gone.deleted
    assert (await sdk.users.get_async(user_id=user.id)).external_accounts == []
    assert (await sdk.email_addresses.delete_async(email_address_id=email_id)).deleted
