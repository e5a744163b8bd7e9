"""What a program does with the vendor's Python client, 7.0.0: every call that is served, topic by topic.

Each topic makes its own users, whose names hold a word of this run's own, so that any number may run on one server.
"""

from __future__ import annotations

import io
from typing import Any
from uuid import uuid4

import pyotp
import pytest
from clerk_backend_api import Clerk, models
from clerk_backend_api.models import ClerkErrors, QueryParamStatus, SDKError
from clerk_backend_api.models.createbulkinvitationsop import RequestBody
from clerk_backend_api.models.createorganizationinvitationbulkop import CreateOrganizationInvitationBulkRequestBody
from PIL import Image

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def address() -> str:
    return f"{uuid4().hex}@example.com"


def number() -> str:
    return f"+1555{uuid4().int % 10_000_000:07}"


def png() -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(made, "PNG")
    return made.getvalue()


def person(sdk: Clerk, **more: Any) -> models.User:
    return sdk.users.create(email_address=[address()], **more)


def users(sdk: Clerk) -> None:
    name, email = uuid4().hex, address()
    user = sdk.users.create(
        email_address=[email],
        first_name="Test",
        password="hunter22-long",
        skip_password_checks=True,
        public_metadata={"nestedKey": {"aB": 1}},
        created_at="2012-10-20T07:15:20.902Z",
        phone_number=[number()],
        username=f"u{name}",
    )
    assert (user.first_name, user.created_at, user.username) == ("Test", 1350717320902, f"u{name}")
    assert user.public_metadata == {"nestedKey": {"aB": 1}}
    assert sdk.users.get(user_id=user.id) == user
    found = sdk.users.list(
        request={
            "email_address": [email, "d@e.f"],
            "user_id": [f"+{user.id}", "-user_2"],
            "query": email[:20].upper(),
            "limit": 10,
            "offset": 0,
        }
    )
    assert found == [user]
    assert sdk.users.list(request={"email_address": [email], "last_active_at_since": 1700690400000}) == []
    assert sdk.users.count(request={"email_address": [email], "query": name}).total_count == 1
    changed = sdk.users.update(
        user_id=user.id,
        first_name="J",
        username=None,
        password="another long one",
        sign_out_of_other_sessions=True,
        primary_phone_number_id=user.phone_numbers[0].id,
    )
    assert (changed.first_name, changed.username) == ("J", None)
    merged = sdk.users.update_metadata(
        user_id=user.id, public_metadata={"nestedKey": {"aB": None, "c": [1]}}, unsafe_metadata={"b": 1}
    )
    assert (merged.public_metadata, merged.unsafe_metadata) == ({"nestedKey": {"c": [1]}}, {"b": 1})
    replaced = sdk.users.replace_metadata(user_id=user.id, public_metadata={"x": 1})
    assert (replaced.public_metadata, replaced.unsafe_metadata) == ({"x": 1}, {"b": 1})
    gone = sdk.users.delete(user_id=user.id)
    assert (gone.object, gone.id, gone.deleted) == ("user", user.id, True)


def state_of_users(sdk: Clerk) -> None:
    user = person(sdk)
    assert sdk.users.ban(user_id=user.id).banned
    assert not sdk.users.unban(user_id=user.id).banned
    assert [each.banned for each in sdk.users.bulk_ban(user_ids=[user.id])] == [True]
    assert [each.banned for each in sdk.users.bulk_unban(user_ids=[user.id])] == [False]
    locked = sdk.users.lock(user_id=user.id)
    assert (locked.locked, locked.verification_attempts_remaining) == (True, 0)
    assert 3595 <= (locked.lockout_expires_in_seconds or 0) <= 3600
    assert not sdk.users.unlock(user_id=user.id).locked


def credentials(sdk: Clerk) -> None:
    password = "hunter22-long"
    user = person(sdk, password=password, totp_secret=SECRET, backup_codes=["first-code"])
    assert (user.password_enabled, user.totp_enabled, user.backup_code_enabled) == (True, True, True)
    assert sdk.users.verify_password(user_id=user.id, password=password).verified
    proved = sdk.users.verify_totp(user_id=user.id, code=pyotp.TOTP(SECRET).now())
    assert (proved.verified, proved.code_type) == (True, "totp")
    proved = sdk.users.verify_totp(user_id=user.id, code="first-code")
    assert (proved.verified, proved.code_type) == (True, "backup_code")
    for remove in (sdk.users.delete_backup_codes, sdk.users.delete_totp, sdk.users.disable_mfa):
        assert remove(user_id=user.id).user_id == user.id
    sdk.users.set_password_compromised(user_id=user.id)
    sdk.users.unset_password_compromised(user_id=user.id)
    assert not sdk.users.remove_password(user_id=user.id).password_enabled
    assert sdk.users.get_o_auth_access_token(user_id=user.id, provider="oauth_google") == []


