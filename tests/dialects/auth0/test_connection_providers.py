"""What the options of a connection mean to the core: which provider people come from."""

from __future__ import annotations

import base64
from typing import Any

from muster.core.external.config import OAuthProvider, OpenIdProvider, SamlProvider, secret_purpose
from muster.crypto.sealing import Sealer
from muster.dialects.auth0.wire.connections import changed_connection, new_connection, show_connection

BOX = Sealer.of(b"k" * 32)
ID = "0123456789abcdef"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def made(strategy: str, **options: Any) -> Any:
    return new_connection({"name": "to-them", "strategy": strategy, "options": options}, ID, BOX)


def opened(sealed: str | None) -> str:
    return BOX.open(sealed or "", purpose=secret_purpose(ID)).decode()


def test_a_client_of_a_well_known_provider() -> None:
    connection = made("google-oauth2", client_id="me", client_secret="s", scope=["email", "profile"])
    provider = connection.provider
    assert isinstance(provider, OpenIdProvider)
    assert (provider.provider, provider.issuer, provider.client_id) == ("google", "https://accounts.google.com", "me")
    assert (provider.scopes, opened(provider.secret)) == (["openid", "email", "profile"], "s")
    assert show_connection(connection, BOX)["options"] == {
        "client_id": "me",
        "client_secret": "s",
        "scope": ["email", "profile"],
    }
    # The same secret sent again is no change; another one is.
    same: Any = changed_connection(connection, {"options": {"client_id": "me", "client_secret": "s"}}, BOX)
    assert same.provider.secret == provider.secret
    other: Any = changed_connection(connection, {"options": {"client_id": "me", "client_secret": "t"}}, BOX)
    assert opened(other.provider.secret) == "t"
    assert changed_connection(connection, {"options": {}}, BOX).provider is None
    for scope in (5, {"email": True}, None, [7]):
        assert made("google-oauth2", client_id="me", client_secret="s", scope=scope).provider.scopes == [
            *("openid", "profile", "email")
        ]
    assert isinstance(made("github", client_id="me", client_secret="s").provider, OAuthProvider)
    windows = made("windowslive", client_id="me", client_secret="s").provider
    assert (windows.provider, windows.trusts_email, windows.tenants) == ("microsoft", False, [])
    entra = made("waad", client_id="me", client_secret="s", tenantId="11111111-2222-3333-4444-555555555555").provider
    assert (entra.provider, entra.tenants) == ("entra", None)
    assert entra.issuer.endswith("/11111111-2222-3333-4444-555555555555/v2.0")
    apple = made("apple", client_id="me", app_secret="PEM", team_id="T", kid="K").provider
    assert (apple.key.issuer, apple.key.id, opened(apple.key.private)) == ("T", "K", "PEM")


def test_any_openid_provider() -> None:
    provider = made(
        "oidc",
        client_id="me",
        client_secret="s",
        issuer="https://id.example.com",
        scope="openid email",
        upstream_params={"prompt": {"value": "login"}, "login_hint": {"alias": "login_hint"}},
        id_token_signed_response_algs=["ES256"],
    ).provider
    assert (provider.provider, provider.issuer, provider.scopes) == (
        "oidc",
        "https://id.example.com",
        ["openid", "email"],
    )
    assert (provider.parameters, provider.algorithms) == ({"prompt": "login"}, ["ES256"])
    found = made(
        "oidc", client_id="me", discovery_url="https://id.example.com/.well-known/openid-configuration"
    ).provider
    assert (found.issuer, found.proof) == ("https://id.example.com", "none")
    okta = made("okta", client_id="me", client_secret="s", domain="acme.okta.example").provider
    assert (okta.provider, okta.issuer) == ("okta", "https://acme.okta.example")


def test_a_saml_provider() -> None:
    provider = made(
        "samlp",
        signInEndpoint="https://idp.example.com/sso",
        entityId="urn:idp",
        signingCert=base64.b64encode(PEM.encode()).decode(),
        fieldsMap={"email": "mail", "name": ["cn", "displayName"]},
        idpinitiated={"enabled": True, "client_id": "x"},
        signing_key={"key": "KEY", "cert": PEM},
    ).provider
    assert isinstance(provider, SamlProvider)
    assert (provider.entity_id, provider.sso_url, provider.certificates) == (
        "urn:idp",
        "https://idp.example.com/sso",
        [PEM],
    )
    assert (provider.members, provider.unsolicited) == ({"email": "mail", "name": "cn"}, True)
    assert provider.key is not None
    assert (opened(provider.key.private), provider.trusts_email) == ("KEY", False)
    assert made("samlp", metadataXml="<x/>").provider.metadata == "<x/>"


def test_what_nobody_can_sign_in_by_is_kept_all_the_same() -> None:
    for strategy, options in (
        ("google-oauth2", {"client_id": "me"}),
        ("oidc", {"client_id": "me"}),
        ("oidc", {"client_id": "me", "issuer": "https://x", "token_endpoint_auth_method": "private_key_jwt"}),
        ("samlp", {"signInEndpoint": "https://x"}),
        ("waad", {"client_id": "me", "client_secret": "s", "tenantId": "../common"}),
        ("oauth2", {"client_id": "me", "client_secret": "s"}),
        ("auth0", {}),
        ("twitter", {"client_id": 4, "scope": {"a": 1}}),
        ("google-oauth2", {"client_id": 4, "client_secret": ["s"]}),
    ):
        connection = made(strategy, **options)
        assert (connection.strategy, connection.provider) == (strategy, None)
