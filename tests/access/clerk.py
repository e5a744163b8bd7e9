"""Clerk's operations: something of everything in a tenant, and how each is called."""

from __future__ import annotations

import io

from msgspec.structs import replace
from PIL import Image

from muster.core.ids import new_id
from muster.core.users.model import Link, Passkey, User
from muster.dialects.clerk.app import routes
from muster.dialects.clerk.wire.ids import read_id, show_id
from tests.access.estate import PASSWORD, Tenant, good
from tests.access.plans import Plan, Plans

ROUTES = routes().table
CHANGING = frozenset[str]()


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (2, 2)).save(file, "PNG")
    return file.getvalue()


async def settle(tenant: Tenant) -> dict[str, str]:
    """Make what the plans are about."""
    word, now = tenant.word, tenant.house.clock.now()
    digits = "1" if tenant.name == "default" else "2"
    async with await tenant.house.client("clerk", tenant.name) as http:

        async def made(path: str, body: object) -> dict[str, str]:
            found: dict[str, str] = good(await http.post(path, json=body))
            return found

        person = {
            "email_address": [f"clerk@{word}.example", f"spare@{word}.example"],
            "phone_number": [f"+1555555010{digits}", f"+1555555011{digits}"],
            "web3_wallet": ["0x" + digits * 40],
            "username": f"clerk_{word}".lower(),
            "password": PASSWORD,
            "first_name": word,
        }
        user = good(await http.post("/users", json=person))
        doomed = await made("/users", {"email_address": [f"clerk-doomed@{word}.example"]})
        member = await made("/users", {"email_address": [f"clerk-member@{word}.example"]})
        acme = await made("/organizations", {"name": word, "created_by": user["id"]})
        old = await made("/organizations", {"name": f"Old {word}", "created_by": user["id"]})
        await made(f"/organizations/{acme['id']}/memberships", {"user_id": member["id"], "role": "org:member"})
        invited = await made("/invitations", {"email_address": f"invited@{word}.example"})
        guests = f"/organizations/{acme['id']}/invitations"
        guest = await made(
            guests, {"email_address": f"guest@{word}.example", "role": "org:member", "inviter_user_id": user["id"]}
        )
        url = await made("/redirect_urls", {"url": f"https://{word}.example/"})
        session = await made("/sessions", {"user_id": user["id"]})
        image = good(
            await http.post(f"/users/{member['id']}/profile_image", files={"file": ("a.png", _picture(), "image/png")})
        )
    link, passkey = new_id(now), new_id(now)
    await tenant.change(read_id("user", user["id"]) or "", lambda before: _signed_in(before, link, passkey, now, word))
    emails, phones = user["email_addresses"], user["phone_numbers"]
    return {
        "user": user["id"],
        "username": user["username"],
        "email_text": emails[0]["email_address"],
        "phone_text": phones[0]["phone_number"],
        "email": emails[0]["id"],
        "spare_email": emails[1]["id"],
        "phone": phones[0]["id"],
        "spare_phone": phones[1]["id"],
        "wallet": user["primary_web3_wallet_id"],
        "wallet_text": "0x" + digits * 40,
        "passkey": show_id("idn", passkey),
        "account": show_id("eac", link),
        "doomed": doomed["id"],
        "member": member["id"],
        "image": image["image_url"].rpartition("/")[2],
        "organization": acme["id"],
        "slug": acme["slug"],
        "old_organization": old["id"],
        "invitation": invited["id"],
        "guest": guest["id"],
        "url": url["id"],
        "session": session["id"],
        "client": session["client_id"],
    }


def _signed_in(user: User, link: str, passkey: str, now: int, word: str) -> User:
    account = Link(
        id=link,
        kind="social",
        connection_id="g" * 16,
        provider="google",
        subject=word,
        created_at=now,
        updated_at=now,
    )
    key = Passkey(id=passkey, dev="d" * 16, credential_id=word, public_key="k", created_at=now)
    return replace(user, links=[account], passkeys=[key])


_IMAGE = {"file": ("a.png", _picture(), "image/png")}
_ORGANIZATION = "/v1/organizations/{organization}"
_NEW = {"email_address": "new-guest@example.com", "role": "org:member", "inviter_user_id": "{user}"}

