"""What a client's document means to the core, and that the core's answer to it is the document."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from msgspec.structs import replace

from muster.core.apps.model import Application, RefreshRules
from muster.crypto.public_keys import jwk_of_pem
from muster.crypto.sealing import Sealer
from muster.dialects.auth0.wire.clients import changed_client, new_client, show_client

BOX = Sealer.of(b"k" * 32)
EVERLASTING = RefreshRules(rotating=False, lifetime=None, idle=None)
PEM = (
    rsa.generate_private_key(public_exponent=65537, key_size=2048)
    .public_key()
    .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    .decode()
)


def made(**sent: Any) -> Application:
    return new_client({"name": "x", **sent}, "id", "secret", BOX, jwk_of_pem)


def changed(app: Application, **sent: Any) -> Application:
    return changed_client(app, sent, BOX, jwk_of_pem)


def shown(app: Application) -> dict[str, Any]:
    return show_client(app, BOX, secret=False)


@pytest.mark.parametrize(
    ("sent", "core"),
    [
        ({}, {"redirect_uris": [], "authentication": "client_secret", "first_party": True, "refresh": EVERLASTING}),
        ({"callbacks": ["https://a.example/cb", "app:/cb"]}, {"redirect_uris": ["https://a.example/cb", "app:/cb"]}),
        ({"callbacks": []}, {"redirect_uris": []}),
        ({"allowed_logout_urls": ["https://a.example/"]}, {"post_logout_uris": ["https://a.example/"]}),
        ({"web_origins": ["https://a.example"]}, {"web_origins": ["https://a.example"]}),
        ({"is_first_party": False}, {"first_party": False}),
        ({"is_first_party": True}, {"first_party": True}),
        ({"logo_uri": "https://a.example/logo.png"}, {"logo_uri": "https://a.example/logo.png"}),
        ({"app_type": "spa"}, {"authentication": "none"}),
        ({"app_type": "spa", "token_endpoint_auth_method": "none"}, {"authentication": "none"}),
        (
            {"app_type": "native", "token_endpoint_auth_method": "client_secret_basic"},
            {"authentication": "client_secret_basic"},
        ),
        ({"token_endpoint_auth_method": "client_secret_post"}, {"authentication": "client_secret_post"}),
        ({"jwt_configuration": {"alg": "RS256", "lifetime_in_seconds": 60}}, {"id_token_lifetime": 60}),
        (
            {"jwt_configuration": {"alg": "HS256", "lifetime_in_seconds": 0}},
            {"signing_alg": "RS256", "id_token_lifetime": 36_000},
        ),
        (
            {"refresh_token": {"rotation_type": "rotating", "expiration_type": "expiring", "leeway": 5}},
            {"refresh": RefreshRules(rotating=True, grace=5, lifetime=2_592_000, idle=1_296_000)},
        ),
        (
            {
                "refresh_token": {
                    "rotation_type": "rotating",
                    "expiration_type": "expiring",
                    "token_lifetime": 100,
                    "infinite_idle_token_lifetime": True,
                }
            },
            {"refresh": RefreshRules(rotating=True, lifetime=100, idle=None)},
        ),
        (
            {
                "refresh_token": {
                    "rotation_type": "non-rotating",
                    "expiration_type": "non-expiring",
                    "token_lifetime": 9,
                }
            },
            {"refresh": EVERLASTING},
        ),
        (
            {"oidc_logout": {"backchannel_logout_urls": ["https://a.example/bye"]}},
            {"backchannel_logout_uri": "https://a.example/bye"},
        ),
        (
            {"oidc_backchannel_logout": {"backchannel_logout_urls": ["https://a.example/old"]}},
            {"backchannel_logout_uri": "https://a.example/old"},
        ),
        ({"oidc_logout": {"backchannel_logout_urls": []}}, {"backchannel_logout_uri": ""}),
        ({"oidc_conformant": True}, {}),
    ],
)
def test_what_is_sent_means_something_and_comes_back(sent: dict[str, Any], core: dict[str, Any]) -> None:
    app = made(**sent)
    assert {name: getattr(app, name) for name in core} == core
    answered = shown(app)
    assert answered | {**sent, "jwt_configuration": answered["jwt_configuration"]} == answered
    assert sent.get("jwt_configuration", {}).items() <= answered["jwt_configuration"].items()
    assert changed(app) == app
    assert set(answered) - set(sent) == set(shown(made())) - set(sent)


def test_what_the_core_can_tell_is_kept_there_alone() -> None:
    app = made(callbacks=["https://a.example/cb"], is_first_party=False, logo_uri="https://a.example/l.png")
    assert app.vendor == {"auth0": {}}


def test_a_change_elsewhere_is_shown_here() -> None:
    app = made(callbacks=[], jwt_configuration={"alg": "HS256"}, refresh_token=None, app_type="spa")
    app = replace(
        app,
        redirect_uris=["https://a.example/cb"],
        signing_alg="ES256",
        refresh=RefreshRules(),
        authentication="client_secret_basic",
        backchannel_logout_uri="https://a.example/bye",
    )
    answered = shown(app)
    assert answered["callbacks"] == ["https://a.example/cb"]
    assert answered["jwt_configuration"] == {"alg": "ES256", "lifetime_in_seconds": 36_000, "secret_encoded": False}
    assert answered["token_endpoint_auth_method"] == "client_secret_basic"
    assert answered["oidc_logout"] == {"backchannel_logout_urls": ["https://a.example/bye"]}
    assert answered["refresh_token"] == {
        "rotation_type": "rotating",
        "expiration_type": "expiring",
        "leeway": 0,
        "token_lifetime": 2_592_000,
        "infinite_token_lifetime": False,
        "idle_token_lifetime": 1_296_000,
        "infinite_idle_token_lifetime": False,
    }
    after = changed(app, description="new")
    assert shown(after) == {**answered, "description": "new"}
    assert replace(after, vendor=app.vendor) == app


def test_null_takes_a_member_back() -> None:
    app = made(token_endpoint_auth_method="client_secret_post", app_type="spa")
    after = changed(app, token_endpoint_auth_method=None)
    assert after.authentication == "none"
    assert "token_endpoint_auth_method" not in shown(after)
    assert changed(after, app_type="regular_web").authentication == "client_secret"


def test_keys_are_those_that_assertions_are_checked_with() -> None:
    credential = {"credential_type": "public_key", "pem": PEM, "id": "cred_1"}
    app = made(client_authentication_methods={"private_key_jwt": {"credentials": [credential]}})
    assert (app.authentication, [key["kty"] for key in app.jwks], app.jwks[0]["alg"]) == (
        "private_key_jwt",
        ["RSA"],
        "RS256",
    )
    assert "d" not in app.jwks[0]
    kept = changed(app, client_authentication_methods={"private_key_jwt": {"credentials": [{"id": "cred_1"}]}})
    assert kept.jwks == app.jwks
    assert changed(app, client_authentication_methods={"private_key_jwt": {"credentials": []}}).jwks == []
    gone = changed(app, client_authentication_methods=None)
    assert (gone.authentication, gone.jwks) == ("client_secret", [])


def test_certificates_let_nobody_in_with_less() -> None:
    app = made(client_authentication_methods={"self_signed_tls_client_auth": {"credentials": []}})
    assert (app.authentication, app.jwks) == ("private_key_jwt", [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----",
        "\ud800",
        PEM * 100,
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode(),
        rsa.generate_private_key(public_exponent=65537, key_size=1024)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
        ec.generate_private_key(ec.SECP521R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        .decode(),
    ],
    ids=["nothing", "text", "empty", "surrogate", "long", "private", "short", "curve"],
)
def test_what_is_no_public_key(text: str) -> None:
    assert jwk_of_pem(text) is None