def sessions(sdk: Clerk) -> None:
    user = person(sdk)
    made = sdk.sessions.create(request={"user_id": user.id})
    assert (made.user_id, made.status) == (user.id, "active")
    assert sdk.sessions.get(session_id=made.id) == made
    assert sdk.sessions.list(user_id=user.id, status=QueryParamStatus.ACTIVE, limit=10) == [made]
    assert sdk.sessions.revoke(session_id=made.id).status == "revoked"


def pictures(sdk: Clerk) -> None:
    user = person(sdk)
    picture: Any = {"file_name": "a.png", "content": png(), "content_type": "image/png"}
    with_picture = sdk.users.set_profile_image(user_id=user.id, file=picture)
    assert with_picture is not None
    assert with_picture.has_image
    assert not sdk.users.delete_profile_image(user_id=user.id).has_image
    organization = sdk.organizations.create(request={"name": "Acme", "created_by": user.id})
    with_logo = sdk.organizations.upload_logo(
        organization_id=organization.id, uploader_user_id=user.id, file=picture | {"file_name": "logo.png"}
    )
    assert (with_logo.has_image, with_logo.logo_url) == (True, with_logo.image_url)
    assert not sdk.organizations.delete_logo(organization_id=organization.id).has_image


def addresses(sdk: Clerk) -> None:
    user = person(sdk, web3_wallet=[f"0x{uuid4().hex}{'a' * 8}"])
    phone = sdk.phone_numbers.create(
        request={"user_id": user.id, "phone_number": number(), "verified": True, "primary": True}
    )
    assert phone.id is not None
    assert sdk.phone_numbers.get(phone_number_id=phone.id) == phone
    assert sdk.phone_numbers.update(
        phone_number_id=phone.id, reserved_for_second_factor=True
    ).reserved_for_second_factor
    assert sdk.users.get(user_id=user.id).two_factor_enabled
    gone = sdk.phone_numbers.delete(phone_number_id=phone.id)
    assert (gone.object, gone.id, gone.deleted) == ("phone_number", phone.id, True)
    email = sdk.email_addresses.create(request={"user_id": user.id, "email_address": address(), "verified": False})
    assert email.id is not None
    assert email.verification is None
    assert sdk.email_addresses.update(email_address_id=email.id, verified=True, primary=True).verification
    assert sdk.users.get(user_id=user.id).primary_email_address_id == email.id
    assert sdk.email_addresses.get(email_address_id=email.id).email_address == email.email_address
    other = user.email_addresses[0].id
    assert other is not None
    assert sdk.email_addresses.delete(email_address_id=other).deleted
    new_email, new_number = address(), number()
    assert (
        sdk.email_addresses.replace_for_user(user_id=user.id, email_address=new_email).email_address,
        sdk.phone_numbers.replace_for_user(user_id=user.id, phone_number=new_number).phone_number,
    ) == (new_email, new_number)
    wallet = user.web3_wallets[0].id
    assert wallet is not None
    assert sdk.users.delete_web3_wallet(user_id=user.id, web3_wallet_identification_id=wallet).deleted


def organizations(sdk: Clerk) -> None:
    user, slug = person(sdk), f"acme-{uuid4().hex}"
    organization = sdk.organizations.create(
        request={
            "name": f"Acme {slug}",
            "created_by": user.id,
            "public_metadata": {"k": 1},
            "slug": slug,
            "max_allowed_memberships": 10,
        }
    )
    assert (organization.members_count, organization.created_by) == (1, user.id)
    by_slug = sdk.organizations.get(organization_id=slug, include_members_count=True)
    assert (by_slug.id, by_slug.members_count) == (organization.id, 1)
    found = sdk.organizations.list(
        include_members_count=True, query=slug[:20], user_id=[f"+{user.id}"], order_by="-members_count"
    )
    assert ([each.id for each in found.data], found.total_count) == ([organization.id], 1)
    changed = sdk.organizations.update(
        organization_id=organization.id,
        name="New",
        slug=f"new-{slug}",
        max_allowed_memberships=0,
        admin_delete_enabled=False,
    )
    assert (changed.name, changed.slug, changed.max_allowed_memberships) == ("New", f"new-{slug}", 0)
    merged = sdk.organizations.merge_metadata(organization_id=organization.id, public_metadata={"a": {"b": None}})
    assert merged.public_metadata == {"k": 1, "a": {}}
    replaced = sdk.organizations.replace_metadata(organization_id=organization.id, public_metadata={"z": 1})
    assert replaced.public_metadata == {"z": 1}
    gone = sdk.organizations.delete(organization_id=organization.id)
    assert (gone.object, gone.id, gone.deleted) == ("organization", organization.id, True)