PLANS: Plans = {
    "GET /openapi.json": Plan("/openapi.json"),
    "GET /images/{name}": Plan("/images/{image}"),
    "GET /v1/jwks": Plan("/v1/jwks"),
    "GET /v1/users": Plan(
        "/v1/users", query={"user_id": "{user}", "email_address": "{email_text}", "username": "{username}"}
    ),
    "POST /v1/users": Plan("/v1/users", {"email_address": ["new@example.com"]}),
    "GET /v1/users/count": Plan("/v1/users/count", query={"user_id": "{user}"}),
    "GET /v1/users/{user_id}": Plan("/v1/users/{user}"),
    "PATCH /v1/users/{user_id}": Plan("/v1/users/{user}", {"last_name": "x", "primary_email_address_id": "{email}"}),
    "PATCH /v1/users/{user_id}/metadata": Plan("/v1/users/{user}/metadata", {"public_metadata": {"a": 1}}),
    "PUT /v1/users/{user_id}/metadata": Plan("/v1/users/{user}/metadata", {"public_metadata": {"b": 1}}),
    "POST /v1/users/{user_id}/verify_password": Plan("/v1/users/{user}/verify_password", {"password": PASSWORD}),
    "POST /v1/users/{user_id}/verify_totp": Plan("/v1/users/{user}/verify_totp", {"code": "123456"}, status=400),
    "POST /v1/users/{user_id}/ban": Plan("/v1/users/{member}/ban"),
    "POST /v1/users/{user_id}/unban": Plan("/v1/users/{member}/unban"),
    "POST /v1/users/ban": Plan("/v1/users/ban", {"user_ids": ["{member}"]}),
    "POST /v1/users/unban": Plan("/v1/users/unban", {"user_ids": ["{member}"]}),
    "POST /v1/users/{user_id}/lock": Plan("/v1/users/{member}/lock"),
    "POST /v1/users/{user_id}/unlock": Plan("/v1/users/{member}/unlock"),
    "POST /v1/users/{user_id}/password/set_compromised": Plan("/v1/users/{user}/password/set_compromised"),
    "POST /v1/users/{user_id}/password/unset_compromised": Plan("/v1/users/{user}/password/unset_compromised"),
    "POST /v1/users/{user_id}/remove_password": Plan("/v1/users/{user}/remove_password"),
    "DELETE /v1/users/{user_id}/mfa": Plan("/v1/users/{user}/mfa"),
    "DELETE /v1/users/{user_id}/totp": Plan("/v1/users/{user}/totp"),
    "DELETE /v1/users/{user_id}/backup_code": Plan("/v1/users/{user}/backup_code"),
    "POST /v1/email_addresses": Plan(
        "/v1/email_addresses", {"user_id": "{user}", "email_address": "added@example.com", "verified": True}
    ),
    "GET /v1/email_addresses/{id}": Plan("/v1/email_addresses/{email}"),
    "PATCH /v1/email_addresses/{id}": Plan("/v1/email_addresses/{email}", {"primary": True}),
    "DELETE /v1/email_addresses/{id}": Plan("/v1/email_addresses/{spare_email}"),
    "PUT /v1/users/{user_id}/email_address": Plan(
        "/v1/users/{member}/email_address", {"email_address": "replaced@example.com"}
    ),
    "POST /v1/phone_numbers": Plan("/v1/phone_numbers", {"user_id": "{user}", "phone_number": "+15555550120"}),
    "GET /v1/phone_numbers/{id}": Plan("/v1/phone_numbers/{phone}"),
    "PATCH /v1/phone_numbers/{id}": Plan("/v1/phone_numbers/{phone}", {"primary": True}),
    "DELETE /v1/phone_numbers/{id}": Plan("/v1/phone_numbers/{spare_phone}"),
    "PUT /v1/users/{user_id}/phone_number": Plan("/v1/users/{member}/phone_number", {"phone_number": "+15555550121"}),
    "DELETE /v1/users/{user_id}/web3_wallets/{web3_wallet_identification_id}": Plan(
        "/v1/users/{user}/web3_wallets/{wallet}"
    ),
    "DELETE /v1/users/{user_id}/passkeys/{passkey_identification_id}": Plan("/v1/users/{user}/passkeys/{passkey}"),
    "DELETE /v1/users/{user_id}/external_accounts/{external_account_id}": Plan(
        "/v1/users/{user}/external_accounts/{account}"
    ),
    "POST /v1/users/{user_id}/profile_image": Plan("/v1/users/{user}/profile_image", files=_IMAGE),
    "DELETE /v1/users/{user_id}/profile_image": Plan("/v1/users/{user}/profile_image"),
    "GET /v1/users/{user_id}/oauth_access_tokens/{provider}": Plan("/v1/users/{user}/oauth_access_tokens/oauth_google"),
    "GET /v1/organizations": Plan("/v1/organizations", query={"query": "{slug}"}),
    "POST /v1/organizations": Plan("/v1/organizations", {"name": "Another", "created_by": "{user}"}),
    "GET /v1/organizations/{organization_id}": Plan("/v1/organizations/{slug}"),
    "PATCH /v1/organizations/{organization_id}": Plan(_ORGANIZATION, {"name": "x"}),
    "PATCH /v1/organizations/{organization_id}/metadata": Plan(
        f"{_ORGANIZATION}/metadata", {"public_metadata": {"a": 1}}
    ),
    "PUT /v1/organizations/{organization_id}/metadata": Plan(
        f"{_ORGANIZATION}/metadata", {"public_metadata": {"b": 1}}
    ),
    "PUT /v1/organizations/{organization_id}/logo": Plan(
        f"{_ORGANIZATION}/logo", form={"uploader_user_id": "{user}"}, files=_IMAGE
    ),
    "DELETE /v1/organizations/{organization_id}/logo": Plan(f"{_ORGANIZATION}/logo"),
    "GET /v1/organizations/{organization_id}/memberships": Plan(f"{_ORGANIZATION}/memberships"),
    "POST /v1/organizations/{organization_id}/memberships": Plan(
        f"{_ORGANIZATION}/memberships", {"user_id": "{doomed}", "role": "org:member"}
    ),
    "PATCH /v1/organizations/{organization_id}/memberships/{user_id}": Plan(
        f"{_ORGANIZATION}/memberships/{{member}}", {"role": "org:admin"}
    ),
    "PATCH /v1/organizations/{organization_id}/memberships/{user_id}/metadata": Plan(
        f"{_ORGANIZATION}/memberships/{{member}}/metadata", {"public_metadata": {"a": 1}}
    ),
    "GET /v1/organization_memberships": Plan("/v1/organization_memberships"),
    "GET /v1/users/{user_id}/organization_memberships": Plan("/v1/users/{member}/organization_memberships"),
    "DELETE /v1/organizations/{organization_id}/memberships/{user_id}": Plan(f"{_ORGANIZATION}/memberships/{{member}}"),
    "GET /v1/invitations": Plan("/v1/invitations", query={"query": "{invitation}"}),
    "POST /v1/invitations": Plan("/v1/invitations", {"email_address": "new-invited@example.com"}),
    "POST /v1/invitations/bulk": Plan("/v1/invitations/bulk", [{"email_address": "bulk@example.com"}]),
    "POST /v1/invitations/{invitation_id}/revoke": Plan("/v1/invitations/{invitation}/revoke"),
    "GET /v1/organization_invitations": Plan("/v1/organization_invitations"),
    "GET /v1/users/{user_id}/organization_invitations": Plan("/v1/users/{member}/organization_invitations"),
    "GET /v1/organizations/{organization_id}/invitations": Plan(f"{_ORGANIZATION}/invitations"),
    "POST /v1/organizations/{organization_id}/invitations": Plan(f"{_ORGANIZATION}/invitations", _NEW),
    "POST /v1/organizations/{organization_id}/invitations/bulk": Plan(
        f"{_ORGANIZATION}/invitations/bulk", [{**_NEW, "email_address": "bulk-guest@example.com"}]
    ),
    "GET /v1/organizations/{organization_id}/invitations/pending": Plan(f"{_ORGANIZATION}/invitations/pending"),
    "GET /v1/organizations/{organization_id}/invitations/{invitation_id}": Plan(
        f"{_ORGANIZATION}/invitations/{{guest}}"
    ),
    "POST /v1/organizations/{organization_id}/invitations/{invitation_id}/revoke": Plan(
        f"{_ORGANIZATION}/invitations/{{guest}}/revoke", {"requesting_user_id": "{user}"}
    ),
    "DELETE /v1/organizations/{organization_id}": Plan("/v1/organizations/{old_organization}"),
    "GET /v1/redirect_urls": Plan("/v1/redirect_urls"),
    "POST /v1/redirect_urls": Plan("/v1/redirect_urls", {"url": "https://another.example/"}),
    "GET /v1/redirect_urls/{id}": Plan("/v1/redirect_urls/{url}"),
    "DELETE /v1/redirect_urls/{id}": Plan("/v1/redirect_urls/{url}"),
    "GET /v1/sessions": Plan("/v1/sessions", query={"client_id": "{client}", "user_id": "{user}"}),
    "POST /v1/sessions": Plan("/v1/sessions", {"user_id": "{user}"}),
    "GET /v1/sessions/{session_id}": Plan("/v1/sessions/{session}"),
    "POST /v1/sessions/{session_id}/revoke": Plan("/v1/sessions/{session}/revoke"),
    "DELETE /v1/users/{user_id}": Plan("/v1/users/{doomed}"),
}
