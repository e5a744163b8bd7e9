"""The vendor's own Python client, unmodified: only its address and its transport are ours."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pyotp
import pytest
from clerk_backend_api import Clerk as Client
from clerk_backend_api import models
from clerk_backend_api.models import ClerkErrors
from clerk_backend_api.models.createbulkinvitationsop import RequestBody
from clerk_backend_api.models.createorganizationinvitationbulkop import CreateOrganizationInvitationBulkRequestBody
from clerk_backend_api.utils.retries import BackoffStrategy, RetryConfig
from msgspec.structs import replace
from PIL import Image

from muster.core.ids import new_id
from muster.core.transaction import Transaction
from muster.core.users.actions import find_user
from muster.core.users.model import Address, Link, Passkey, Verification
from muster.core.users.sealed import tokens_purpose
from muster.dialects.clerk.wire.ids import read_user_id
from tests.dialects.clerk.service import NOW, PUBLIC_URL, SECRETS, Clerk

PASSWORD = "correct horse battery"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
pytestmark = pytest.mark.filterwarnings("ignore:warning. .. DEPRECATED:DeprecationWarning")  # the client's own

ONCE = RetryConfig("backoff", BackoffStrategy(1, 1, 1.0, 1), retry_connection_errors=False)


@pytest.fixture
async def sdk(clerk: Clerk) -> AsyncIterator[Client]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=clerk)) as http:
        yield Client(bearer_auth=clerk.secret_key, server_url=f"{PUBLIC_URL}v1", async_client=http, retry_config=ONCE)


async def person(sdk: Client, email: str = "ann@example.com", **more: Any) -> models.User:
    return await sdk.users.create_async(email_address=[email], **more)


def png() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(made, "PNG")
    return made.getvalue()


async def test_users(sdk: Client) -> None:
    user = await person(
        sdk,
        first_name="Test",
        password="hunter22-long",
        skip_password_checks=True,
        public_metadata={"nestedKey": {"aB": 1}},
        created_at="2012-10-20T07:15:20.902Z",
        phone_number=["+15555550100"],
        username="test_person",
        totp_secret=SECRET,
        backup_codes=["first-code"],
    )
    assert (user.first_name, user.created_at, user.totp_enabled) == ("Test", 1350717320902, True)
    assert user.public_metadata == {"nestedKey": {"aB": 1}}
    assert (await sdk.users.get_async(user_id=user.id)) == user
    found = await sdk.users.list_async(
        request={
            "email_address": ["ann@example.com", "d@e.f"],
            "user_id": [f"+{user.id}", "-user_2"],
            "query": "ann",
            "limit": 10,
            "offset": 0,
        }
    )
    assert [each.id for each in found] == [user.id]
    counted = await sdk.users.count_async(request={"email_address": ["ann@example.com"], "query": "jo"})
    assert counted.total_count == 0
    changed = await sdk.users.update_async(
        user_id=user.id,
        first_name="J",
        username=None,
        password="another long one",
        sign_out_of_other_sessions=True,
        primary_phone_number_id=user.phone_numbers[0].id,
    )
    assert (changed.first_name, changed.username) == ("J", None)
    merged = await sdk.users.update_metadata_async(
        user_id=user.id, public_metadata={"nestedKey": {"aB": None, "c": [1]}}, unsafe_metadata={"b": 1}
    )
    assert (merged.public_metadata, merged.unsafe_metadata) == ({"nestedKey": {"c": [1]}}, {"b": 1})
    replaced = await sdk.users.replace_metadata_async(user_id=user.id, public_metadata={"x": 1})
    assert (replaced.public_metadata, replaced.unsafe_metadata) == ({"x": 1}, {"b": 1})
    assert (await sdk.users.ban_async(user_id=user.id)).banned
    assert not (await sdk.users.unban_async(user_id=user.id)).banned
    assert (await sdk.users.bulk_ban_async(user_ids=[user.id]))[0].banned
    assert not (await sdk.users.bulk_unban_async(user_ids=[user.id]))[0].banned
    locked = await sdk.users.lock_async(user_id=user.id)
    assert (locked.locked, locked.lockout_expires_in_seconds, locked.verification_attempts_remaining) == (True, 3600, 0)
    assert not (await sdk.users.unlock_async(user_id=user.id)).locked
    assert (await sdk.users.verify_password_async(user_id=user.id, password="another long one")).verified
    code = pyotp.TOTP(SECRET).at(NOW // 1000)
    proved = await sdk.users.verify_totp_async(user_id=user.id, code=code)
    assert (proved.verified, proved.code_type) == (True, "totp")
    proved = await sdk.users.verify_totp_async(user_id=user.id, code="first-code")
    assert (proved.verified, proved.code_type) == (True, "backup_code")
    for remove in (
        sdk.users.delete_backup_codes_async,
        sdk.users.delete_totp_async,
        sdk.users.disable_mfa_async,
    ):
        assert (await remove(user_id=user.id)).user_id == user.id
    assert await sdk.users.get_o_auth_access_token_async(user_id=user.id, provider="oauth_google") == []
    await sdk.users.set_password_compromised_async(user_id=user.id)
    await sdk.users.unset_password_compromised_async(user_id=user.id)
    assert not (await sdk.users.remove_password_async(user_id=user.id)).password_enabled
    gone = await sdk.users.delete_async(user_id=user.id)
    assert (gone.object, gone.id, gone.deleted) == ("user", user.id, True)
    with pytest.raises(ClerkErrors) as refused:
        await sdk.users.get_async(user_id=user.id)
    assert refused.value.status_code == 404
    assert [(error.code, error.long_message) for error in refused.value.data.errors] == [
        ("resource_not_found", f"No user was found with id {user.id}")
    ]


async def test_pictures(sdk: Client, clerk: Clerk) -> None:
    user = await person(sdk)
    with_picture = await sdk.users.set_profile_image_async(
        user_id=user.id, file={"file_name": "a.png", "content": png(), "content_type": "image/png"}
    )
    assert with_picture is not None
    assert with_picture.has_image
    organization = await sdk.organizations.create_async(request={"name": "Acme", "created_by": user.id})
    with_logo = await sdk.organizations.upload_logo_async(
        organization_id=organization.id,
        uploader_user_id=user.id,
        file={"file_name": "logo.png", "content": png(), "content_type": "image/png"},
    )
    assert (with_logo.has_image, with_logo.logo_url) == (True, with_logo.image_url)
    assert not (await sdk.users.delete_profile_image_async(user_id=user.id)).has_image
    assert not (await sdk.organizations.delete_logo_async(organization_id=organization.id)).has_image


async def test_addresses(sdk: Client) -> None:
    user = await person(sdk)
    phone = await sdk.phone_numbers.create_async(
        request={"user_id": user.id, "phone_number": "+15555550100", "verified": True, "primary": True}
    )
    assert phone.id is not None
    assert (await sdk.phone_numbers.get_async(phone_number_id=phone.id)) == phone
    second = await sdk.phone_numbers.update_async(phone_number_id=phone.id, reserved_for_second_factor=True)
    assert second.reserved_for_second_factor
    assert (await sdk.users.get_async(user_id=user.id)).two_factor_enabled
    assert (await sdk.phone_numbers.delete_async(phone_number_id=phone.id)).object == "phone_number"
    email = await sdk.email_addresses.create_async(
        request={"user_id": user.id, "email_address": "b@example.com", "verified": False}
    )
    assert email.id is not None
    assert email.verification is None
    assert (await sdk.email_addresses.update_async(email_address_id=email.id, verified=True, primary=True)).verification
    assert (await sdk.users.get_async(user_id=user.id)).primary_email_address_id == email.id
    assert (await sdk.email_addresses.get_async(email_address_id=email.id)).email_address == "b@example.com"
    only = await sdk.email_addresses.replace_for_user_async(user_id=user.id, email_address="c@example.com")
    assert only.email_address == "c@example.com"
    number = await sdk.phone_numbers.replace_for_user_async(user_id=user.id, phone_number="+15555550101")
    assert number.id is not None
    assert (await sdk.phone_numbers.delete_async(phone_number_id=number.id)).deleted


async def test_organizations_and_memberships(sdk: Client) -> None:
    user, other = await person(sdk), await person(sdk, "bob@example.com", first_name="Bob")
    organization = await sdk.organizations.create_async(
        request={
            "name": "Acme Corp",
            "created_by": user.id,
            "public_metadata": {"k": 1},
            "slug": "acme-corp",
            "max_allowed_memberships": 10,
        }
    )
    assert (organization.members_count, organization.created_by) == (1, user.id)
    by_slug = await sdk.organizations.get_async(organization_id="acme-corp", include_members_count=True)
    assert (by_slug.id, by_slug.members_count) == (organization.id, 1)
    found = await sdk.organizations.list_async(
        include_members_count=True, query="ac", user_id=[f"+{user.id}"], order_by="-members_count"
    )
    assert ([each.id for each in found.data], found.total_count) == ([organization.id], 1)
    changed = await sdk.organizations.update_async(
        organization_id=organization.id,
        name="New",
        slug="new-slug",
        max_allowed_memberships=0,
        admin_delete_enabled=False,
    )
    assert (changed.name, changed.slug, changed.max_allowed_memberships) == ("New", "new-slug", 0)
    merged = await sdk.organizations.merge_metadata_async(
        organization_id=organization.id, public_metadata={"a": {"b": None}}
    )
    assert merged.public_metadata == {"k": 1, "a": {}}
    member = await sdk.organization_memberships.create_async(
        organization_id=organization.id, user_id=other.id, role="org:member"
    )
    assert member.public_user_data is not None
    assert (member.role, member.public_user_data.first_name) == ("org:member", "Bob")
    assert member.organization.id == organization.id
    members = await sdk.organization_memberships.list_async(
        organization_id=organization.id, user_id=[f"+{other.id}"], query="bo", order_by="-created_at", limit=20
    )
    assert ([each.id for each in members.data], members.total_count) == ([member.id], 1)
    promoted = await sdk.organization_memberships.update_async(
        organization_id=organization.id, user_id=other.id, role="org:admin"
    )
    assert promoted.role == "org:admin"
    documents = await sdk.organization_memberships.update_metadata_async(
        organization_id=organization.id, user_id=other.id, public_metadata={"a": None, "b": {"c": 1}}
    )
    assert documents.public_metadata == {"b": {"c": 1}}
    of_user = await sdk.users.get_organization_memberships_async(user_id=other.id)
    assert of_user.total_count == 1
    removed = await sdk.organization_memberships.delete_async(organization_id=organization.id, user_id=other.id)
    assert removed.id == member.id
    gone = await sdk.organizations.delete_async(organization_id=organization.id)
    assert (gone.object, gone.id, gone.deleted) == ("organization", organization.id, True)


async def test_invitations(sdk: Client) -> None:
    user = await person(sdk)
    asked = await sdk.invitations.create_async(
        request={"email_address": "new@example.com", "public_metadata": {"a": 1}}
    )
    assert asked.status == "pending"
    several = await sdk.invitations.bulk_create_async(request=[RequestBody(email_address="two@example.com")])
    assert [each.email_address for each in several] == ["two@example.com"]
    assert len(await sdk.invitations.list_async()) == 2
    assert (await sdk.invitations.revoke_async(invitation_id=asked.id)).status == "revoked"
    organization = await sdk.organizations.create_async(request={"name": "Acme", "created_by": user.id})
    invited = await sdk.organization_invitations.create_async(
        organization_id=organization.id, email_address="new@example.com", role="org:member", inviter_user_id=user.id
    )
    assert (invited.inviter_id, invited.role_name) == (user.id, "Member")
    many = await sdk.organization_invitations.bulk_create_async(
        organization_id=organization.id,
        request_body=[CreateOrganizationInvitationBulkRequestBody(email_address="three@example.com", role="org:admin")],
    )
    assert many.total_count == 1
    listed = await sdk.organization_invitations.list_async(organization_id=organization.id)
    assert listed.total_count == 2
    assert (await sdk.organization_invitations.get_all_async()).total_count == 2
    assert (await sdk.organization_invitations.list_pending_async(organization_id=organization.id)).total_count == 2
    one = await sdk.organization_invitations.get_async(organization_id=organization.id, invitation_id=invited.id)
    assert one == invited
    revoked = await sdk.organization_invitations.revoke_async(organization_id=organization.id, invitation_id=invited.id)
    assert revoked.status == "revoked"
    assert (await sdk.users.get_organization_invitations_async(user_id=user.id)).total_count == 0


async def test_redirect_urls_and_keys(sdk: Client, clerk: Clerk) -> None:
    made = await sdk.redirect_urls.create_async(request={"url": "my-app://oauth-callback"})
    assert (await sdk.redirect_urls.get_async(id=made.id)) == made
    assert await sdk.redirect_urls.list_async(limit=5) == [made]
    assert (await sdk.redirect_urls.delete_async(id=made.id)).object == "redirect_url"
    keys = await sdk.jwks.get_jwks_async()
    assert keys.keys is not None
    (key,) = keys.keys
    assert (key.kid, key.alg) == (clerk.instance_id, "RS256")


async def test_refusals_are_typed(sdk: Client) -> None:
    await person(sdk)
    with pytest.raises(ClerkErrors) as refused:
        await person(sdk, "ANN@example.com")
    (error,) = refused.value.data.errors
    assert (error.code, error.message) == (
        "form_identifier_exists",
        "That email address is taken. Please try another.",
    )
    with pytest.raises(ClerkErrors) as refused:
        await sdk.redirect_urls.get_async(id="ru_1")
    assert refused.value.data.errors[0].long_message == "No RedirectURL exists with id: ru_1"


async def test_identities_elsewhere(sdk: Client, clerk: Clerk) -> None:
    """As the client reads them: a social account in its own shape, one in the common shape, and enterprise ones."""
    user = await person(sdk)
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
