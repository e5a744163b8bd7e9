"""Asking a SAML identity provider to sign somebody in (SAML 2.0 Core section 3.4, Bindings sections 3.4 and 3.5)."""

import base64
import zlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from muster.core.external.config import SamlProvider
from muster.core.external.model import failed
from muster.core.external.providers import Visit

if TYPE_CHECKING:
    from saml2.samlp import AuthnRequest

    from muster.outside.saml_metadata import IdentityProvider

RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
UNSPECIFIED: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"


def authn_request(
    visit: Visit, provider: SamlProvider, idp: "IdentityProvider", request_id: str, now: int
) -> "AuthnRequest":
    """The request; the answer must come by POST to our address for this connection."""
    from saml2.saml import Issuer
    from saml2.samlp import AuthnRequest, NameIDPolicy

    return AuthnRequest(
        id=request_id,
        version="2.0",
        issue_instant=datetime.fromtimestamp(now / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=idp.sso_url,
        protocol_binding=POST,
        assertion_consumer_service_url=visit.addresses.acs,
        force_authn="true" if visit.fresh else None,
        issuer=Issuer(text=provider.audience or visit.addresses.metadata),
        name_id_policy=NameIDPolicy(format=provider.name_id_format or UNSPECIFIED, allow_create="true"),
    )


def redirected(url: str, request: "AuthnRequest", relay_state: str, key: bytes | None) -> str:
    """The address with the request in its query, signed if there is a key (Bindings section 3.4.4.1)."""
    deflated = zlib.compress(str(request).encode())[2:-4]
    query = {"SAMLRequest": base64.b64encode(deflated).decode(), "RelayState": relay_state}
    if key is None:
        return _with_query(url, urlencode(query))
    signed = urlencode({**query, "SigAlg": RSA_SHA256})
    return _with_query(url, f"{signed}&{urlencode({'Signature': _signature(signed.encode(), key)})}")


def posted(program: str, request: "AuthnRequest", relay_state: str, key: bytes | None) -> dict[str, str]:
    """The fields of a form that carries the request, signed within if there is a key."""
    text = str(request) if key is None else _signed_within(program, request, key)
    return {"SAMLRequest": base64.b64encode(text.encode()).decode(), "RelayState": relay_state}


def _signature(text: bytes, key: bytes) -> str:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        private = load_pem_private_key(key, password=None)
    except (ValueError, TypeError):
        raise failed("client_key") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise failed("client_key")
    return base64.b64encode(private.sign(text, padding.PKCS1v15(), hashes.SHA256())).decode()


def _signed_within(program: str, request: "AuthnRequest", key: bytes) -> str:
    from saml2.sigver import CryptoBackendXmlSec1, SigverError, make_temp, pre_signature_part

    request.signature = pre_signature_part(request.id, None, 1, digest_alg=SHA256, sign_alg=RSA_SHA256)
    file = make_temp(key, suffix=".pem", decode=False)  # readable by nobody else, and gone when it is closed
    try:
        name = "urn:oasis:names:tc:SAML:2.0:protocol:AuthnRequest"
        signed: str = CryptoBackendXmlSec1(program).sign_statement(request, name, file.name, request.id)
    except (SigverError, OSError):
        raise failed("client_key") from None
    finally:
        file.close()
    return signed


def _with_query(url: str, query: str) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{query}"
