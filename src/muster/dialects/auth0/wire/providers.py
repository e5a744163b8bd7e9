"""What a connection's strategy and options mean to the core: which provider people come from, and how it is spoken to.

Strategies whose protocol the core does not speak, and options that leave out what it takes, make a connection that is kept and
shown as ever and that nobody can sign in by.
"""

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, Final

from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.external import presets
from muster.core.external.config import (
    ALGORITHMS,
    ClientKey,
    Endpoints,
    OpenIdProvider,
    Provider,
    SamlProvider,
    secret_purpose,
)
from muster.core.security import SecretBox
from muster.dialects.auth0.wire.sealing import seal_text

Document = dict[str, Any]

_ALWAYS_TRUSTED: Final = "always_set_emails_as_verified"

Sealed = Callable[[str, str | None], str]
"""A secret as it is kept; what it was before stays as it is sealed there."""


def provider_of(connection: Connection, options: Document, box: SecretBox) -> Provider | None:
    """The provider that these options (secrets in clear) describe, or None."""
    describe = _STRATEGIES.get(connection.strategy)
    if describe is None:
        return None
    before = connection.provider

    def sealed(secret: str, held: str | None) -> str:
        return seal_text(secret, held, box, secret_purpose(connection.id))

    return describe(options, before, sealed)


def _google(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    client = _client(options, before, sealed)
    return None if client is None else _scoped(presets.google(*client), options)


def _microsoft(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    client = _client(options, before, sealed)
    return None if client is None else _scoped(presets.microsoft(*client), options)


def _entra(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    client = _client(options, before, sealed)
    tenant = _text(options, "tenantId") or _text(options, "tenant_domain") or "organizations"
    if client is None or not tenant.replace("-", "").replace(".", "").isalnum():
        return None
    if "." in tenant:  # a domain is no part of an issuer: the organisation's id is in each token
        tenant = "organizations"
    made = presets.microsoft(*client, tenant, provider="entra")
    return replace(made, trusts_email=options.get("should_trust_email_verified_connection") == _ALWAYS_TRUSTED)


def _github(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    client = _client(options, before, sealed)
    return None if client is None else presets.github(*client)


def _apple(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    client_id, key = _text(options, "client_id"), _text(options, "app_secret")
    team, key_id = _text(options, "team_id"), _text(options, "kid")
    if not (client_id and key and team and key_id):
        return None
    held = before.key.private if isinstance(before, OpenIdProvider) and before.key is not None else None
    return presets.apple(client_id, team, key_id, sealed(key, held))


def _openid(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    client_id, issuer = _text(options, "client_id"), _text(options, "issuer")
    discovery = _text(options, "discovery_url")
    if not issuer and discovery.endswith("/.well-known/openid-configuration"):
        issuer = discovery.removesuffix("/.well-known/openid-configuration")
    if not client_id or not issuer or options.get("token_endpoint_auth_method") == "private_key_jwt":
        return None
    secret = _text(options, "client_secret")
    made = presets.openid(issuer, client_id, sealed(secret, _held(before)) if secret else None)
    algorithms = [each for each in options.get("id_token_signed_response_algs") or [] if each in ALGORITHMS]
    static = {
        name: value["value"]
        for name, value in (options.get("upstream_params") or {}).items()
        if isinstance(value, dict) and isinstance(value.get("value"), str)
    }
    return replace(
        _scoped(made, options),
        proof="client_secret_post" if secret else "none",
        trusts_email=True,  # as this vendor passes the provider's word on
        algorithms=algorithms,
        parameters=static,
        endpoints=Endpoints(
            authorization=_text(options, "authorization_endpoint"),
            token=_text(options, "token_endpoint"),
            userinfo=_text(options, "userinfo_endpoint"),
            jwks=_text(options, "jwks_uri"),
        ),
    )


def _okta(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    domain = _text(options, "domain")
    issuer = _text(options, "issuer") or (f"https://{domain}" if domain else "")
    made = _openid({**options, "issuer": issuer}, before, sealed)
    return None if made is None else replace(made, provider="okta")


def _saml(options: Document, before: Provider | None, sealed: Sealed) -> Provider | None:
    metadata, metadata_url = _text(options, "metadataXml"), _text(options, "metadataUrl")
    certificate = _pem(_text(options, "signingCert") or _text(options, "cert"))
    entity_id, sso_url = _text(options, "entityId"), _text(options, "signInEndpoint")
    if not (metadata or metadata_url or (certificate and entity_id and sso_url)):
        return None
    pair = options.get("signing_key")
    pair = pair if isinstance(pair, dict) and options.get("signSAMLRequest") is not False else {}
    held = before.key.private if isinstance(before, SamlProvider) and before.key is not None else None
    key, own = _text(pair, "key"), _text(pair, "cert")
    started = options.get("idpinitiated")
    return SamlProvider(
        provider="saml",
        metadata=metadata,
        metadata_url=metadata_url,
        entity_id=entity_id,
        sso_url=sso_url,
        sso_binding="post" if _text(options, "protocolBinding").endswith("HTTP-POST") else "redirect",
        certificates=[certificate] if certificate else [],
        key=ClientKey(private=sealed(key, held)) if key and own else None,
        certificate=own,
        unsolicited=isinstance(started, dict) and started.get("enabled") is True,
        subject=_text(options, "user_id_attribute"),
        members=_members(options),
    )


_STRATEGIES: Final[Mapping[str, Callable[[Document, Provider | None, Sealed], Provider | None]]] = {
    "apple": _apple,
    "github": _github,
    "google-oauth2": _google,
    "oidc": _openid,
    "okta": _okta,
    "samlp": _saml,
    "waad": _entra,
    "windowslive": _microsoft,
}


def _client(options: Document, before: Provider | None, sealed: Sealed) -> tuple[str, str] | None:
    client_id, secret = _text(options, "client_id"), _text(options, "client_secret")
    return (client_id, sealed(secret, _held(before))) if client_id and secret else None


def _held(before: Provider | None) -> str | None:
    return None if before is None or isinstance(before, SamlProvider) else before.secret


def _scoped(made: OpenIdProvider, options: Document) -> OpenIdProvider:
    """With the scopes asked for, as a list or as one text."""
    scope = options.get("scope")
    listed = scope.split() if isinstance(scope, str) else scope if isinstance(scope, list) else []
    scopes = [each for each in listed if isinstance(each, str)]
    return replace(made, scopes=list(dict.fromkeys(["openid", *scopes]))) if scopes else made


def _members(options: Document) -> dict[str, str]:
    """The names of the provider's attributes by the standard ones; of several names the first."""
    mapped = options.get("fieldsMap")
    found = {}
    for name, source in (mapped if isinstance(mapped, dict) else {}).items():
        named = source[0] if isinstance(source, list) and source else source
        if isinstance(named, str):
            found[name] = named
    return found


def _pem(certificate: str) -> str:
    """A certificate as PEM: it is sent so, or once more in base64."""
    if not certificate or certificate.lstrip().startswith("-----"):
        return certificate
    try:
        text = base64.b64decode(certificate, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return ""
    return text if text.lstrip().startswith("-----") else ""


def _text(options: Document, name: str) -> str:
    value = options.get(name)
    return value if isinstance(value, str) else ""
