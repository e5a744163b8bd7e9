"""SAML 2.0 metadata, in and out: what an identity provider says of itself, and what it is told of us."""

import base64
import binascii
import textwrap
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from muster.core.external.model import failed
from muster.outside.saml_requests import POST
from muster.outside.saml_xml import PROTOCOL, SIGNATURE, parse

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

METADATA: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"


class IdentityProvider(NamedTuple):
    """The other side: its name, where it signs people in, and the certificates (PEM) of the keys that it signs with."""

    entity_id: str
    sso_url: str
    sso_binding: Literal["redirect", "post"]
    certificates: tuple[str, ...]


def identity_provider(document: bytes) -> IdentityProvider:
    """The one identity provider that a metadata document describes; `ExternalRefused` where there is none or several."""
    root = parse(document)
    described = [
        (entity, role)
        for entity in root.iter(f"{{{METADATA}}}EntityDescriptor")
        for role in entity.findall(f"{{{METADATA}}}IDPSSODescriptor")
        if PROTOCOL in role.get("protocolSupportEnumeration", PROTOCOL).split()
    ]
    if len(described) != 1:
        raise failed("metadata_malformed")
    entity, role = described[0]
    services = {
        each.get("Binding"): each.get("Location", "") for each in role.findall(f"{{{METADATA}}}SingleSignOnService")
    }
    url, binding = services.get(REDIRECT, ""), "redirect"
    if not url:
        url, binding = services.get(POST, ""), "post"
    certificates = tuple(pem for key in role.findall(f"{{{METADATA}}}KeyDescriptor") for pem in _certificates(key))
    entity_id = entity.get("entityID", "")
    if not url.startswith(("https://", "http://")) or not certificates or not entity_id:
        raise failed("metadata_malformed")
    return IdentityProvider(entity_id, url, "redirect" if binding == "redirect" else "post", certificates)


def pem_of(certificate: str) -> str:
    """A certificate as PEM, from PEM or from the bare base64 of metadata; `ExternalRefused` for what is none."""
    from cryptography.x509 import load_der_x509_certificate

    lines = [line.strip() for line in certificate.strip().splitlines()]
    bare = "".join(line for line in lines if not line.startswith("-----"))
    try:
        der = base64.b64decode("".join(bare.split()), validate=True)
        load_der_x509_certificate(der)
    except (binascii.Error, ValueError):
        raise failed("certificate") from None
    wrapped = "\n".join(textwrap.wrap(base64.b64encode(der).decode(), 64))
    return f"-----BEGIN CERTIFICATE-----\n{wrapped}\n-----END CERTIFICATE-----\n"


def our_metadata(entity_id: str, acs: str, certificate: str) -> bytes:
    """What we are: requests that are signed if there is a certificate, and one address for answers by POST."""
    from saml2.md import AssertionConsumerService, EntityDescriptor, KeyDescriptor, SPSSODescriptor
    from saml2.xmldsig import KeyInfo, X509Certificate, X509Data

    bare = "".join(line for line in certificate.splitlines() if not line.startswith("-----"))
    info = KeyInfo(x509_data=X509Data(x509_certificate=X509Certificate(text=bare)))
    descriptor = SPSSODescriptor(
        protocol_support_enumeration=PROTOCOL,
        authn_requests_signed="true" if certificate else "false",
        want_assertions_signed="true",
        key_descriptor=[KeyDescriptor(use="signing", key_info=info)] if certificate else [],
        assertion_consumer_service=[AssertionConsumerService(binding=POST, location=acs, index="0", is_default="true")],
    )
    described = EntityDescriptor(entity_id=entity_id, spsso_descriptor=descriptor)
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + str(described).encode()


def _certificates(key: "Element") -> list[str]:
    """The certificates of a key that signs: one whose use is not said does both."""
    if key.get("use", "signing") != "signing":
        return []
    return [pem_of(found.text or "") for found in key.iter(f"{{{SIGNATURE}}}X509Certificate")]
