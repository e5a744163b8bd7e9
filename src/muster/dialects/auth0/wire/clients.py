"""Clients on the wire: what the core knows of them (`client_members.py`), and everything else kept as it was sent."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from muster.core.apps.model import Application
from muster.core.security import SecretBox
from muster.dialects.auth0.wire.client_members import JWT, REFRESH_TOKEN, told_apart, whole, with_members
from muster.dialects.auth0.wire.sealing import open_secrets, seal_secrets, seal_text

VENDOR = "auth0"

Document = dict[str, Any]

PublicKeys = Callable[[str], Document | None]
"""The JWK (RFC 7517), with its thumbprint as `kid`, of a public key or certificate in PEM; None for what is neither."""

SUMMARY = frozenset({"client_id", "tenant", "name", "description", "app_type", "logo_uri", "is_first_party", "global"})
"""What a caller sees who may read no more than a summary."""

_OF_THE_CORE = frozenset({"name", "grant_types", "client_secret"})

_INTERACTIVE = ["authorization_code", "implicit", "refresh_token"]
_GRANT_TYPES = {
    "native": _INTERACTIVE,
    "spa": _INTERACTIVE,
    "non_interactive": ["client_credentials"],
}
_EVERY_GRANT_TYPE = [*_INTERACTIVE, "client_credentials"]

_DEFAULTS: Document = {
    "global": False,
    "is_token_endpoint_ip_header_trusted": False,
    "is_first_party": True,
    "oidc_conformant": False,
    "sso_disabled": False,
    "cross_origin_authentication": False,
    "custom_login_page_on": True,
}


def new_client(body: Document, id_: str, secret: str, box: SecretBox, keys: PublicKeys) -> Application:
    """The application that a checked body describes, with a secret that was made for it."""
    grant_types = body.get("grant_types")
    app = Application(
        id=id_,
        name=body["name"],
        secret=box.seal(secret.encode(), purpose=secret_purpose(id_)),
        grant_types=_GRANT_TYPES.get(body.get("app_type", ""), _EVERY_GRANT_TYPE)
        if grant_types is None
        else grant_types,
        jwks=_jwks(body, keys),
    )
    document = _changed({}, body)
    app = with_members(app, document)
    return replace(app, vendor={VENDOR: seal_secrets(told_apart(app, document), box, _purpose(id_))})


def changed_client(before: Application, body: Document, box: SecretBox, keys: PublicKeys) -> Application:
    """The application after a checked body of changes; null removes a member, `client_metadata` changes key by key."""
    held = before.vendor.get(VENDOR, {})
    opened = open_secrets(held, box, _purpose(before.id))
    credentials: dict[str, Document] = {}
    with_credentials(opened, lambda credential: credentials.setdefault(credential.get("id", ""), credential))
    # A change names the credentials that stay by their ids alone.
    body = with_credentials(body, lambda credential: credentials.get(credential["id"], credential))
    document = _changed(whole(before, opened), body)
    after = replace(
        with_members(before, document),
        name=body.get("name", before.name),
        grant_types=body.get("grant_types", before.grant_types),
        jwks=_jwks(body, keys) if "client_authentication_methods" in body else before.jwks,
    )
    kept = seal_secrets(told_apart(after, document), box, _purpose(before.id), before=held)
    after = replace(after, vendor={**before.vendor, VENDOR: kept})
    secret = body.get("client_secret")
    return after if secret is None else with_secret(after, secret, box)


def with_secret(app: Application, secret: str, box: SecretBox) -> Application:
    """The application with this secret, sealed."""
    return replace(app, secret=seal_text(secret, app.secret, box, secret_purpose(app.id)))


def show_client(app: Application, box: SecretBox, *, secret: bool) -> Document:
    """The client as it is answered, with its secret only for who may see that."""
    kept = open_secrets(app.vendor.get(VENDOR, {}), box, _purpose(app.id))
    document = whole(app, kept)
    shown: Document = {
        **_DEFAULTS,
        **with_credentials(document, lambda credential: {"id": credential["id"]}),
        "name": app.name,
        "client_id": app.id,
        "grant_types": app.grant_types,
        "jwt_configuration": {**JWT, **document.get("jwt_configuration", {})},
        "refresh_token": document.get("refresh_token", REFRESH_TOKEN),
    }
    if secret and app.secret is not None:
        shown["client_secret"] = box.open(app.secret, purpose=secret_purpose(app.id)).decode()
    return shown


def with_credentials(document: Document, change: Callable[[Document], Document]) -> Document:
    """The same members with every key and certificate in them changed."""

    def changed(holder: Document | None) -> Document | None:
        if not holder or "credentials" not in holder:
            return holder
        return {**holder, "credentials": [change(credential) for credential in holder["credentials"]]}

    after = dict(document)
    for name in ("signed_request_object", "token_vault_privileged_access"):
        if name in after:
            after[name] = changed(after[name])
    methods = after.get("client_authentication_methods")
    if methods:
        after["client_authentication_methods"] = {name: changed(method) for name, method in methods.items()}
    return after


def secret_purpose(app_id: str) -> str:
    """What binds a sealed client secret to its application."""
    return f"client_secret:{app_id}"


def kept_of(app: Application) -> Document:
    """What was sent and means nothing to the core."""
    return app.vendor.get(VENDOR, {})


def _changed(before: Document, body: Document) -> Document:
    after = {**before, **{name: value for name, value in body.items() if name not in _OF_THE_CORE}}
    if body.get("client_metadata") is not None:
        merged = {**before.get("client_metadata", {}), **body["client_metadata"]}
        after["client_metadata"] = {name: value for name, value in merged.items() if value is not None}
    return {name: value for name, value in after.items() if value is not None}


def _jwks(body: Document, keys: PublicKeys) -> list[Document]:
    """The keys that the client signs its assertions with (RFC 7523); a text that holds no key opens nothing."""
    method = (body.get("client_authentication_methods") or {}).get("private_key_jwt") or {}
    found = ((credential, keys(credential.get("pem", ""))) for credential in method.get("credentials", []))
    return [
        {**key, "alg": credential.get("alg", "RS256"), "kid": credential.get("kid", key["kid"])}
        for credential, key in found
        if key is not None
    ]


def _purpose(app_id: str) -> str:
    return f"client_settings:{app_id}"