def memberships(sdk: Clerk) -> None:
    user, other = person(sdk), person(sdk, first_name="Bob")
    organization = sdk.organizations.create(request={"name": "Acme", "created_by": user.id})
    here: Any = {"organization_id": organization.id}
    member = sdk.organization_memberships.create(**here, user_id=other.id, role="org:member")
    assert member.public_user_data is not None
    assert (member.role, member.public_user_data.first_name) == ("org:member", "Bob")
    assert member.organization.id == organization.id
    members = sdk.organization_memberships.list(
        **here, user_id=[f"+{other.id}"], query="bo", order_by="-created_at", limit=20
    )
    assert ([each.id for each in members.data], members.total_count) == ([member.id], 1)
    assert sdk.organization_memberships.update(**here, user_id=other.id, role="org:admin").role == "org:admin"
    documents = sdk.organization_memberships.update_metadata(
        **here, user_id=other.id, public_metadata={"a": None, "b": {"c": 1}}
    )
    assert documents.public_metadata == {"b": {"c": 1}}
    assert sdk.users.get_organization_memberships(user_id=other.id).total_count == 1
    everybody = sdk.users.get_instance_organization_memberships(order_by="-created_at", limit=2)
    assert everybody.data[0].id == member.id
    assert sdk.organization_memberships.delete(**here, user_id=other.id).id == member.id


def invitations(sdk: Clerk) -> None:
    first, second = address(), address()
    asked = sdk.invitations.create(request={"email_address": first, "public_metadata": {"a": 1}})
    assert (asked.status, asked.public_metadata) == ("pending", {"a": 1})
    several = sdk.invitations.bulk_create(request=[RequestBody(email_address=second)])
    assert [each.email_address for each in several] == [second]
    assert sdk.invitations.list(query=first) == [asked]
    assert sdk.invitations.revoke(invitation_id=asked.id).status == "revoked"
    user = person(sdk)
    organization = sdk.organizations.create(request={"name": "Acme", "created_by": user.id})
    here: Any = {"organization_id": organization.id}
    invited = sdk.organization_invitations.create(
        **here, email_address=first, role="org:member", inviter_user_id=user.id
    )
    assert (invited.inviter_id, invited.role_name) == (user.id, "Member")
    entry = CreateOrganizationInvitationBulkRequestBody(email_address=second, role="org:admin")
    assert sdk.organization_invitations.bulk_create(**here, request_body=[entry]).total_count == 1
    assert sdk.organization_invitations.list(**here).total_count == 2
    assert sdk.organization_invitations.list_pending(**here).total_count == 2
    assert [each.id for each in sdk.organization_invitations.get_all(query=first).data] == [invited.id]
    assert sdk.organization_invitations.get(**here, invitation_id=invited.id) == invited
    assert sdk.organization_invitations.revoke(**here, invitation_id=invited.id).status == "revoked"
    assert sdk.users.get_organization_invitations(user_id=user.id).total_count == 0


def redirect_urls_and_keys(sdk: Clerk) -> None:
    made = sdk.redirect_urls.create(request={"url": f"my-app://{uuid4().hex}"})
    assert sdk.redirect_urls.get(id=made.id) == made
    assert made in sdk.redirect_urls.list(limit=100)
    gone = sdk.redirect_urls.delete(id=made.id)
    assert (gone.object, gone.id, gone.deleted) == ("redirect_url", made.id, True)
    keys = sdk.jwks.get_jwks().keys
    assert keys is not None
    assert [key.alg for key in keys] == ["RS256"]


def refusals(sdk: Clerk) -> None:
    """Typed where the client declares the status for the call, bare elsewhere; both as clients.md of the vendor lists."""

    def answer(call: Any, **arguments: Any) -> tuple[int, str, str]:
        with pytest.raises(ClerkErrors) as refused:
            call(**arguments)
        (error,) = refused.value.data.errors
        return refused.value.status_code, error.code, error.long_message

    def bare(call: Any, **arguments: Any) -> int:
        with pytest.raises(SDKError) as refused:
            call(**arguments)
        assert '"clerk_trace_id"' in refused.value.body
        return refused.value.status_code

    user, nobody = person(sdk), "user_2bWdfRWFQ3WZ3rNWBoZwKHdnVtg"
    taken = user.email_addresses[0].email_address.upper()
    assert answer(sdk.users.create, email_address=[taken])[:2] == (422, "form_identifier_exists")
    for call in (sdk.users.get, sdk.users.update, sdk.users.delete, sdk.users.disable_mfa):
        assert answer(call, user_id=nobody) == (404, "resource_not_found", f"No user was found with id {nobody}")
    assert answer(sdk.redirect_urls.get, id="ru_1") == (
        404,
        "resource_not_found",
        "No RedirectURL exists with id: ru_1",
    )
    assert answer(sdk.users.update_metadata, user_id=nobody)[0] == 404
    assert answer(sdk.users.delete_passkey, user_id=user.id, passkey_identification_id="idn_1")[0] == 404
    assert answer(sdk.users.delete_external_account, user_id=user.id, external_account_id="eac_1")[0] == 404
    assert [bare(call, user_id=nobody) for call in (sdk.users.ban, sdk.users.lock)] == [404, 404]
    stranger = Clerk(bearer_auth="sk_test_wrong", server_url=f"{sdk.sdk_configuration.server_url}/")
    assert answer(stranger.users.get, user_id=user.id)[0] == 401
    assert bare(stranger.redirect_urls.list) == 401


TOPICS = (
    users,
    state_of_users,
    credentials,
    sessions,
    pictures,
    addresses,
    organizations,
    memberships,
    invitations,
    redirect_urls_and_keys,
    refusals,
)
