"""Providers that everybody knows: what is peculiar about each, so that an operator gives no more than a client id and its secret.

Whether an address counts as proved is decided here for each of them: where a provider lets its customers write any address
into an account, its word is worth nothing.
"""

from typing import Final

from muster.core.external.config import ClientKey, Endpoints, OAuthProvider, OpenIdProvider

MICROSOFT: Final = "https://login.microsoftonline.com"
SCOPES: Final = ["openid", "profile", "email"]


def google(client_id: str, secret: str) -> OpenIdProvider:
    """Google's accounts; `secret` is sealed, here and below."""
    return OpenIdProvider(
        provider="google",
        issuer="https://accounts.google.com",
        client_id=client_id,
        secret=secret,
        proof="client_secret_post",
        scopes=SCOPES,
        trusts_email=True,
        algorithms=["RS256"],
        parameters={"access_type": "offline"},
    )


def apple(client_id: str, team_id: str, key_id: str, private_key: str) -> OpenIdProvider:
    """Apple: the answer is posted, and the secret is a JWT that we sign (ES256) for our team."""
    return OpenIdProvider(
        provider="apple",
        issuer="https://appleid.apple.com",
        client_id=client_id,
        proof="signed_secret",
        key=ClientKey(private=private_key, id=key_id, issuer=team_id, algorithm="ES256"),
        scopes=["openid", "name", "email"],
        form_post=True,
        trusts_email=True,
        algorithms=["RS256", "ES256"],
    )


def microsoft(client_id: str, secret: str, tenant: str = "common", provider: str = "microsoft") -> OpenIdProvider:
    """Microsoft's accounts of one organisation (its id) or of several: common, organizations, consumers.

    Their issuer names the organisation of the person. The address in a token is whatever that organisation's administrator
    wrote, and is never believed.
    """
    several = tenant in ("common", "organizations", "consumers")
    return OpenIdProvider(
        provider=provider,
        issuer=f"{MICROSOFT}/{tenant}/v2.0",
        client_id=client_id,
        secret=secret,
        proof="client_secret_post",
        scopes=[*SCOPES, "offline_access"],
        algorithms=["RS256"],
        tenants=[] if several else None,
    )


def github(client_id: str, secret: str, host: str = "github.com") -> OAuthProvider:
    """GitHub, which speaks OAuth 2.0 alone and tells on its own which address is proved."""
    api = "https://api.github.com" if host == "github.com" else f"https://{host}/api/v3"
    return OAuthProvider(
        provider="github",
        client_id=client_id,
        secret=secret,
        proof="client_secret_post",
        scopes=["read:user", "user:email"],
        trusts_email=True,
        endpoints=Endpoints(
            authorization=f"https://{host}/login/oauth/authorize",
            token=f"https://{host}/login/oauth/access_token",
            userinfo=f"{api}/user",
            emails=f"{api}/user/emails",
        ),
        members={"sub": "id", "nickname": "login", "picture": "avatar_url", "profile": "html_url", "website": "blog"},
    )


def openid(issuer: str, client_id: str, secret: str | None) -> OpenIdProvider:
    """Any OpenID provider, found by its issuer."""
    return OpenIdProvider(
        provider="oidc",
        issuer=issuer,
        client_id=client_id,
        secret=secret,
        proof="none" if secret is None else "client_secret_basic",
        scopes=SCOPES,
    )
