"""A user's identities elsewhere as this API writes them: social ones in one list, enterprise ones in two."""

from typing import Any

from muster.core.users.model import Link
from muster.dialects.clerk.wire.ids import show_id

_OWN_SHAPE = {"oauth_google": "google_account", "oauth_facebook": "facebook_account"}

_SAML = {
    "saml": "saml_custom",
    "entra": "saml_microsoft",
    "okta": "saml_okta",
    "google_workspace": "saml_google",
    "ad": "saml_custom",
    "adfs": "saml_custom",
}
"""The core's enterprise providers whose accounts count as SAML."""

OAUTH_LASTS = 600_000
"""Milliseconds that a sign-in elsewhere may take."""

_SOCIAL = {"linkedin": "linkedin_oidc"}


def provider_of(link: Link) -> str:
    """The provider in this API's words."""
    if link.kind == "enterprise":
        return _SAML.get(link.provider, f"oauth_custom_{link.provider}")
    name = "custom_oidc" if link.provider == "oidc" else _SOCIAL.get(link.provider, link.provider)
    return f"oauth_{name}"


def core_provider(name: str) -> str:
    """The core's word for a provider that a request names, with or without `oauth_` before it."""
    bare = name.removeprefix("oauth_")
    return {"linkedin_oidc": "linkedin", "custom_oidc": "oidc"}.get(bare, bare)


def show_social(link: Link) -> dict[str, Any]:
    """A social account. Google's and Facebook's have the identification's id where others have the account's."""
    provider = provider_of(link)
    object_ = _OWN_SHAPE.get(provider, "external_account")
    account, identification = show_id("eac", link.id), show_id("idn", link.id)
    shown: dict[str, Any] = {
        "object": object_,
        "id": account if object_ == "external_account" else identification,
        "provider": provider,
        "identification_id": identification,
        "provider_user_id": link.subject,
        "approved_scopes": " ".join(link.scopes),
        **_person(link, empty=""),
        "email_address_verified": _flag(link, "email_verified"),
        "avatar_url": _text(link, "picture") or "",
        "image_url": _text(link, "picture"),
        "username": _text(link, "username"),
        "phone_number": _text(link, "phone_number"),
        "public_metadata": link.public_metadata or {},
        "label": link.label,
        "created_at": link.created_at,
        "updated_at": link.updated_at,
        "verification": _by_oauth(link, provider),
    }
    return shown if object_ == "external_account" else {**shown, "external_account_id": account}


def show_saml(link: Link) -> dict[str, Any]:
    """An enterprise account that signs in by SAML."""
    return {**_enterprise(link), "object": "saml_account", "saml_connection": None}


def show_enterprise(link: Link) -> dict[str, Any]:
    """Any enterprise account."""
    is_saml = provider_of(link).startswith("saml_")
    return {
        **_enterprise(link),
        "object": "enterprise_account",
        "protocol": "saml" if is_saml else "oauth",
        "enterprise_connection_id": None,
        "enterprise_connection": None,
    }


def _enterprise(link: Link) -> dict[str, Any]:
    provider = provider_of(link)
    is_saml = provider.startswith("saml_")
    return {
        "id": show_id("idn", link.id),
        "provider": provider,
        "active": True,
        **_person(link, empty=None),
        "provider_user_id": link.subject,
        "last_authenticated_at": link.authenticated_at,
        "public_metadata": link.public_metadata or {},
        "verification": _by_saml() if is_saml else _by_oauth(link, provider),
    }


def _person(link: Link, empty: str | None) -> dict[str, Any]:
    return {
        "email_address": _text(link, "email") or "",
        "first_name": _text(link, "given_name") or empty,
        "last_name": _text(link, "family_name") or empty,
    }


def _by_oauth(link: Link, provider: str) -> dict[str, Any]:
    """Clients demand a time: ten minutes after the beginning, as the vendor's own are."""
    return {
        "object": "verification_oauth",
        "status": "verified",
        "strategy": provider,
        "attempts": None,
        "expire_at": link.created_at + OAUTH_LASTS,
    }


def _by_saml() -> dict[str, Any]:
    return {
        "object": "verification_saml",
        "status": "verified",
        "strategy": "saml",
        "attempts": None,
        "expire_at": None,
    }


def _text(link: Link, member: str) -> str | None:
    value = link.profile.get(member)
    return value if isinstance(value, str) else None


def _flag(link: Link, member: str) -> bool | None:
    value = link.profile.get(member)
    return value if isinstance(value, bool) else None


PROVIDERS = frozenset(
    [
        "apple",
        "atlassian",
        "bitbucket",
        "box",
        "coinbase",
        "discord",
        "dropbox",
        "enstall",
        "facebook",
        "github",
        "gitlab",
        "google",
        "hubspot",
        "hugging_face",
        "instagram",
        "line",
        "linear",
        "linkedin",
        "microsoft",
        "notion",
        "oidc",
        "slack",
        "spotify",
        "tiktok",
        "twitch",
        "twitter",
        "vercel",
        "x",
        "xero",
    ]
)
"""The social providers that a request may name, in the core's words; others begin with `custom_`."""
