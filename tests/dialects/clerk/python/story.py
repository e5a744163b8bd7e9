"""What a program does with the vendor's Python client, 1.8.0: every call that is served; what went over the wire is printed.

It runs as a process of its own, where that generation is the one that is imported.
"""

from __future__ import annotations

import json
import os
from importlib.metadata import version
from typing import Any
from uuid import uuid4

import clerk_backend_api
import pytest
from clerk_backend_api.utils.retries import BackoffStrategy, RetryConfig

from tests.dialects.clerk.exchanges import Exchange, recording

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c49444154789c63f8cfc0000003010100c9fe92ef0000000049454e44ae426082"
)


def address() -> str:
    return f"{uuid4().hex}@example.com"


def number() -> str:
    return f"+1555{uuid4().int % 10_000_000:07}"


def users(sdk: Any) -> Any:
    email = address()
    user = sdk.users.create(
        request={
            "email_address": [email],
            "first_name": "Test",
            "password": "hunter22-long",
            "skip_password_checks": True,
            "public_metadata": {"nestedKey": {"aB": 1}},
            "created_at": "2012-10-20T07:15:20.902Z",
            "phone_number": [number()],
        }
    )
    assert (user.first_name, user.created_at, user.public_metadata) == ("Test", 1350717320902, {"nestedKey": {"aB": 1}})
    assert sdk.users.get(user_id=user.id) == user
    found = sdk.users.list(request={"email_address": [email, "d@e.f"], "user_id": [f"+{user.id}", "-user_2"]})
    assert found == [user]
    assert sdk.users.count(email_address=[email], query=email[:20]).total_count == 1
    changed = sdk.users.update(
        user_id=user.id,
        first_name="J",
        username=None,
        public_metadata={"x": 1},
        primary_phone_number_id=user.phone_numbers[0].id,
    )
    assert (changed.first_name, changed.username, changed.public_metadata) == ("J", None, {"x": 1})
    merged = sdk.users.update_metadata(user_id=user.id, public_metadata={"x": None, "y": {"z": 1}})
    assert merged.public_metadata == {"y": {"z": 1}}
    assert sdk.users.ban(user_id=user.id).banned
    assert not sdk.users.unban(user_id=user.id).banned
    assert sdk.users.lock(user_id=user.id).locked
    assert not sdk.users.unlock(user_id=user.id).locked
    assert sdk.users.verify_password(user_id=user.id, password="hunter22-long").verified
    assert sdk.users.disable_mfa(user_id=user.id).user_id == user.id
    assert sdk.users.get_o_auth_access_token(user_id=user.id, provider="oauth_google") == []
    assert sdk.users.set_profile_image(user_id=user.id, file=picture()).has_image
    assert not sdk.users.delete_profile_image(user_id=user.id).has_image
    return user


def phone_numbers(sdk: Any, user: Any) -> None:
    phone = sdk.phone_numbers.create(
        request={"user_id": user.id, "phone_number": number(), "verified": True, "primary": True}
    )
    assert sdk.phone_numbers.get(phone_number_id=phone.id) == phone
    changed = sdk.phone_numbers.update(phone_number_id=phone.id, reserved_for_second_factor=True)
    assert changed.reserved_for_second_factor
    assert sdk.phone_numbers.delete(phone_number_id=phone.id).deleted


def sessions(sdk: Any, user: Any) -> None:
    made = sdk.sessions.create_session(request={"user_id": user.id})
    assert sdk.sessions.get(session_id=made.id) == made
    assert sdk.sessions.list(user_id=user.id, status="active") == [made]
    assert sdk.sessions.revoke(session_id=made.id).status == "revoked"


def organizations(sdk: Any, user: Any) -> None:
    slug = f"acme-{uuid4().hex}"
    organization = sdk.organizations.create(
        request={"name": "Acme Corp", "created_by": user.id, "slug": slug, "private_metadata": {"k": 1}}
    )
    here = {"organization_id": organization.id}
    assert (organization.slug, organization.private_metadata) == (slug, {"k": 1})
    assert sdk.organizations.get(organization_id=slug, include_members_count=True).members_count == 1
    found = sdk.organizations.list(query=slug[:20], include_members_count=True, order_by="-members_count")
    assert ([each.id for each in found.data], found.total_count) == ([organization.id], 1)
    assert sdk.organizations.update(**here, name="New", public_metadata={"a": 1}).public_metadata == {"a": 1}
    merged = sdk.organizations.merge_metadata(**here, public_metadata={"b": 2})
    assert merged.public_metadata == {"a": 1, "b": 2}
    logo = sdk.organizations.upload_logo(**here, uploader_user_id=user.id, file=picture())
    assert logo.has_image
    assert sdk.organizations.delete_logo(**here).id == organization.id

    other = sdk.users.create(request={"email_address": [address()], "first_name": "Bob"})
    member = sdk.organization_memberships.create(**here, user_id=other.id, role="org:member")
    assert (member.role, member.public_user_data.first_name) == ("org:member", "Bob")
    members = sdk.organization_memberships.list(**here, limit=20)
    assert (member.id in [each.id for each in members.data], members.total_count) == (True, 2)
    assert sdk.organization_memberships.update(**here, user_id=other.id, role="org:admin").role == "org:admin"
    documents = sdk.organization_memberships.update_metadata(**here, user_id=other.id, public_metadata={"b": 1})
    assert documents.public_metadata == {"b": 1}
    assert sdk.users.get_organization_memberships(user_id=other.id).total_count == 1
    assert sdk.organization_memberships.delete(**here, user_id=other.id).id == member.id
    gone = sdk.organizations.delete(**here)
    assert (gone.object, gone.deleted) == ("organization", True)


def redirect_urls(sdk: Any) -> None:
    made = sdk.redirect_urls.create(request={"url": f"my-app://{uuid4().hex}"})
    assert sdk.redirect_urls.get(id=made.id) == made
    assert made in sdk.redirect_ur_ls.list()
    assert sdk.redirect_urls.delete(id=made.id).deleted


def refusals(sdk: Any, gone: Any) -> None:
    """Typed where the client declares the status for the call, bare elsewhere."""
    with pytest.raises(clerk_backend_api.models.ClerkErrors) as typed:
        sdk.users.get(user_id=gone.id)
    (error,) = typed.value.data.errors
    assert (error.code, error.long_message) == ("resource_not_found", f"No user was found with id {gone.id}")
    with pytest.raises(clerk_backend_api.models.SDKError) as bare:
        sdk.users.ban(user_id=gone.id)
    assert bare.value.status_code == 404


def picture() -> dict[str, Any]:
    return {"file_name": "a.png", "content": PNG, "content_type": "image/png"}


def main() -> None:
    assert version("clerk-backend-api") == "1.8.0"
    seen: list[Exchange] = []
    with recording(seen) as http:
        sdk: Any = clerk_backend_api.Clerk(
            bearer_auth=os.environ["CLERK_SECRET_KEY"],
            server_url=os.environ["CLERK_BASE_URL"],
            client=http,
            retry_config=RetryConfig("backoff", BackoffStrategy(1, 1, 1.0, 1), False),
        )
        user = users(sdk)
        phone_numbers(sdk, user)
        sessions(sdk, user)
        organizations(sdk, user)
        redirect_urls(sdk)
        assert [key.alg for key in sdk.jwks.get().keys] == ["RS256"]
        assert sdk.users.delete(user_id=user.id).deleted
        refusals(sdk, user)
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
